"""What a payment run proposes, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.duties import DutyDone
from domain.invoice import PayeeAccount, PaymentTerms
from domain.money import CurrencyMismatchError, Money
from domain.payment import PayableInvoice, Proposal
from domain.payment_proposal import approvers_excluded, propose
from domain.policy.model import PaymentRule
from tests.fixtures.payable import ACH, IBAN, MONDAY, TWO_TEN_NET_30, payable, usd
from tests.fixtures.small_policy import policy

RUN = "payment-run.north.20261123-USD-1"


def run(
    *invoices: PayableInvoice, on: date = MONDAY, held: Sequence[tuple[PayableInvoice, str]] = (), **over: Any
) -> Proposal:
    blocked = over.pop("blocked", ())
    rule = PaymentRule(**{"lead_days": 0, **over})
    return propose(RUN, "north", "USD", invoices, held, on, policy(payment=rule), blocked)


def why(proposal: Proposal) -> dict[str, str]:
    return {left.number: left.why for left in proposal.left_out}


def paid(proposal: Proposal) -> list[tuple[list[str], Decimal]]:
    return [([item.number for item in each.items], each.amount.amount) for each in proposal.payments]


def test_what_is_due_today_is_paid_and_the_rest_waits() -> None:
    proposal = run(payable("1"), payable("2", due_on=MONDAY + timedelta(days=1)))
    assert paid(proposal) == [(["1"], Decimal(100))]
    assert why(proposal) == {"2": "not-due"}
    assert proposal.total == usd(100) and proposal.pay_on == MONDAY


def test_money_that_is_due_on_thanksgiving_is_there_on_wednesday() -> None:
    invoice = payable("1", due_on=date(2026, 11, 26))
    assert why(run(invoice, on=date(2026, 11, 24))) == {"1": "not-due"}
    assert paid(run(invoice, on=date(2026, 11, 25))) == [(["1"], Decimal(100))]


def test_a_run_on_a_closed_day_pays_on_the_next_open_one() -> None:
    assert run(payable("1"), on=date(2026, 11, 26)).pay_on == date(2026, 11, 27)
    assert run(payable("1"), on=date(2026, 11, 28)).pay_on == date(2026, 11, 30)


def test_a_closure_of_the_facility_counts_as_much_as_one_of_the_banks() -> None:
    closed = policy(holidays=(MONDAY,), payment=PaymentRule(lead_days=0))
    friday = MONDAY - timedelta(days=3)
    proposal = propose(RUN, "north", "USD", [payable("1")], [], friday, closed)
    assert proposal.pay_on == friday and paid(proposal) == [(["1"], Decimal(100))]


def test_lead_days_are_business_days() -> None:
    invoice = payable("1", due_on=date(2026, 11, 30))  # a Monday; Thursday before it is Thanksgiving
    assert why(run(invoice, on=date(2026, 11, 24), lead_days=2)) == {"1": "not-due"}
    assert paid(run(invoice, on=date(2026, 11, 25), lead_days=2)) == [(["1"], Decimal(100))]


def test_an_urgent_invoice_does_not_wait_until_it_is_due() -> None:
    assert paid(run(payable("1", due_on=date(2027, 1, 4), urgent=True))) == [(["1"], Decimal(100))]


def test_a_discount_worth_taking_is_taken_before_the_invoice_is_due() -> None:
    invoice = payable(
        "1", "1234.56", issued_on=MONDAY - timedelta(days=10), due_on=MONDAY + timedelta(days=20), terms=TWO_TEN_NET_30
    )
    proposal = run(invoice)
    assert proposal.discounts == usd("24.69") and proposal.total == usd("1209.87")
    assert proposal.payments[0].items[0].discount_until == MONDAY
    late = run(invoice, on=MONDAY + timedelta(days=1))
    assert why(late) == {"1": "not-due"}


def test_a_discount_that_earns_too_little_is_not_taken() -> None:
    invoice = payable("1", issued_on=MONDAY, due_on=MONDAY + timedelta(days=30), terms=TWO_TEN_NET_30)
    assert paid(run(invoice, discount_yield="37.24")) == [(["1"], Decimal(98))]
    assert why(run(invoice, discount_yield="37.25")) == {"1": "not-due"}


def test_an_overdue_invoice_keeps_no_discount() -> None:
    proposal = run(payable("1", issued_on=MONDAY - timedelta(days=40), terms=TWO_TEN_NET_30))
    assert proposal.total == usd(100) and not proposal.discounts


def test_credit_notes_reduce_the_earliest_payment() -> None:
    proposal = run(payable("2", 50), payable("1", 80, due_on=MONDAY - timedelta(days=3)), payable("C", -30))
    assert paid(proposal) == [(["1", "2", "C"], Decimal(100))]
    alone = run(
        payable("2", 50), payable("1", 80, due_on=MONDAY - timedelta(days=3)), payable("C", -30), grouping="invoice"
    )
    assert paid(alone) == [(["1", "C"], Decimal(50)), (["2"], Decimal(50))]
    assert alone.grouping == "invoice"


def test_invoices_join_where_one_alone_is_smaller_than_the_credit_note() -> None:
    early = MONDAY - timedelta(days=3)
    proposal = run(
        payable("1", 20, due_on=early), payable("2", 20), payable("3", 20), payable("C", -30), grouping="invoice"
    )
    assert paid(proposal) == [(["1", "2", "C"], Decimal(10)), (["3"], Decimal(20))]


def test_a_credit_note_that_would_leave_nothing_goes_to_the_next_payment() -> None:
    early = MONDAY - timedelta(days=3)
    proposal = run(payable("1", 30, due_on=early), payable("2", 40), payable("C", -30), grouping="invoice")
    assert paid(proposal) == [(["1"], Decimal(30)), (["2", "C"], Decimal(10))]


def test_a_supplier_that_owes_us_gets_nothing() -> None:
    proposal = run(payable("1", 80), payable("C", -80), payable("9", 5, supplier="other"))
    assert why(proposal) == {"1": "credit-exceeds-invoices", "C": "credit-exceeds-invoices"}
    assert paid(proposal) == [(["9"], Decimal(5))]


def test_one_payment_goes_to_one_account() -> None:
    proposal = run(payable("1"), payable("2", account=IBAN, method="credit-transfer"), payable("3"))
    assert sorted(items for items, _ in paid(proposal)) == [["1", "3"], ["2"]]
    assert len({each.payment_id for each in proposal.payments}) == 2


def test_a_credit_note_that_no_single_payment_can_carry_waits() -> None:
    proposal = run(payable("1", 60), payable("2", 50, account=IBAN, method="credit-transfer"), payable("C", -70))
    assert why(proposal) == {"C": "credit-exceeds-invoices"} and proposal.total == usd(110)


@pytest.mark.parametrize(
    "account",
    [
        PayeeAccount(),
        IBAN,
        PayeeAccount(routing_number="021000022", account_number="1"),
        PayeeAccount(routing_number="021000021", account_number="123456789012345678"),
        PayeeAccount(routing_number="021000021", account_number="ÄÖ"),
    ],
)
def test_what_has_no_account_that_the_method_reaches_is_not_paid(account: PayeeAccount) -> None:
    assert why(run(payable("1", account=account))) == {"1": "no-account"}


def test_blocked_suppliers_and_held_invoices_are_left_out_with_the_reason() -> None:
    held = [(payable("2"), "disputed"), (payable("3", supplier="blocked"), "bank account changed")]
    proposal = run(payable("1", supplier="blocked"), payable("2"), held=held, blocked=["blocked"])
    assert why(proposal) == {"1": "blocked", "2": "held", "3": "held"}
    assert [left.detail for left in proposal.left_out] == ["", "bank account changed", "disputed"]


def test_a_run_that_is_too_large_pays_the_most_urgent_first() -> None:
    soon = payable("1", supplier="a-soon", due_on=MONDAY + timedelta(days=1))
    overdue = payable("1", supplier="c-overdue", due_on=MONDAY - timedelta(days=9))
    discount = payable(
        "1", supplier="b-discount", issued_on=MONDAY, due_on=MONDAY + timedelta(days=30), terms=TWO_TEN_NET_30
    )
    whole = run(soon, overdue, discount, lead_days=1)
    assert [each.supplier for each in whole.payments] == ["c-overdue", "b-discount", "a-soon"]
    small = run(soon, overdue, discount, lead_days=1, max_payments=1)
    assert [each.supplier for each in small.payments] == ["c-overdue"]
    assert [(left.supplier, left.why) for left in small.left_out] == [
        ("a-soon", "beyond-run-size"),
        ("b-discount", "beyond-run-size"),
    ]
    assert small.payments == whole.payments[:1]


def test_an_invoice_that_comes_twice_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="twice"):
        run(payable("1"), payable("1"))


def test_money_of_another_currency_is_not_added() -> None:
    with pytest.raises(CurrencyMismatchError):
        run(payable("1").model_copy(update={"amount": Money(amount=Decimal(1), currency="EUR")}))


def test_nothing_to_pay_is_an_empty_proposal() -> None:
    proposal = run()
    assert (proposal.payments, proposal.left_out, proposal.total) == ((), (), usd(0))


def test_terms_that_give_everything_away_offer_nothing() -> None:
    free = PaymentTerms(net_days=30, discount_percent=Decimal(100), discount_days=10)
    assert why(run(payable("1", issued_on=MONDAY, due_on=MONDAY + timedelta(days=30), terms=free))) == {"1": "not-due"}


def test_who_entered_changed_or_approved_may_not_approve_the_payment() -> None:
    def did(person: str, duty: str, case_id: str = "elsewhere") -> DutyDone:
        return DutyDone(person=person, duty=duty, case_id=case_id, at=datetime(2026, 11, 2, tzinfo=UTC))

    plain = payable("1")
    duties = (
        did("erin", "invoice-entry"),
        did("ivan", "invoice-approver"),
        did("carl", "bank-detail-changer"),
        did("otto", "approver", plain.case_id),
        did("pete", "approver", "procure-to-pay.north.REQ-1"),
        did("rita", "requester"),
    )
    invoice = plain.model_copy(update={"duties": duties})
    other = payable("2", due_on=date(2027, 5, 1), duties=(did("vera", "invoice-entry"),))
    proposal = run(invoice, other)
    assert approvers_excluded(proposal, [invoice, other]) == ("carl", "erin", "ivan", "otto")


def test_the_account_is_the_one_that_was_offered_with_the_invoice() -> None:
    assert run(payable("1")).payments[0].account == ACH
