"""What a discount is worth, why one was missed, and how many were captured."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.discounts import (
    DiscountHistory,
    discount_capture,
    discount_of,
    is_worth_taking,
    last_discount_day,
    missed_discount,
    yearly_yield,
)
from domain.invoice import PaymentTerms
from domain.money import Money
from tests.fixtures.payable import TWO_TEN_NET_30, usd

ISSUED = date(2026, 11, 2)
LAST = date(2026, 11, 12)
TEN = Decimal(10)


def terms(percent: str, discount_days: int, net_days: int) -> PaymentTerms:
    return PaymentTerms(net_days=net_days, discount_percent=Decimal(percent), discount_days=discount_days)


@pytest.mark.parametrize(
    ("given_", "yields"),
    [
        (TWO_TEN_NET_30, "37.24"),
        (terms("1", 10, 30), "18.43"),
        (terms("1", 15, 60), "8.19"),
        (terms("2", 30, 30), None),
        (terms("0", 10, 30), None),
        (terms("100", 10, 30), None),
    ],
)
def test_the_yield_of_trade_credit(given_: PaymentTerms, yields: str | None) -> None:
    assert yearly_yield(given_) == (None if yields is None else Decimal(yields))


def test_a_discount_that_costs_no_time_is_always_worth_taking() -> None:
    assert is_worth_taking(terms("0.5", 30, 30), Decimal(1000))
    assert not is_worth_taking(terms("0", 30, 30), Decimal(0))


def test_a_discount_that_rounds_to_everything_is_none() -> None:
    assert discount_of(usd("0.01"), terms("60", 10, 30)) == usd(0)


@given(
    st.integers(1, 10**9).map(lambda cents: usd(Decimal(cents).scaleb(-2))),
    st.builds(PaymentTerms, discount_percent=st.decimals(0, 100, places=6), discount_days=st.integers(0, 60)),
)
def test_a_discount_is_half_up_to_the_cent_and_never_everything(amount: Money, given_: PaymentTerms) -> None:
    discount = discount_of(amount, given_)
    assert discount == discount.rounded() and usd(0) <= discount < amount
    exact = amount.amount * given_.discount_percent / 100
    assert not discount or abs(discount.amount - exact) <= Decimal("0.005")


def history(**over: Any) -> DiscountHistory:
    given_ = {
        "case_id": "i",
        "supplier": "medline",
        "amount": usd(1000),
        "terms": TWO_TEN_NET_30,
        "issued_on": ISSUED,
        "received_on": ISSUED,
        "payable_on": ISSUED + timedelta(days=3),
        "taken": usd(0),
    }
    return DiscountHistory(**{**given_, **over})


AFTER = LAST + timedelta(days=1)


@pytest.mark.parametrize(
    ("over", "on", "because"),
    [
        ({}, LAST, None),
        ({}, AFTER, "paid-late"),
        ({"paid_on": AFTER}, AFTER, "paid-late"),
        ({"taken": usd(20), "paid_on": LAST}, AFTER, None),
        ({"paid_on": LAST}, LAST, "not-taken"),
        ({"received_on": AFTER}, AFTER, "received-late"),
        ({"payable_on": AFTER}, AFTER, "cleared-late"),
        ({"payable_on": None}, AFTER, "cleared-late"),
        ({"held_until": LAST}, AFTER, "held"),
        ({"held_until": ISSUED}, AFTER, "paid-late"),
        ({"left_out": "credit-exceeds-invoices"}, AFTER, "credit-exceeds-invoices"),
        ({"terms": terms("0.1", 10, 60)}, AFTER, "not-worth-taking"),
        ({"terms": PaymentTerms()}, AFTER, None),
    ],
)
def test_why_a_discount_was_missed(over: dict[str, Any], on: date, because: str | None) -> None:
    assert last_discount_day(ISSUED, TWO_TEN_NET_30) == LAST
    assert missed_discount(history(**over), on, TEN) == because


def test_captured_of_offered_and_missed_by_cause() -> None:
    histories = [
        history(taken=usd(20), paid_on=LAST),
        history(amount=usd(500), received_on=AFTER),
        history(amount=usd(3000), paid_on=AFTER),
        history(amount=usd(100), paid_on=AFTER),
        history(amount=usd(700), issued_on=AFTER, received_on=AFTER),
        history(terms=PaymentTerms()),
    ]
    report = discount_capture(histories, "USD", AFTER, TEN)
    assert (report.offered, report.captured, report.still_open) == (usd(106), usd(20), usd(14))
    assert [(row.because, row.count, row.amount) for row in report.missed] == [
        ("paid-late", 2, usd(62)),
        ("received-late", 1, usd(10)),
    ]
    assert report.rate == Decimal("21.7")
    assert discount_capture([], "USD", AFTER, TEN).rate is None


@given(st.lists(st.tuples(st.integers(-30, 60), st.sampled_from((0, 20)), st.integers(0, 60)), max_size=12))
def test_what_was_offered_is_captured_missed_or_open(made: list[tuple[int, int, int]]) -> None:
    histories = [
        history(issued_on=ISSUED + timedelta(days=shift), taken=usd(taken), payable_on=ISSUED + timedelta(days=cleared))
        for shift, taken, cleared in made
    ]
    report = discount_capture(histories, "USD", AFTER, TEN)
    missed = Money.total((row.amount for row in report.missed), "USD")
    assert report.offered == report.captured + report.still_open + missed
