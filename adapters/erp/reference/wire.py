"""The reference ERP's own shapes: what its functions take and give, in JSON. Numbers travel as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from adapters.sql_system import Wire


class WireCost(Wire):
    cost_centre: str
    account: str | None
    percent: Decimal


class WireOrderLine(Wire):
    line: int
    item: str | None
    description: str
    quantity: Decimal
    unit: str
    pack_size: int
    unit_price: Decimal
    need_by: date
    deliver_to: str
    contract: str | None
    gtin: str
    unspsc: str
    costs: tuple[WireCost, ...]


class WireNewLine(WireOrderLine):
    currency: str
    category: str = ""


class WireNewOrder(Wire):
    external_id: str
    case_id: str
    facility: str
    supplier: str
    requester: str
    currency: str
    ordered_on: date
    lines: tuple[WireNewLine, ...]


class WireChangedLine(Wire):
    line: int
    quantity: Decimal
    unit_price: Decimal
    currency: str
    need_by: date


class WireOrderChange(Wire):
    number: str
    external_id: str
    lines: tuple[WireChangedLine, ...]


class WireCancellation(Wire):
    number: str
    reason: str


class WireClosing(Wire):
    number: str
    short: bool
    reason: str


class WireMovementLine(Wire):
    line: int
    quantity: Decimal
    rejected: Decimal = Decimal(0)
    reason: str = ""


class WireMovement(Wire):
    """A receipt or a return; `booked_on` is the UTC date."""

    number: str
    external_id: str
    booked_on: date
    booked_by: str
    delivery_note: str = ""
    lines: tuple[WireMovementLine, ...]


class WireIssueLine(Wire):
    line: int
    item: str
    quantity: Decimal
    cost_centre: str


class WireIssue(Wire):
    external_id: str
    case_id: str
    facility: str
    deliver_to: str
    lines: tuple[WireIssueLine, ...]


class WireIssueReturn(Wire):
    external_id: str
    reason: str


class WireExternalId(Wire):
    external_id: str


class WireHeldLine(WireOrderLine):
    received: Decimal


class WireOrder(Wire):
    """An order as they hold it."""

    number: str
    external_id: str
    supplier: str
    status: Literal["OPEN", "RECEIVED", "CLOSED", "CLOSED_SHORT", "CANCELLED"]
    currency: str
    total: Decimal
    lines: tuple[WireHeldLine, ...]


class WireIssued(Wire):
    number: str


class WireReturned(Wire):
    returned: bool


class WireHealth(Wire):
    over_receipt_percent: int


class WireMasterDataQuery(Wire):
    facility: str
    on: date
    cost_centres: tuple[str, ...]
    items: tuple[str, ...]
    suppliers: tuple[str, ...]
    accounts: tuple[str, ...]


class WireCostCentre(Wire):
    code: str
    name: str
    facility: str
    open: bool
    owner: str


class WireItem(Wire):
    code: str
    description: str
    category: str
    account: str
    unit: str
    unit_quantity: Decimal
    pack_size: int
    price: Decimal
    currency: str
    supplier: str
    gtin: str
    unspsc: str
    active: bool
    substitute: str | None


class WireSupplier(Wire):
    code: str
    name: str
    email: str
    currency: str
    blocked_orders: bool
    blocked_payment: bool
    lead_days: int
    gln: str
    country: str
    risk: Literal["low", "elevated", "high", "new"]


class WireTier(Wire):
    minimum: Decimal
    price: Decimal


class WireContract(Wire):
    number: str
    supplier: str
    item: str
    starts: date
    ends: date
    currency: str
    value_limit: Decimal | None
    drawn: Decimal
    tiers: tuple[WireTier, ...]


class WireStock(Wire):
    facility: str
    item: str
    available: Decimal


class WireCategoryAccount(Wire):
    category: str
    account: str


class WireMasterData(Wire):
    cost_centres: tuple[WireCostCentre, ...]
    items: tuple[WireItem, ...]
    suppliers: tuple[WireSupplier, ...]
    contracts: tuple[WireContract, ...]
    stock: tuple[WireStock, ...]
    accounts: tuple[str, ...]
    category_accounts: tuple[WireCategoryAccount, ...]
    fiscal_year: int
    period_open: bool


class WireBudgetKey(Wire):
    facility: str
    cost_centre: str
    account: str
    fiscal_year: int


class WireBudget(WireBudgetKey):
    total: Decimal
    spent: Decimal
    currency: str
