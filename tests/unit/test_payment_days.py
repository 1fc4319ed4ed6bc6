"""Days on which banks settle, compared with an independent list of federal holidays, and those of a facility."""

from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bank_accounts import is_iban, is_routing_number
from domain.bank_days import federal_holidays, is_bank_day
from domain.business_time import NoBusinessDayError
from domain.facility import BusinessCalendar
from domain.payment_days import PaymentDays

CALENDAR = BusinessCalendar(time_zone="America/New_York")
any_day = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize("year", [*range(2000, 2021), *range(2022, 2080)])
def test_federal_holidays_are_those_that_others_know(year: int) -> None:
    others = {day for day, name in holidays.country_holidays("US", years=year, observed=False).items()}
    assert federal_holidays(year) == others


@pytest.mark.parametrize(
    ("day", "settles"),
    [
        (date(2026, 7, 3), True),  # the 4th is a Saturday, and nothing is moved to Friday
        (date(2027, 7, 5), False),  # the 4th is a Sunday
        (date(2028, 1, 3), True),  # New Year's day is a Saturday
        (date(2023, 1, 2), False),  # New Year's day is a Sunday
        (date(2026, 11, 26), False),
        (date(2026, 11, 27), True),
        (date(2026, 11, 28), False),
        (date(2026, 6, 19), False),
        (date(2020, 6, 19), True),
    ],
)
def test_days_of_the_federal_reserve(day: date, settles: bool) -> None:
    assert is_bank_day(day) is settles


@given(any_day)
def test_the_next_and_the_last_open_day_are_open_and_nothing_lies_between(day: date) -> None:
    days = PaymentDays(CALENDAR, ())
    after, before = days.next_open(day), days.last_open(day)
    assert before <= day <= after and days.is_open(after) and days.is_open(before)
    between = (before + timedelta(days=count) for count in range(1, (after - before).days))
    assert not any(days.is_open(each) for each in between)


@given(any_day, st.integers(0, 30))
def test_so_many_open_days_before(day: date, count: int) -> None:
    days = PaymentDays(CALENDAR, ())
    start, end = days.before(day, count), days.last_open(day)
    opened = sum(days.is_open(start + timedelta(days=each)) for each in range((end - start).days))
    assert opened == count


def test_a_facility_that_never_opens_pays_nothing() -> None:
    never = PaymentDays(CALENDAR.model_copy(update={"weekdays": ()}), ())
    with pytest.raises(NoBusinessDayError):
        never.next_open(date(2026, 1, 1))


@pytest.mark.parametrize("number", ["021000021", "091000019", "122000247", "011000015"])
def test_a_routing_number_checks_itself(number: str) -> None:
    assert is_routing_number(number)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not is_routing_number(wrong)
    assert not is_routing_number(number[:-1]) and not is_routing_number("²" + number[1:])


@pytest.mark.parametrize(
    "number", ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "fr1420041010050500013M02606"]
)
def test_an_iban_checks_itself(number: str) -> None:
    assert is_iban(number)
    assert not is_iban(number[:-1] + ("1" if number[-1] != "1" else "2")) and not is_iban("")
