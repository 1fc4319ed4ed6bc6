"""Every invoice has one end, the sums agree to the cent, and the order of the input does not count."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.invoice import PayeeAccount, PaymentTerms
from domain.money import Money
from domain.payment import PayableInvoice, Payment, Proposal
from domain.payment_days import PaymentDays
from domain.payment_proposal import propose
from domain.policy.model import FrozenPolicy, PaymentRule
from tests.fixtures.payable import ACH, IBAN, MONDAY, payable
from tests.fixtures.small_policy import policy

cents = st.integers(-50_000, 100_000).filter(bool).map(lambda whole: Decimal(whole).scaleb(-2))
days = st.integers(-40, 40).map(lambda count: MONDAY + timedelta(days=count))
terms = st.builds(
    PaymentTerms,
    net_days=st.integers(0, 60),
    discount_percent=st.decimals(0, 100, places=2),
    discount_days=st.integers(0, 60),
)
routes = st.sampled_from((("ach", ACH), ("credit-transfer", IBAN), ("credit-transfer", ACH), ("ach", PayeeAccount())))


@st.composite
def invoices(draw: st.DrawFn) -> list[PayableInvoice]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        method, account = draw(routes)
        over = {"issued_on": draw(days), "due_on": draw(days), "terms": draw(terms), "method": method}
        supplier = draw(st.sampled_from(("ace", "bolt", "cure")))
        urgent = draw(st.booleans())
        made.append(payable(str(number), draw(cents), supplier=supplier, account=account, urgent=urgent, **over))
    return made


rules = st.builds(
    PaymentRule,
    lead_days=st.integers(0, 5),
    grouping=st.sampled_from(("supplier", "invoice")),
    max_payments=st.integers(1, 6),
    discount_yield=st.decimals(0, 100, places=2),
)


def proposed(given_: list[PayableInvoice], rule: PaymentRule, on: date) -> tuple[Proposal, FrozenPolicy]:
    frozen = policy(payment=rule)
    blocked, held = ["cure"], [(each, "asked") for each in given_ if each.number == "3"]
    return propose("run-1", "north", "USD", given_, held, on, frozen, blocked), frozen


@given(invoices(), rules, days)
def test_every_invoice_has_exactly_one_end(owed: list[PayableInvoice], rule: PaymentRule, on: date) -> None:
    proposal, _ = proposed(owed, rule, on)
    paid = [item.case_id for payment in proposal.payments for item in payment.items]
    ends = [*paid, *(left.case_id for left in proposal.left_out)]
    assert sorted(ends) == sorted(each.case_id for each in owed)
    assert len(proposal.payments) <= rule.max_payments


@given(invoices(), rules, days)
def test_sums_agree_to_the_cent(owed: list[PayableInvoice], rule: PaymentRule, on: date) -> None:
    proposal, _ = proposed(owed, rule, on)
    amounts = {each.case_id: each.amount for each in owed}
    for payment in proposal.payments:
        net = Money.total((item.amount - item.discount for item in payment.items), "USD")
        assert payment.amount == net == net.rounded()
        assert payment.amount.amount > 0
        assert all(amounts[item.case_id] == item.amount for item in payment.items)
    assert proposal.total == Money.total((payment.amount for payment in proposal.payments), "USD")
    kept = (item.discount for payment in proposal.payments for item in payment.items)
    assert proposal.discounts == Money.total(kept, "USD")


@given(invoices(), rules, days)
def test_no_discount_is_kept_on_a_late_payment(owed: list[PayableInvoice], rule: PaymentRule, on: date) -> None:
    proposal, frozen = proposed(owed, rule, on)
    by_case = {each.case_id: each for each in owed}
    assert PaymentDays.of(frozen).is_open(proposal.pay_on) and proposal.pay_on >= on
    for payment in proposal.payments:
        for item in payment.items:
            invoice = by_case[item.case_id]
            if item.discount:
                last = invoice.issued_on + timedelta(days=invoice.terms.discount_days)
                assert payment.pay_on <= last == item.discount_until
                assert item.kind == "invoice" and item.discount < item.amount


@given(invoices(), rules, days, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_count(
    owed: list[PayableInvoice], rule: PaymentRule, on: date, chance: object
) -> None:
    first, _ = proposed(owed, rule, on)
    shuffled = list(owed)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    assert proposed(shuffled, rule, on)[0] == first


@given(invoices(), rules, days)
def test_a_payment_goes_one_way_to_one_account(owed: list[PayableInvoice], rule: PaymentRule, on: date) -> None:
    proposal, _ = proposed(owed, rule, on)
    by_case = {each.case_id: each for each in owed}

    def invoices_of(payment: Payment) -> list[PayableInvoice]:
        return [by_case[item.case_id] for item in payment.items if item.kind == "invoice"]

    for payment in proposal.payments:
        for invoice in invoices_of(payment):
            assert (invoice.method, invoice.account) == (payment.method, payment.account)
        assert {by_case[item.case_id].supplier for item in payment.items} == {payment.supplier}
    ids = [payment.payment_id for payment in proposal.payments]
    assert len(set(ids)) == len(ids)
