"""A payment that is released late moves on, and never keeps a discount that no longer holds."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.payment_days import PaymentDays
from domain.payment_lapse import postponed
from tests.fixtures.paid import item, payment
from tests.fixtures.payable import MONDAY
from tests.fixtures.small_policy import policy

POLICY = policy()
PLAIN = payment(1)
DISCOUNTED = payment(2, item("A", 50), item("B", 100, 2, discount_until=MONDAY + timedelta(days=1)))


def test_what_is_released_in_time_stays_as_it_is() -> None:
    assert postponed([PLAIN, DISCOUNTED], MONDAY - timedelta(days=3), POLICY) == ((PLAIN, DISCOUNTED), ())


def test_a_day_later_the_discount_still_holds_and_two_days_later_it_does_not() -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    assert [each.pay_on for each in postponed([PLAIN, DISCOUNTED], tuesday, POLICY).kept] == [tuesday, tuesday]
    later = postponed([PLAIN, DISCOUNTED], wednesday, POLICY)
    assert [each.pay_on for each in later.kept] == [wednesday] and later.lapsed == (DISCOUNTED,)


@given(st.integers(-10, 60))
def test_no_payment_is_lost_and_none_goes_out_on_a_closed_day(shift: int) -> None:
    today: date = MONDAY + timedelta(days=shift)
    kept, lapsed = postponed([PLAIN, DISCOUNTED], today, POLICY)
    assert {each.payment_id for each in (*kept, *lapsed)} == {PLAIN.payment_id, DISCOUNTED.payment_id}
    for each in kept:
        assert each.pay_on >= max(today, MONDAY) and PaymentDays.of(POLICY).is_open(each.pay_on)
        assert all(one.discount_until is None or each.pay_on <= one.discount_until for one in each.items)
