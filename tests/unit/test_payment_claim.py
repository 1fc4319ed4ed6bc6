"""What a run does not get is not paid by it, and the sums are those of what stays."""

from __future__ import annotations

from datetime import timedelta

from domain.money import Money
from domain.payment import Proposal
from domain.payment_claim import after_claim, without_payments
from domain.payment_proposal import propose
from tests.fixtures.payable import MONDAY, TWO_TEN_NET_30, payable, usd
from tests.fixtures.small_policy import policy

INVOICES = [
    payable("1", 10, supplier="ace"),
    payable("2", 20, supplier="ace"),
    payable("3", 100, supplier="bolt", issued_on=MONDAY, due_on=MONDAY + timedelta(days=30), terms=TWO_TEN_NET_30),
    payable("4", 40, supplier="cure", due_on=MONDAY + timedelta(days=90)),
]
PROPOSAL = propose("run-1", "north", "USD", INVOICES, [], MONDAY, policy())


def ends(proposal: Proposal) -> list[str]:
    paid = [item.case_id for payment in proposal.payments for item in payment.items]
    return sorted([*paid, *(left.case_id for left in proposal.left_out)])


def test_a_run_that_got_everything_pays_everything() -> None:
    assert after_claim(PROPOSAL, [each.case_id for each in INVOICES]) == PROPOSAL
    assert (PROPOSAL.total, PROPOSAL.discounts) == (usd(128), usd(2))


def test_one_invoice_in_flight_takes_its_whole_payment_out() -> None:
    proposal = after_claim(PROPOSAL, [INVOICES[0].case_id, INVOICES[2].case_id])
    assert [each.supplier for each in proposal.payments] == ["bolt"] and proposal.total == usd(98)
    assert {left.number: left.why for left in proposal.left_out} == {"1": "in-flight", "2": "in-flight", "4": "not-due"}
    assert ends(proposal) == ends(PROPOSAL)


def test_a_payment_that_is_taken_out_says_why() -> None:
    bolt = next(each.payment_id for each in PROPOSAL.payments if each.supplier == "bolt")
    proposal = without_payments(PROPOSAL, [bolt], "held", "the discount lapsed")
    assert (proposal.total, proposal.discounts) == (usd(30), Money.zero("USD"))
    assert [left.detail for left in proposal.left_out if left.supplier == "bolt"] == ["the discount lapsed"]
    assert ends(proposal) == ends(PROPOSAL)
