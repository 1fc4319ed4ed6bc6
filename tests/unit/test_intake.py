"""All that is wrong with a requisition is told at once, each fault with its field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.faults import Fault
from domain.intake import MAX_LINE_AMOUNT, faults_of
from domain.money import Money
from domain.quantity import Quantity
from domain.requisition import Requisition
from tests.fixtures.purchases import TODAY, boxes, facility, item_line, requisition, share, text_line, usd


def told(faults: Iterable[Fault]) -> set[tuple[str, str]]:
    return {(fault.pointer, fault.code) for fault in faults}


def check(request: Requisition) -> set[tuple[str, str]]:
    return told(faults_of(request, facility(), TODAY))


def test_a_sound_requisition_has_no_faults() -> None:
    request = requisition(item_line(1), text_line(2), on_behalf_of="paul", urgency="urgent")
    assert faults_of(request, facility(), TODAY) == ()


@pytest.mark.parametrize(
    ("over", "pointer", "code"),
    [
        ({"currency": "EUR"}, "/currency", "currency-mismatch"),
        ({"need_by": TODAY - timedelta(days=1)}, "/need_by", "date-in-the-past"),
        ({"need_by": date(2028, 3, 3)}, "/need_by", "date-too-far-ahead"),
        ({"on_behalf_of": "nina"}, "/on_behalf_of", "on-behalf-of-self"),
        ({"urgency": "emergency"}, "/justification", "justification-required"),
        ({"urgency": "emergency", "justification": "x" * 19}, "/justification", "justification-required"),
    ],
)
def test_the_head_of_a_requisition(over: dict[str, Any], pointer: str, code: str) -> None:
    assert (pointer, code) in check(requisition(**over))


def test_limits_themselves_pass() -> None:
    assert not check(requisition(need_by=TODAY))
    assert not check(requisition(need_by=date(2028, 3, 2)))
    assert not check(requisition(urgency="emergency", justification="x" * 20))


@pytest.mark.parametrize(
    ("line", "pointer", "code"),
    [
        (item_line(quantity=boxes(0)), "/lines/0/quantity/value", "not-positive"),
        (item_line(quantity=boxes(-3)), "/lines/0/quantity/value", "not-positive"),
        (item_line(quantity=boxes(1_000_001)), "/lines/0/quantity/value", "too-large"),
        (item_line(quantity=Quantity(value=Decimal(1), unit="ZZ")), "/lines/0/quantity/unit", "unknown-unit"),
        (text_line(unit_price=usd(0)), "/lines/0/unit_price/amount", "not-positive"),
        (text_line(unit_price=usd("-0.01")), "/lines/0/unit_price/amount", "not-positive"),
        (text_line(unit_price=usd("100000000.01")), "/lines/0/unit_price/amount", "too-large"),
        (
            text_line(unit_price=Money(amount=Decimal(5), currency="EUR")),
            "/lines/0/unit_price/currency",
            "currency-mismatch",
        ),
        (text_line(quantity=boxes(1_000_000), unit_price=usd("1000.01")), "/lines/0", "too-large"),
        (text_line(description=None), "/lines/0/description", "required"),
        (text_line(category=None), "/lines/0/category", "required"),
        (text_line(unit_price=None), "/lines/0/unit_price", "required"),
        (text_line(category="toys"), "/lines/0/category", "unknown-category"),
        (item_line(item=""), "/lines/0/item", "required"),
        (item_line(need_by=TODAY - timedelta(days=1)), "/lines/0/need_by", "date-in-the-past"),
        (item_line(costs=(share(percent=0), share("N-200"))), "/lines/0/costs/0/percent", "not-positive"),
        (item_line(costs=(share(percent=60), share("N-200", 39))), "/lines/0/costs", "shares-not-100"),
        (item_line(costs=(share(percent=60), share(percent=40))), "/lines/0/costs", "duplicate-cost-centre"),
    ],
)
def test_a_line(line: Any, pointer: str, code: str) -> None:
    assert check(requisition(line)) == {(pointer, code)}


def test_a_facility_that_nobody_knows() -> None:
    assert told(faults_of(requisition(), None, TODAY)) == {("/facility", "unknown-facility")}


def test_a_line_number_used_twice_points_to_the_second_line() -> None:
    assert check(requisition(item_line(1), item_line(2), item_line(1))) == {("/lines/2/line", "duplicate-line")}


def test_everything_is_told_at_once() -> None:
    request = requisition(
        item_line(1, quantity=boxes(0)),
        text_line(1, category=None, costs=(share(percent=-5), share("N-200", 50))),
        currency="EUR",
        need_by=TODAY - timedelta(days=9),
        urgency="emergency",
        on_behalf_of="nina",
    )
    assert check(request) == {
        ("/currency", "currency-mismatch"),
        ("/need_by", "date-in-the-past"),
        ("/on_behalf_of", "on-behalf-of-self"),
        ("/justification", "justification-required"),
        ("/lines/1/line", "duplicate-line"),
        ("/lines/0/quantity/value", "not-positive"),
        ("/lines/1/category", "required"),
        ("/lines/1/unit_price/currency", "currency-mismatch"),
        ("/lines/1/costs", "shares-not-100"),
        ("/lines/1/costs/0/percent", "not-positive"),
    }


def test_two_years_after_the_29th_of_february_end_on_the_28th() -> None:
    leap = date(2028, 2, 29)
    assert not faults_of(requisition(need_by=date(2030, 2, 28)), facility(), leap)
    assert told(faults_of(requisition(need_by=date(2030, 3, 1)), facility(), leap)) == {
        ("/need_by", "date-too-far-ahead")
    }


numbers = st.decimals(min_value="-999999999999", max_value="999999999999", places=6)


@given(quantity=numbers, price=numbers, percents=st.lists(numbers, min_size=1, max_size=5), need_by=st.dates())
def test_what_passes_can_be_added_up(quantity: Decimal, price: Decimal, percents: list[Decimal], need_by: date) -> None:
    """Whatever numbers come in, there is an answer; what is taken in has a positive amount within its bounds."""
    costs = tuple(share(f"N-{index}", str(percent)) for index, percent in enumerate(percents))
    line = text_line(quantity=boxes(quantity), unit_price=usd(price), costs=costs)
    faults = faults_of(requisition(line, need_by=need_by), facility(), TODAY)
    assert all(fault.message and fault.pointer.startswith("/") for fault in faults)
    if not faults:
        assert line.unit_price is not None
        assert 0 <= line.unit_price.times(quantity).amount <= MAX_LINE_AMOUNT
        assert sum(percents) == 100


@given(st.dates())
def test_a_day_is_accepted_exactly_between_today_and_two_years_later(today: date) -> None:
    assert told(faults_of(requisition(need_by=today), facility(), today)) == set()
    if today > date.min:
        earlier = requisition(need_by=today - timedelta(days=1))
        assert told(faults_of(earlier, facility(), today)) == {("/need_by", "date-in-the-past")}
