"""Everything that an ERP must hold before the first requisition: the shape of the reference health system's data."""

from __future__ import annotations

from datetime import date

from domain.master_data import Budget, Contract, CostCentre, Item, StockLevel, Supplier
from domain.model import Value
from domain.payables import PayableSupplier
from domain.payment import DebtorAccount
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


class PostingAccounts(Value):
    """The general ledger accounts, beside the expense accounts, that bills and payments are booked on.

    `accrual` is what was received and not billed yet; `disputed` the part of a bill that is withheld.
    """

    bank: str = "100100"
    payables: str = "200100"
    disputed: str = "200200"
    accrual: str = "210100"
    discounts: str = "490100"
    variance: str = "690100"
    tax: str = "691100"


class ReferenceSystem(Value):
    """`over_receipt_percent` is the ERP's own hard limit, wider than any policy's tolerance.

    `payable_suppliers` adds to `suppliers` of the same code what accounts payable know of them; name, address, country,
    currency and risk are those of `suppliers`, and what either is blocked for counts. `shared_facility` is the
    shared-service centre, whose bank accounts pay for facilities that have none.
    """

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
    payable_suppliers: tuple[PayableSupplier, ...] = ()
    debtor_accounts: tuple[DebtorAccount, ...] = ()
    posting_accounts: PostingAccounts = PostingAccounts()
    shared_facility: str = "shared"
