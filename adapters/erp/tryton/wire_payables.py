"""Tryton's rows of suppliers as accounts payable need them, and of bank accounts."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from adapters.erp.tryton.wire import Coded, Identifier, Party, Row


class Term(Row):
    name: str


class PayableParty(Party):
    """A supplier with its terms."""

    term: Term | None = Field(alias="supplier_payment_term.")


class PartyNames(Row):
    """What a party is called; a supplier has a currency."""

    model: ClassVar[str] = "party.party"

    code: str | None
    name: str | None
    supplier_currency: int | None
    identifiers: tuple[Identifier, ...] = Field(alias="identifiers.")


class Owner(Row):
    code: str | None
    name: str | None
    identifiers: tuple[Identifier, ...] = Field(alias="identifiers.")


class Bank(Row):
    bic: str | None
    party: Owner = Field(alias="party.")


class BankNumber(Row):
    type: str
    number: str


class Who(Row):
    """A user; not everybody may read more than how Tryton calls them."""

    rec_name: str | None


class BankAccount(Row):
    model: ClassVar[str] = "bank.account"

    active: bool
    bank: Bank | None = Field(alias="bank.")
    currency: Coded | None = Field(alias="currency.")
    owners: tuple[Owner, ...] = Field(alias="owners.")
    numbers: tuple[BankNumber, ...] = Field(alias="numbers.")
    create_date: datetime | None
    write_date: datetime | None
    create_uid: Who | None = Field(alias="create_uid.")
    write_uid: Who | None = Field(alias="write_uid.")


class CategorisedTemplate(Row):
    categories: tuple[Coded, ...] = Field(alias="categories.")


class CategorisedProduct(Row):
    model: ClassVar[str] = "product.product"

    code: str | None
    template: CategorisedTemplate = Field(alias="template.")
