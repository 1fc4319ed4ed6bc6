"""The controls of an invoice as a whole: their order, what waits for what, and what may be let pass."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.capture import DocumentFinding, FieldReading
from domain.exceptions import CATALOGUE
from domain.invoice import Party
from domain.invoice_checks.log import may_pass
from domain.invoice_control import CONTROL_ORDER, ControlFacts, ControlResult, control
from domain.payables import SupplierAccount
from domain.policy.model import AcceptanceRule, InvoiceRule
from tests.fixtures.invoice_copies import (
    ACCOUNT,
    FOREIGN_ACCOUNT,
    TODAY,
    copy_of,
    document,
    facts,
    invoice,
    line,
    money,
    registered_invoice,
    supplier,
    tax_row,
    totals,
)
from tests.fixtures.small_policy import policy

FATAL = DocumentFinding(rule="BR-CO-10", place="/Invoice/LegalMonetaryTotal", message="The sum of the lines differs")


def codes(result: ControlResult) -> list[str]:
    return [finding.code for finding in result.findings]


def everything_wrong(**over: Any) -> ControlFacts:
    """All that can be wrong at once, except what keeps others from being looked at."""
    bad = invoice(
        number="---",
        issued_on=date(2026, 12, 20),
        seller=Party(name="Acme Medical", tax_id="12-34", gln="0012345000010"),
        lines=(line(1, 1, "100", description="", tax_category="S", tax_rate=Decimal(5)), line(2, 1, "100")),
        taxes=(
            tax_row("50", "2.50", "3", "S"),
            tax_row("50", "9", "8", "S"),
            tax_row("50", "1", "8", "S"),
            tax_row("50", "4", "8", "X"),
        ),
        totals=totals("199", "16"),
        accounts=(FOREIGN_ACCOUNT,),
    )
    known = supplier(
        tax_id="",
        gln="0012345000010",
        currency="EUR",
        blocked_for=("posting",),
        excluded=True,
        accounts=(SupplierAccount(account=ACCOUNT, changed_on=date(2026, 11, 19)),),
    )
    given = {
        "copy_": copy_of(bad, findings=(FATAL,)),
        "document": document(sender="mallory@evil.example"),
        "suppliers": (known,),
        "similar": (registered_invoice(number="---"),),
    }
    return facts(**{**given, **over})


POLICY = policy(invoice=InvoiceRule(tax_rates=(Decimal(0), Decimal(8))))


def test_a_plain_invoice_passes_with_nothing_to_say() -> None:
    assert control(facts(), policy()) == ControlResult(supplier="S-1")


def test_findings_come_in_the_order_in_which_they_are_solved() -> None:
    found = codes(control(everything_wrong(), POLICY))
    waiting = {"supplier-unknown", "capture-uncertain"}
    assert found == [code for code in CONTROL_ORDER if code not in waiting]


def test_every_code_is_in_the_catalogue_with_an_owner() -> None:
    assert all(CATALOGUE[code].owner for code in CONTROL_ORDER)


def test_without_a_supplier_nothing_is_said_of_sender_duplicates_or_account() -> None:
    found = codes(control(everything_wrong(suppliers=()), POLICY))
    assert found[:2] == ["supplier-unknown", "document-invalid"]
    assert not set(found) & {"sender-unverified", "duplicate-suspected", "bank-account-mismatch"}


def test_what_was_read_without_certainty_is_keyed_before_anybody_looks_at_it() -> None:
    unsure = (FieldReading(pointer="/totals/payable", text="125", confidence=Decimal("0.5")),)
    given = everything_wrong()
    found = codes(
        control(given.model_copy(update={"copy_": given.copy_.model_copy(update={"fields": unsure})}), POLICY)
    )
    assert found == [
        "sender-unverified",
        "supplier-blocked",
        "supplier-excluded",
        "document-invalid",
        "capture-uncertain",
        "duplicate-suspected",
    ]


def test_what_people_accepted_passes_with_a_note_and_what_they_may_not_accept_stays() -> None:
    result = control(everything_wrong(accepted=CONTROL_ORDER), POLICY)
    assert codes(result) == [
        "supplier-blocked",
        "supplier-excluded",
        "missing-required",
        "currency-mismatch",
        "not-balanced",
        "bank-account-changed",
    ]
    passed = {code for code in CONTROL_ORDER if any(f"Let pass by a person ({code})" in note for note in result.notes)}
    assert passed == {code for code in CONTROL_ORDER if may_pass(code)} - {"capture-uncertain"}


def test_an_accepted_code_that_nobody_knows_changes_nothing() -> None:
    assert control(facts(accepted=("no-such-code",)), policy()).notes == ()


@pytest.mark.parametrize(("limit", "passes"), [("125.00", True), ("124.99", False)])
def test_a_rule_lets_small_ones_pass_up_to_its_limit(limit: str, passes: bool) -> None:
    rule = AcceptanceRule(name="old-bills", reason="small", code="date-implausible", max_amount=Decimal(limit))
    result = control(facts(invoice(issued_on=date(2024, 1, 1), due_on=None)), policy(acceptance=(rule,)))
    assert codes(result) == ([] if passes else ["date-implausible"])
    assert any("Accepted by rule old-bills" in note for note in result.notes) == passes


def test_no_rule_judges_by_an_amount_that_is_uncertain_itself() -> None:
    rules = tuple(
        AcceptanceRule(name=code, reason="small", code=code, max_amount=Decimal(10**9))
        for code in ("capture-uncertain", "date-implausible")
    )
    unsure = (FieldReading(pointer="/totals/payable", text="1", confidence=Decimal("0.1")),)
    result = control(facts(copy_=copy_of(fields=unsure)), policy(acceptance=rules))
    assert codes(result) == ["capture-uncertain"]
    unbalanced = invoice(totals=totals("1"), issued_on=date(2020, 1, 1))
    assert codes(control(facts(unbalanced), policy(acceptance=rules))) == ["not-balanced", "date-implausible"]


def test_no_rule_judges_an_amount_in_another_currency() -> None:
    rule = AcceptanceRule(name="any", reason="small", code="date-implausible", max_amount=Decimal(10**9))
    foreign = invoice(currency="EUR", lines=(line(currency="EUR"),), issued_on=date(2020, 1, 1))
    assert codes(control(facts(foreign), policy(acceptance=(rule,)))) == ["currency-mismatch", "date-implausible"]


def test_ten_thousand_lines_are_controlled_in_less_than_a_second() -> None:
    lines = tuple(line(number, 3, "1.10", tax_category="S", tax_rate=Decimal(8)) for number in range(1, 10_001))
    taxed = tax_row("33000", "2640", "8", "S")
    given = facts(invoice(lines=lines, taxes=(taxed,), totals=totals("33000", "2640")))
    started = time.process_time()
    result = control(given, POLICY)
    assert time.process_time() - started < 1
    assert codes(result) == []


def test_evidence_stays_small_whatever_is_wrong() -> None:
    lines = tuple(line(number, 1, "1", description="", amount=money(9)) for number in range(1, 3001))
    findings = tuple(FATAL.model_copy(update={"message": "x" * 5000}) for _ in range(3000))
    unsure = tuple(FieldReading(pointer=f"/lines/{at}", text="x", confidence=Decimal(0)) for at in range(3000))
    for fields in ((), unsure):
        given = copy_of(invoice(lines=lines, totals=totals(1)), findings=findings, fields=fields)
        result = control(facts(copy_=given), policy())
        assert result.findings
        assert all(len(finding.model_dump_json()) < 20_000 for finding in result.findings)


def test_today_is_given_and_not_read() -> None:
    late = facts(today=date(2030, 1, 1))
    assert codes(control(late, policy())) == ["date-implausible"]
    assert codes(control(late.model_copy(update={"today": TODAY}), policy())) == []
