"""Where the money would go: accounts that are not the master's, and a master that was changed just before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.exceptions import Finding
from domain.invoice import Party, PayeeAccount
from domain.invoice_checks.accounts import same_account
from domain.invoice_control import ControlFacts, control
from domain.payables import PayableSupplier, SupplierAccount
from domain.policy.model import InvoiceRule
from tests.fixtures.invoice_copies import (
    ACCOUNT,
    FOREIGN_ACCOUNT,
    NOW,
    OTHER_ACCOUNT,
    TODAY,
    confirmation,
    facts,
    invoice,
    supplier,
)
from tests.fixtures.small_policy import policy

NUMBERS = ("000123456789", "555666777", "370400440532013000", "DE89370400440532013000")


def finding(given: ControlFacts, **rule: Any) -> Finding | None:
    found = [each for each in control(given, policy(invoice=InvoiceRule(**rule))).findings if "account" in each.code]
    assert len(found) < 2
    return found[0] if found else None


def changed(days_ago: int, by: str = "desk", account: PayeeAccount = ACCOUNT) -> PayableSupplier:
    when = TODAY - timedelta(days=days_ago)
    return supplier(accounts=(SupplierAccount(account=account, changed_on=when, changed_by=by),))


@pytest.mark.parametrize("accounts", [(), (ACCOUNT,), (PayeeAccount(name="nobody"),)])
def test_no_account_or_the_masters_says_nothing(accounts: tuple[PayeeAccount, ...]) -> None:
    assert finding(facts(invoice(accounts=accounts))) is None


@pytest.mark.parametrize(
    ("named", "same"),
    [
        (ACCOUNT, True),
        (PayeeAccount(routing_number="021000021", account_number="0001-2345-6789"), True),
        (PayeeAccount(account_number="000123456789"), True),
        (PayeeAccount(routing_number="011401533", account_number="000123456789"), False),
        (PayeeAccount(account_number="123456789"), False),
        (FOREIGN_ACCOUNT, False),
    ],
)
def test_an_account_is_the_masters_however_it_is_written(named: PayeeAccount, same: bool) -> None:
    assert same_account(named, ACCOUNT) == same


def test_an_iban_is_the_same_in_either_field() -> None:
    assert same_account(PayeeAccount(account_number="DE89 3704 0044 0532 0130 00"), FOREIGN_ACCOUNT)
    assert same_account(PayeeAccount(iban="de89370400440532013000"), FOREIGN_ACCOUNT)


def test_each_account_of_the_document_is_looked_at() -> None:
    found = finding(facts(invoice(accounts=(ACCOUNT, FOREIGN_ACCOUNT))))
    assert found is not None
    assert found.code == "bank-account-mismatch"
    assert [each["fingerprint"] for each in found.evidence["document"]] == [FOREIGN_ACCOUNT.fingerprint]
    assert found.evidence["confirm"] == [FOREIGN_ACCOUNT.fingerprint]
    assert [each["masked"] for each in found.evidence["master"]] == ["…6789"]


def test_any_account_of_the_master_may_be_named() -> None:
    both = supplier(accounts=(SupplierAccount(account=ACCOUNT), SupplierAccount(account=OTHER_ACCOUNT)))
    assert finding(facts(invoice(accounts=(OTHER_ACCOUNT,)), suppliers=(both,))) is None


def test_an_account_of_another_supplier_is_said_to_be_theirs() -> None:
    thief = supplier("S-2", name="Borealis", tax_id="", accounts=(SupplierAccount(account=OTHER_ACCOUNT),))
    found = finding(facts(invoice(accounts=(OTHER_ACCOUNT,)), suppliers=(supplier(), thief)))
    assert found is not None
    assert "It belongs to S-2." in found.message
    assert found.evidence["document"][0]["belongs_to"] == ["S-2"]


def test_no_account_number_is_shown_anywhere() -> None:
    thief = supplier("S-2", tax_id="", accounts=(SupplierAccount(account=OTHER_ACCOUNT),))
    for given in (
        facts(invoice(accounts=(OTHER_ACCOUNT, FOREIGN_ACCOUNT)), suppliers=(supplier(), thief)),
        facts(invoice(accounts=(FOREIGN_ACCOUNT,)), suppliers=(changed(1),)),
        facts(suppliers=(changed(1),), confirmations=(confirmation(),)),
    ):
        shown = control(given, policy()).model_dump_json()
        assert not [number for number in NUMBERS if number in shown]


@pytest.mark.parametrize(("days_ago", "held"), [(0, True), (29, True), (30, False), (31, False), (-5, True)])
def test_a_recent_change_of_the_master_holds_the_bill(days_ago: int, held: bool) -> None:
    found = finding(facts(suppliers=(changed(days_ago),)))
    assert (found is not None) == held
    if found is not None:
        assert found.code == "bank-account-changed"
        assert found.evidence["confirm"] == [ACCOUNT.fingerprint]
        assert found.evidence["persons_needed"] == 2


def test_the_days_of_hold_are_policy_and_none_is_none() -> None:
    assert finding(facts(suppliers=(changed(9),)), account_hold_days=10) is not None
    assert finding(facts(suppliers=(changed(10),)), account_hold_days=10) is None
    assert finding(facts(suppliers=(changed(0),)), account_hold_days=0) is None


def test_an_account_of_unknown_date_and_a_master_without_one_are_not_held() -> None:
    unknown = supplier(accounts=(SupplierAccount(account=ACCOUNT),))
    assert finding(facts(suppliers=(unknown,))) is None
    assert finding(facts(invoice(accounts=()), suppliers=(supplier(accounts=()),))) is None


def test_only_the_account_that_is_paid_to_is_held() -> None:
    old = SupplierAccount(account=ACCOUNT, changed_on=date(2020, 1, 1))
    new = SupplierAccount(account=OTHER_ACCOUNT, changed_on=TODAY)
    assert finding(facts(suppliers=(supplier(accounts=(old, new)),))) is None
    assert finding(facts(suppliers=(supplier(accounts=(new, old)),))) is not None


@pytest.mark.parametrize(
    ("given", "released"),
    [
        ({}, True),
        ({"confirmed_by": ("tess",)}, False),
        ({"confirmed_by": ("tess", "tess")}, False),
        ({"confirmed_by": ("tess", "desk")}, False),
        ({"confirmed_by": ("tess", "desk", "theo")}, True),
        ({"account_fingerprint": OTHER_ACCOUNT.fingerprint}, False),
        ({"supplier": "S-2"}, False),
        ({"at": NOW - timedelta(days=20)}, False),
        ({"case_id": "another case"}, True),
    ],
)
def test_two_persons_who_did_not_change_it_release_the_account(given: dict[str, Any], released: bool) -> None:
    result = control(facts(suppliers=(changed(5),), confirmations=(confirmation(**given),)), policy())
    assert (result.findings == ()) == released
    assert any("two persons confirmed it" in note for note in result.notes) == released


@pytest.mark.parametrize(("hour", "released"), [(4, False), (5, True)])
def test_the_day_of_a_confirmation_is_the_facilitys(hour: int, released: bool) -> None:
    """In New York the day begins at five in the morning UTC."""
    given = confirmation(at=datetime(2026, 11, 15, hour, 0, tzinfo=UTC))
    assert (finding(facts(suppliers=(changed(5),), confirmations=(given,))) is None) == released


def test_nobody_releases_a_changed_account_by_their_word() -> None:
    assert finding(facts(suppliers=(changed(5),), accepted=("bank-account-changed",))) is not None


def test_a_strange_account_that_two_persons_confirmed_passes() -> None:
    bill = invoice(accounts=(FOREIGN_ACCOUNT, OTHER_ACCOUNT))
    both = (confirmation(FOREIGN_ACCOUNT), confirmation(OTHER_ACCOUNT))
    assert finding(facts(bill, confirmations=both)) is None
    assert finding(facts(bill, confirmations=both[:1])) is not None


def test_another_payee_is_noted() -> None:
    bill = invoice(payee=Party(name="Quick Factoring"))
    (note,) = control(facts(bill), policy()).notes
    assert note == "The document asks to pay Quick Factoring instead of its seller; the account of S-1 is paid."
    assert control(facts(invoice(payee=Party(name="ACME medical, Inc. "))), policy()).notes == ()
