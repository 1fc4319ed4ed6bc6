"""What the system of record knows and Corridor only reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from domain.model import Value
from domain.money import Money
from domain.quantity import Quantity

SupplierRisk = Literal["low", "elevated", "high", "new"]


class CostCentre(Value):
    code: str
    name: str
    facility: str
    open: bool = True
    owner: str = ""


class Item(Value):
    """A catalogue item. `gtin` is a GS1 number, `unspsc` an eight-digit commodity code, `price` is per `unit`."""

    code: str
    description: str
    category: str
    account: str
    unit: Quantity
    price: Money
    supplier: str
    gtin: str = ""
    unspsc: str = ""
    active: bool = True
    substitute: str | None = None


class Supplier(Value):
    """`blocked_for` names what the ERP refuses: 'orders', 'payment', or both. `risk` is the supplier desk's grading."""

    code: str
    name: str
    email: str
    currency: str
    blocked_for: tuple[Literal["orders", "payment"], ...] = ()
    lead_days: int = 5
    gln: str = ""
    country: str = "US"
    risk: SupplierRisk = "low"


class PriceTier(Value):
    """The unit price from `minimum` units of the line's unit on."""

    minimum: Decimal
    price: Money


class Contract(Value):
    """A price agreement for one item with one supplier, until `ends` (inclusive) or until `limit` is drawn."""

    number: str
    supplier: str
    item: str
    tiers: tuple[PriceTier, ...]
    starts: date
    ends: date
    limit: Money | None = None
    drawn: Money | None = None


class StockLevel(Value):
    """What a facility's store room can issue, in the item's own unit."""

    facility: str
    item: str
    available: Decimal


class BudgetKey(Value):
    """A budget line: one cost centre, one expense account, one fiscal year."""

    facility: str
    cost_centre: str
    account: str
    fiscal_year: int

    def __str__(self) -> str:
        return f"{self.facility}/{self.cost_centre}/{self.account}/{self.fiscal_year}"


class Budget(Value):
    """The ERP's amount for a budget line, and what its books already show as spent outside Corridor."""

    key: BudgetKey
    total: Money
    spent: Money


class MasterData(Value):
    """One read of all that the checks of a requisition need; missing codes are simply absent."""

    cost_centres: tuple[CostCentre, ...] = ()
    items: tuple[Item, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    contracts: tuple[Contract, ...] = ()
    stock: tuple[StockLevel, ...] = ()
    accounts: tuple[str, ...] = ()
    category_accounts: tuple[tuple[str, str], ...] = ()
    """Default expense account of each category of free-text lines."""
    fiscal_year: int = 0
    period_open: bool = True
