"""What a rule accepts becomes a note that names the rule; everything else is asked as before."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.checks import Assessment, assess
from domain.money import Money
from domain.policy.model import AcceptanceRule
from domain.requisition import RequisitionLine
from tests.fixtures.purchases import (
    TODAY,
    item_line,
    master,
    policy,
    requester,
    requisition,
    share,
    spend,
    text_line,
    usd,
)

SMALL_REPAIRS = AcceptanceRule(
    name="small-repairs-without-agreement",
    reason="Below this amount a question costs more than a better price would save",
    code="off-contract",
    categories=("services",),
    max_amount=Decimal(400),
)


def judge(*lines: RequisitionLine, rules: tuple[AcceptanceRule, ...] = (SMALL_REPAIRS,)) -> Assessment:
    return assess(requisition(*lines), master(), policy(acceptance=rules), TODAY, requester())


def codes(assessment: Assessment) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in assessment.findings]


def test_a_small_purchase_without_an_agreement_is_noted_with_the_rule_that_accepts_it() -> None:
    result = judge(text_line())
    assert (codes(result), result.amount) == ([], usd(350))
    (note,) = result.notes
    assert note.startswith("Line 1: No agreement with S-1 covers 'Repair of an infusion pump'")
    assert "Accepted by rule small-repairs-without-agreement (off-contract): Below this amount" in note


def test_the_whole_request_counts_and_not_the_line_alone() -> None:
    assert codes(judge(text_line(1), text_line(2, unit_price=usd("50.01")))) == [
        ("off-contract", 1),
        ("off-contract", 2),
    ]
    assert codes(judge(text_line(1), text_line(2, unit_price=usd(50)))) == []


def test_only_the_lines_of_covered_categories_pass() -> None:
    result = judge(
        text_line(1, unit_price=usd(10)),
        text_line(2, category="office", unit_price=usd(10), costs=(share(account="6100"),)),
    )
    assert codes(result) == [("off-contract", 2)]


def test_a_rule_for_some_categories_does_not_cover_a_finding_about_a_mixed_request() -> None:
    split = AcceptanceRule(
        name="split", reason="for this test", code="split-suspected", categories=("services",), max_amount=Decimal(9999)
    )
    earlier = [spend(amount=4900, categories=("services",), suppliers=("S-1",), cost_centres=("N-100",))]
    only, mixed = requisition(text_line()), requisition(text_line(), item_line(2))
    for request, asked in ((only, []), (mixed, ["split-suspected"])):
        rules = policy(acceptance=(SMALL_REPAIRS.model_copy(update={"max_amount": Decimal(9999)}), split))
        found = assess(request, master(), rules, TODAY, requester(), earlier)
        assert [each.code for each in found.findings] == asked


def test_a_line_without_a_price_is_asked_about_whatever_the_rules_say() -> None:
    result = judge(text_line(1), item_line(2, "NOPE"))
    assert codes(result) == [("item-unknown", 2)]


@given(st.lists(st.integers(1, 600).map(usd), min_size=1, max_size=4), st.integers(0, 1500))
def test_no_rule_accepts_beyond_its_amount(prices: list[Money], most: int) -> None:
    lines = [text_line(number, unit_price=price) for number, price in enumerate(prices, 1)]
    result = judge(*lines, rules=(SMALL_REPAIRS.model_copy(update={"max_amount": Decimal(most)}),))
    assert bool(result.findings) is (result.amount.amount > most)
    assert len(result.findings) + len(result.notes) == len(lines)
