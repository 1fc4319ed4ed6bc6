"""Deliveries and returns against the order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.faults import InvalidRequestError
from domain.policy.model import Tolerances
from domain.receiving import after_return, complete, judge_receipt, outstanding
from domain.tolerance import LineTolerances
from tests.fixtures.purchases import goods_return, order, order_line, receipt

RULES = LineTolerances(general=Tolerances(over_receipt_percent=Decimal(5), short_receipt_percent=Decimal(2)))
ORDER = order(order_line(1, 100), order_line(2, 10))


def have(*counts: int) -> dict[int, Decimal]:
    return {line: Decimal(count) for line, count in enumerate(counts, 1)}


def test_a_partial_delivery() -> None:
    verdict = judge_receipt(ORDER, {}, receipt((1, 60, 0)), RULES)
    assert (verdict.over, verdict.unknown, verdict.rejected) == ((), (), ())
    assert verdict.received == have(60)
    assert outstanding(ORDER, verdict.received, RULES) == have(40, 10)


@pytest.mark.parametrize(("accepted", "over"), [("105", ()), ("105.01", (1,))])
def test_over_receipt_within_and_beyond_tolerance(accepted: str, over: tuple[int, ...]) -> None:
    assert judge_receipt(ORDER, {}, receipt((1, accepted, 0)), RULES).over == over


def test_each_line_has_its_own_tolerances() -> None:
    strict = Tolerances(over_receipt_percent=Decimal(0), short_receipt_percent=Decimal(0))
    by_line = LineTolerances(general=RULES.general, lines={2: strict})
    assert judge_receipt(ORDER, {}, receipt((1, 105, 0), (2, "10.5", 0)), by_line).over == (2,)
    assert outstanding(ORDER, {1: Decimal(98), 2: Decimal("9.9")}, by_line) == {2: Decimal("0.1")}


def test_over_receipt_counts_what_came_before_and_several_packages() -> None:
    verdict = judge_receipt(ORDER, have(60), receipt((1, 30, 0), (1, 16, 0)), RULES)
    assert verdict.over == (1,)
    assert verdict.received == have(106)


def test_a_line_that_is_over_already_is_not_over_again_by_a_rejection() -> None:
    verdict = judge_receipt(ORDER, have(200), receipt((1, 0, 5)), RULES)
    assert (verdict.over, verdict.rejected) == ((), (1,))
    assert verdict.received == have(200)


def test_lines_that_are_not_on_the_order_are_not_booked() -> None:
    verdict = judge_receipt(ORDER, {}, receipt((9, 5, 2), (2, 1, 0)), RULES)
    assert (verdict.unknown, verdict.over, verdict.rejected) == ((9,), (), ())
    assert verdict.received == {2: Decimal(1)}


def test_a_cancelled_line_takes_nothing() -> None:
    assert judge_receipt(order(order_line(1, 0)), {}, receipt((1, 1, 0)), RULES).over == (1,)


@pytest.mark.parametrize(
    ("counts", "done"), [((98, 10), True), ((97, 10), False), ((100, 9), False), ((150, 10), True)]
)
def test_short_within_tolerance_is_complete(counts: tuple[int, int], done: bool) -> None:
    assert complete(ORDER, have(*counts), RULES) is done


def test_nothing_is_never_complete_whatever_the_tolerance() -> None:
    lavish = LineTolerances(general=Tolerances(short_receipt_percent=Decimal(1000)))
    assert outstanding(ORDER, {}, lavish) == have(100, 10)
    assert complete(ORDER, have(1, 1), lavish)


def test_cancelled_lines_are_not_waited_for() -> None:
    assert complete(order(order_line(1, 0), order_line(2, 5)), {2: Decimal(5)}, RULES)


def test_returned_goods_are_open_again() -> None:
    left = after_return(ORDER, have(100, 10), goods_return((1, 30), (2, 10), (1, 20)))
    assert left == have(50, 0)
    assert outstanding(ORDER, left, RULES) == have(50, 10)


def test_more_than_was_received_cannot_go_back() -> None:
    before = have(20, 10)
    with pytest.raises(InvalidRequestError) as refused:
        after_return(ORDER, before, goods_return((1, 15), (9, 1), (1, 6), (2, 11)))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/lines/1/line", "unknown-line"),
        ("/lines/2/quantity", "more-than-received"),
        ("/lines/3/quantity", "more-than-received"),
    ]
    assert before == have(20, 10)


counts = st.integers(0, 200).map(lambda count: Decimal(count) / 4)
deliveries = st.lists(st.tuples(st.integers(1, 3), counts, counts), min_size=1, max_size=4)
rules = st.builds(
    Tolerances,
    over_receipt_percent=st.integers(0, 50).map(Decimal),
    short_receipt_percent=st.integers(0, 100).map(Decimal),
).map(lambda tolerances: LineTolerances(general=tolerances))


@given(st.lists(deliveries, min_size=1, max_size=4), rules)
def test_however_it_is_delivered_the_same_is_received(
    days: list[list[tuple[int, Decimal, Decimal]]], tolerances: LineTolerances
) -> None:
    received: dict[int, Decimal] = {}
    for day in days:
        received = judge_receipt(ORDER, received, receipt(*day), tolerances).received
    at_once = judge_receipt(ORDER, {}, receipt(*(line for day in days for line in day)), tolerances)
    assert at_once.received == received
    assert complete(ORDER, received, tolerances) == (not outstanding(ORDER, received, tolerances))
    for line in at_once.over:
        assert received[line] > ORDER.lines[line - 1].quantity.value
        assert line not in outstanding(ORDER, received, tolerances)


@given(counts, counts, rules)
def test_a_receipt_and_its_return_cancel_out(first: Decimal, second: Decimal, tolerances: LineTolerances) -> None:
    before = {1: first}
    after = judge_receipt(ORDER, before, receipt((1, second, 0)), tolerances).received
    assert before == {1: first}
    if second > 0:
        assert after_return(ORDER, after, goods_return((1, second))) == before


@given(counts, counts, rules)
def test_more_goods_never_open_a_line_again(some: Decimal, more: Decimal, tolerances: LineTolerances) -> None:
    if complete(ORDER, {1: some, 2: Decimal(10)}, tolerances):
        assert complete(ORDER, {1: some + more, 2: Decimal(10)}, tolerances)
