"""Tryton's rows, as the adapter reads them. Fields that end in a dot hold related records: so they are asked for, and
so they come back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    """One record. Fields that Tryton adds are none of our business; a missing one is."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    model: ClassVar[str] = ""

    id: int

    @classmethod
    def names(cls) -> list[str]:
        """The fields to ask for, those of related records included."""
        return [name for field, info in cls.model_fields.items() for name in _names(info.alias or field, info)]


def _names(key: str, info: Any) -> list[str]:
    if not key.endswith("."):
        return [key]
    related = next(each for each in _flat(info.annotation) if isinstance(each, type) and issubclass(each, Row))
    return [f"{key}{name}" for name in related.names()]


def _flat(annotation: Any) -> list[Any]:
    inner = [each for part in get_args(annotation) for each in _flat(part)]
    return [annotation, *inner]


class Symbol(Row):
    """Nothing but its id."""


class Coded(Row):
    code: str | None


class Named(Row):
    name: str


class Company(Row):
    model: ClassVar[str] = "company.company"

    currency: Coded = Field(alias="currency.")


class Location(Row):
    """A place of goods. `input_location` and `storage_location` are those of a warehouse."""

    model: ClassVar[str] = "stock.location"

    code: str | None
    input_location: int | None
    storage_location: int | None


class AnalyticAccount(Row):
    """A cost centre; its parent is the facility."""

    model: ClassVar[str] = "analytic_account.account"

    code: str | None
    name: str
    active: bool
    state: str
    root: int | None
    parent: Coded | None = Field(alias="parent.")


class Account(Row):
    model: ClassVar[str] = "account.account"

    code: str | None
    active: bool
    closed: bool | None


class Country(Row):
    code: str


class Address(Row):
    country: Country | None = Field(alias="country.")


class Contact(Row):
    type: str
    value: str | None
    name: str | None


class Identifier(Row):
    type: str | None
    code: str | None


class Party(Row):
    """A supplier."""

    model: ClassVar[str] = "party.party"

    code: str | None
    name: str | None
    supplier_currency: Coded | None = Field(alias="supplier_currency.")
    supplier_lead_time: timedelta | None
    supplier_payment_term: int | None
    supplier_location: int | None
    addresses: tuple[Address, ...] = Field(alias="addresses.")
    categories: tuple[Named, ...] = Field(alias="categories.")
    contact_mechanisms: tuple[Contact, ...] = Field(alias="contact_mechanisms.")
    identifiers: tuple[Identifier, ...] = Field(alias="identifiers.")


class SupplierPrice(Row):
    quantity: Decimal
    unit_price: Decimal


class ProductSupplier(Row):
    """Whose price of a product it is; `code` is the number of a contract, none for the catalogue's price."""

    code: str | None
    party: Coded = Field(alias="party.")
    currency: Coded = Field(alias="currency.")
    prices: tuple[SupplierPrice, ...] = Field(alias="prices.")


class UnitOfMeasure(Row):
    symbol: str


class AccountCategory(Row):
    account_expense: Coded | None = Field(alias="account_expense.")


class Template(Row):
    name: str | None
    default_uom: UnitOfMeasure = Field(alias="default_uom.")
    account_category: AccountCategory | None = Field(alias="account_category.")
    categories: tuple[Coded, ...] = Field(alias="categories.")
    product_suppliers: tuple[ProductSupplier, ...] = Field(alias="product_suppliers.")


class Product(Row):
    model: ClassVar[str] = "product.product"

    code: str | None
    active: bool
    template: Template = Field(alias="template.")
    identifiers: tuple[Identifier, ...] = Field(alias="identifiers.")


class ProductKey(Row):
    """Only what an order or an issue needs of a product."""

    model: ClassVar[str] = "product.product"

    code: str | None
    default_uom: int


class ProductCategory(Row):
    """A category of goods below the one that is named after its expense account."""

    model: ClassVar[str] = "product.category"

    code: str | None
    parent: Coded | None = Field(alias="parent.")


class FiscalYear(Row):
    model: ClassVar[str] = "account.fiscalyear"

    name: str


class Period(Row):
    model: ClassVar[str] = "account.period"

    state: str
    end_date: date
    fiscalyear: Named = Field(alias="fiscalyear.")


class BudgetOwner(Row):
    name: str
    fiscalyear: Named = Field(alias="fiscalyear.")


class BudgetLine(Row):
    """Amounts of expense accounts are negative: credit less debit."""

    model: ClassVar[str] = "account.budget.line"

    total_amount: Decimal | None
    account: Coded | None = Field(alias="account.")
    budget: BudgetOwner = Field(alias="budget.")


class BookedMove(Row):
    description: str | None


class BookedLine(Row):
    account: Coded = Field(alias="account.")
    move: BookedMove = Field(alias="move.")


class AnalyticLine(Row):
    model: ClassVar[str] = "analytic_account.line"

    debit: Decimal
    credit: Decimal
    date: date
    account: Coded = Field(alias="account.")
    move_line: BookedLine = Field(alias="move_line.")


class Move(Row):
    """A movement of goods, in `unit`."""

    model: ClassVar[str] = "stock.move"

    state: str
    quantity: Decimal
    shipment: str | None


class PurchaseLine(Row):
    """`sequence` is our line number."""

    sequence: int | None
    type: str
    product: int | None
    unit: int | None
    quantity: Decimal | None
    unit_price: Decimal | None
    description: str | None
    moves: tuple[Move, ...] = Field(alias="moves.")


class Purchase(Row):
    model: ClassVar[str] = "purchase.purchase"

    number: str | None
    state: str
    party: int
    warehouse: int | None
    lines: tuple[PurchaseLine, ...] = Field(alias="lines.")


class ShipmentMove(Row):
    product: int
    unit: int
    quantity: Decimal
    state: str


class InternalShipment(Row):
    """Goods that the store room handed out, or took back."""

    model: ClassVar[str] = "stock.shipment.internal"

    number: str | None
    state: str
    from_location: int
    to_location: int
    moves: tuple[ShipmentMove, ...] = Field(alias="moves.")


class Employee(Row):
    model: ClassVar[str] = "company.employee"

    start_date: date | None
    end_date: date | None


class Invoice(Row):
    """A bill. `amount_to_pay` is zero unless it is posted."""

    model: ClassVar[str] = "account.invoice"

    number: str | None
    state: str
    total_amount: Decimal
    amount_to_pay: Decimal | None


class LedgerLine(Row):
    """One side of a booking."""

    model: ClassVar[str] = "account.move.line"

    account: int
    debit: Decimal
    credit: Decimal
    date: date
    description: str | None
    reconciliation: int | None


class InvoiceToPay(Row):
    """A bill's lines on the payables: what is owed, and what of it was offset."""

    model: ClassVar[str] = "account.invoice"

    number: str | None
    lines_to_pay: tuple[LedgerLine, ...] = Field(alias="lines_to_pay.")
    payment_lines: tuple[LedgerLine, ...] = Field(alias="payment_lines.")


class Numbered(Row):
    number: str | None


class Payment(Row):
    """Money that left. `clearing_move` books it; `group` are all that were handed over together."""

    model: ClassVar[str] = "account.payment"

    number: str | None
    state: str
    clearing_move: int | None
    group: Numbered | None = Field(alias="group.")
