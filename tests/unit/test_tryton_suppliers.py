"""Suppliers and bank accounts in Tryton's rows, without a Tryton."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.erp.tryton import mapping_payables as payables
from adapters.erp.tryton.wire_payables import BankAccount, PartyNames
from domain.invoice import PaymentTerms
from domain.payables import SupplierQuery
from tests.fixtures.payables_contract import MEDIX_ACCOUNT, payables_system


def account(**over: Any) -> BankAccount:
    row = {
        "id": 1,
        "active": True,
        "bank.": {"id": 1, "bic": None, "party.": {"id": 9, "code": "ABA-999999992", "name": "A", "identifiers.": []}},
        "currency.": {"id": 1, "code": "USD"},
        "owners.": [{"id": 3, "code": "MEDIX", "name": "Medix", "identifiers.": []}],
        "numbers.": [{"id": 1, "type": "other", "number": "70010001"}],
        "create_date": datetime(2026, 3, 1, 12, 0),  # noqa: DTZ001 - Tryton sends none
        "write_date": None,
        "create_uid.": {"id": 4, "rec_name": "Ada"},
        "write_uid.": None,
    }
    return BankAccount.model_validate({**row, **over})


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("30", PaymentTerms()),
        ("net 45", PaymentTerms(net_days=45)),
        ("60 days", PaymentTerms(net_days=60)),
        ("2/10 net 30", PaymentTerms(net_days=30, discount_percent=Decimal(2), discount_days=10)),
        ("1.5/7 net 21", PaymentTerms(net_days=21, discount_percent=Decimal("1.5"), discount_days=7)),
        ("at the end of the month", PaymentTerms()),
        ("", PaymentTerms()),
    ],
)
def test_terms_are_read_as_buyers_write_them(name: str, terms: PaymentTerms) -> None:
    assert payables.terms(name) == terms


def test_an_account_is_its_banks_routing_number_and_its_own() -> None:
    assert payables.payee_account(account(), "Medix") == MEDIX_ACCOUNT


def test_an_iban_is_written_without_spaces() -> None:
    row = account(**{"numbers.": [{"id": 1, "type": "iban", "number": "GB84 CORR 0000 0070 0200 02"}]})
    assert payables.payee_account(row, "").iban == "GB84CORR00000070020002"


def test_an_account_that_the_supplement_knows_was_changed_when_it_says() -> None:
    found = payables.supplier_account(account(), "MEDIX", "Medix", payables_system())
    assert (found.changed_on, found.changed_by) == (date(2025, 1, 2), "ada")


def test_any_other_account_was_changed_when_tryton_says() -> None:
    row = account(**{"numbers.": [{"id": 1, "type": "other", "number": "666"}]})
    found = payables.supplier_account(row, "MEDIX", "Medix", payables_system())
    assert (found.changed_on, found.changed_by) == (date(2026, 3, 1), "Ada")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (SupplierQuery(codes=("MEDIX",)), True),
        (SupplierQuery(tax_ids=("12 3456789",)), True),
        (SupplierQuery(glns=("0614141000012",)), True),
        (SupplierQuery(tax_ids=("",), glns=("",)), False),
        (SupplierQuery(name="Medix"), False),
    ],
)
def test_a_supplier_is_named_for_certain(query: SupplierQuery, named: bool) -> None:
    row = {
        **{"id": 3, "code": "MEDIX", "name": "Medix", "supplier_currency": 1},
        "identifiers.": [
            {"id": 1, "type": "us_ein", "code": "12-3456789"},
            {"id": 2, "type": None, "code": "GLN:0614141000012"},
        ],
    }
    assert payables.is_named(query, PartyNames.model_validate(row)) is named
