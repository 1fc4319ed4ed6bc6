"""A supplier's answer against the order."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.acknowledging import agreed_lines, differences, promised_by
from domain.money import Money
from domain.policy.model import Tolerances
from domain.purchase import AcknowledgedLine
from domain.tolerance import LineTolerances
from tests.fixtures.purchases import NEED_BY, answer, boxes, order, order_line, usd

RULES = LineTolerances(general=Tolerances(delivery_days=2))
LATER = NEED_BY + timedelta(days=9)


def said(line: int = 1, **over: Any) -> AcknowledgedLine:
    return AcknowledgedLine(line=line, **over)


def alike(tolerances: Tolerances) -> LineTolerances:
    """The same tolerances for every line."""
    return LineTolerances(general=tolerances)


def test_an_empty_answer_accepts_everything() -> None:
    assert differences(order(), answer(), RULES) == ()
    assert agreed_lines(order(), answer()) == order().lines
    assert promised_by(order(), answer()) == promised_by(order(), None) == NEED_BY


def test_repeating_the_order_is_no_difference() -> None:
    same = said(unit_price=usd("8.0000"), quantity=Decimal("100.0"), delivery_date=NEED_BY)
    assert differences(order(), answer(same), RULES) == ()


@pytest.mark.parametrize(
    ("line", "what", "answered", "tolerated"),
    [
        (said(unit_price=usd("8.16")), "price", "8.16 USD", True),
        (said(unit_price=usd("8.17")), "price", "8.17 USD", False),
        (said(unit_price=usd("7.84")), "price", "7.84 USD", True),
        (said(unit_price=usd("7.83")), "price", "7.83 USD", False),
        (said(unit_price=Money(amount=Decimal(8), currency="EUR")), "price", "8 EUR", False),
        (said(unit_price=usd(-8)), "price", "-8 USD", False),
        (said(quantity=Decimal(105)), "quantity", "105 BX of 100", True),
        (said(quantity=Decimal(106)), "quantity", "106 BX of 100", False),
        (said(quantity=Decimal(98)), "quantity", "98 BX of 100", True),
        (said(quantity=Decimal(97)), "quantity", "97 BX of 100", False),
        (said(delivery_date=NEED_BY - timedelta(days=5)), "date", "2026-03-15", True),
        (said(delivery_date=NEED_BY + timedelta(days=2)), "date", "2026-03-22", True),
        (said(delivery_date=NEED_BY + timedelta(days=3)), "date", "2026-03-23", False),
        (said(status="backordered"), "backordered", "no date", False),
        (said(status="backordered", delivery_date=LATER), "backordered", "2026-03-29", False),
        (said(status="backordered", delivery_date=NEED_BY), "backordered", "2026-03-20", True),
        (said(status="rejected"), "rejected", "nothing", False),
        (said(quantity=Decimal(0)), "rejected", "nothing", False),
        (said(7), "unknown", "accepted", False),
    ],
)
def test_what_differs(line: AcknowledgedLine, what: str, answered: str, tolerated: bool) -> None:
    (difference,) = differences(order(), answer(line), RULES)
    assert (difference.what, difference.answered, difference.tolerated) == (what, answered, tolerated)
    assert difference.line == line.line


def test_an_answer_may_differ_in_several_points() -> None:
    worse = said(status="changed", unit_price=usd(9), quantity=Decimal(50), delivery_date=LATER)
    assert [each.what for each in differences(order(), answer(worse), RULES)] == ["price", "quantity", "date"]


def test_the_order_as_the_supplier_would_have_it() -> None:
    placed = order(order_line(1), order_line(2), order_line(3), order_line(4))
    reply = answer(
        said(1, status="changed", unit_price=usd(9), quantity=Decimal(50), delivery_date=LATER),
        said(2, status="rejected"),
        said(3, unit_price=Money(amount=Decimal(1), currency="EUR")),
    )
    first, second, third, fourth = agreed_lines(placed, reply)
    assert (first.unit_price, first.quantity, first.need_by) == (usd(9), boxes(50), LATER)
    assert second.quantity == boxes(0)
    assert (third, fourth) == (placed.lines[2], placed.lines[3])


def test_the_promise_is_the_latest_of_what_is_still_coming() -> None:
    placed = order(order_line(1), order_line(2, need_by=date(2026, 5, 1)))
    assert promised_by(placed, None) == date(2026, 5, 1)
    assert promised_by(placed, answer(said(2, status="rejected"))) == NEED_BY
    assert promised_by(placed, answer(said(1, delivery_date=date(2026, 6, 1)))) == date(2026, 6, 1)
    assert promised_by(order(order_line(1, 0)), None) == NEED_BY


def test_each_line_is_compared_by_its_own_tolerances() -> None:
    strict = Tolerances(price_percent=Decimal(0))
    reply = answer(said(1, unit_price=usd("8.10")), said(2, unit_price=usd("8.10")))
    found = differences(
        order(order_line(1), order_line(2)), reply, LineTolerances(general=RULES.general, lines={2: strict})
    )
    assert [(each.line, each.tolerated) for each in found] == [(1, True), (2, False)]


answers = st.builds(
    said,
    line=st.integers(1, 4),
    status=st.sampled_from(("accepted", "changed", "backordered", "rejected")),
    quantity=st.none() | st.integers(-5, 200).map(Decimal),
    unit_price=st.none() | st.integers(-100, 2000).map(lambda price: usd(Decimal(price).scaleb(-2))),
    delivery_date=st.none() | st.dates(),
)
rules = st.builds(
    Tolerances,
    over_receipt_percent=st.integers(0, 1000).map(Decimal),
    short_receipt_percent=st.integers(0, 1000).map(Decimal),
    price_percent=st.integers(0, 1000).map(Decimal),
    delivery_days=st.integers(0, 90),
)


@given(st.lists(answers, max_size=4, unique_by=lambda each: each.line), rules)
def test_taking_an_answer_over_leaves_nothing_to_ask(lines: list[AcknowledgedLine], tolerances: Tolerances) -> None:
    """The agreed order differs from the answer only in what no order can take over."""
    placed = order(order_line(1), order_line(2), order_line(3))
    reply = answer(*lines)
    agreed = order(*agreed_lines(placed, reply))
    assert all(line.quantity.value >= 0 and line.unit_price.amount > 0 for line in agreed.lines)
    for difference in differences(agreed, reply, alike(tolerances)):
        assert difference.what in ("rejected", "backordered", "unknown", "price")
        if difference.what == "price":
            assert difference.answered.startswith(("-", "0"))
    assert promised_by(agreed, None) == promised_by(placed, reply)


@given(st.lists(answers, max_size=4), rules)
def test_wider_tolerances_never_ask_more(lines: list[AcknowledgedLine], tolerances: Tolerances) -> None:
    placed, reply = order(order_line(1), order_line(2)), answer(*lines)
    strict = Tolerances(
        over_receipt_percent=Decimal(0), short_receipt_percent=Decimal(0), price_percent=Decimal(0), delivery_days=0
    )
    asked = [each.what for each in differences(placed, reply, alike(tolerances)) if not each.tolerated]
    asked_strictly = [each.what for each in differences(placed, reply, alike(strict)) if not each.tolerated]
    assert len(asked) <= len(asked_strictly)
