"""The reference ERP's shapes of bills, payments and what they refer to. Numbers travel as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from adapters.erp.reference.wire import WireCost, WireHeldLine, WireOrder
from adapters.sql_system import Wire


class WireSupplierQuery(Wire):
    codes: tuple[str, ...]
    tax_ids: tuple[str, ...]
    glns: tuple[str, ...]
    account_fingerprints: tuple[str, ...]
    name: str


class WireBankAccount(Wire):
    iban: str
    bic: str
    routing_number: str
    account_number: str


class WireSupplierAccount(WireBankAccount):
    name: str
    changed_on: date | None
    changed_by: str


class WirePayableSupplier(Wire):
    code: str
    name: str
    tax_id: str
    gln: str
    country: str
    currency: str
    email: str
    remittance_email: str
    senders: tuple[str, ...]
    blocked_orders: bool
    blocked_posting: bool
    blocked_payment: bool
    excluded: bool
    risk: Literal["low", "elevated", "high", "new"]
    net_days: int
    discount_percent: Decimal
    discount_days: int
    method: Literal["ach", "credit-transfer"]
    accounts: tuple[WireSupplierAccount, ...]


class WireDebtorQuery(Wire):
    facility: str


class WireDebtorAccount(WireBankAccount):
    facility: str
    currency: str
    name: str
    holder: str
    bank_name: str
    company_id: str


class WireOrderNumbers(Wire):
    numbers: tuple[str, ...]


class WireOpenOrders(Wire):
    supplier: str
    facility: str
    most: int


class WirePositionLine(WireHeldLine):
    category: str
    billed: Decimal
    billed_amount: Decimal


class WirePosition(WireOrder):
    case_id: str
    facility: str
    requester: str
    lines: tuple[WirePositionLine, ...]


class WirePostingLine(Wire):
    line: int
    order_number: str
    order_line: int | None
    quantity: Decimal
    amount: Decimal
    accrual: Decimal
    variance: Decimal
    costs: tuple[WireCost, ...]


class WirePosting(Wire):
    """`currencies` are those of all amounts in it: the ERP refuses more than one."""

    external_id: str
    case_id: str
    facility: str
    supplier: str
    number: str
    kind: str
    currency: str
    currencies: tuple[str, ...]
    issued_on: date
    posted_on: date
    due_on: date
    tax: Decimal
    amount: Decimal
    withheld: Decimal
    document_sha256: str
    credited: tuple[str, ...]
    lines: tuple[WirePostingLine, ...]


class WireVoucher(Wire):
    number: str
    external_id: str
    supplier: str
    supplier_number: str
    currency: str
    amount: Decimal
    open: Decimal
    status: Literal["posted", "paid", "reversed"]


class WireReversal(Wire):
    external_id: str
    reason: str
    on: date


class WirePaidItem(Wire):
    external_id: str
    amount: Decimal
    discount: Decimal


class WirePayment(Wire):
    external_id: str
    case_id: str
    facility: str
    supplier: str
    currency: str
    currencies: tuple[str, ...]
    paid_on: date
    amount: Decimal
    reference: str
    items: tuple[WirePaidItem, ...]


class WireBooked(Wire):
    number: str


class WireReversed(Wire):
    reversed: bool
