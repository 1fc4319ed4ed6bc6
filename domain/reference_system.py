"""Everything that an ERP must hold before the first requisition: the shape of the reference health system's data."""

from __future__ import annotations

from datetime import date

from domain.master_data import Budget, Contract, CostCentre, Item, StockLevel, Supplier
from domain.model import Value
from domain.people import Person


class Account(Value):
    """An expense account of the chart of accounts, and the categories of goods that are booked to it by default."""

    code: str
    name: str
    open: bool = True
    categories: tuple[str, ...] = ()


class ClosedPeriod(Value):
    """Days (both inclusive) on which a facility's books take no new order or receipt."""

    facility: str
    starts: date
    ends: date


class ReferenceSystem(Value):
    """`over_receipt_percent` is the ERP's own hard limit, wider than any policy's tolerance."""

    accounts: tuple[Account, ...] = ()
    cost_centres: tuple[CostCentre, ...] = ()
    items: tuple[Item, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    contracts: tuple[Contract, ...] = ()
    stock: tuple[StockLevel, ...] = ()
    budgets: tuple[Budget, ...] = ()
    people: tuple[Person, ...] = ()
    closed_periods: tuple[ClosedPeriod, ...] = ()
    over_receipt_percent: int = 10
