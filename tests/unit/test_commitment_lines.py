"""Which budget line carries what, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commitment_lines import budget_key, order_commitment, reservation
from domain.money import Money
from tests.fixtures.purchases import order, order_line, share, sourced, usd


def test_a_share_names_its_budget_line() -> None:
    assert str(budget_key(share(account="6100"), "north", 2026)) == "north/N-100/6100/2026"
    with pytest.raises(ValueError, match="no account yet"):
        budget_key(share(), "north", 2026)


def test_amounts_are_split_to_the_cent_and_only_for_what_is_ordered() -> None:
    costs = (share("N-100", "33.33", "6100"), share("N-200", "66.67", "6100"))
    held = reservation((sourced(1, 1, 5, unit_price=usd("10.01"), costs=costs),), "north", 2026)
    assert [(line.line, str(line.budget), line.amount) for line in held] == [
        (1, "north/N-100/6100/2026", usd("3.34")),
        (1, "north/N-200/6100/2026", usd("6.67")),
    ]


def test_stock_holds_no_money_even_without_an_account() -> None:
    assert reservation((sourced(1, 0, 5, costs=(share(),)),), "north", 2026) == ()


def test_shares_on_one_budget_line_are_one_amount() -> None:
    costs = (share("N-100", 50, "6100"), share("N-100", 50, "6100"))
    (held,) = reservation((sourced(1, costs=costs),), "north", 2026)
    assert held.amount == usd(80)


def test_cancelled_order_lines_cost_nothing() -> None:
    held = order_commitment(order(order_line(1, 100), order_line(2, 0)), "north", 2026)
    assert [(line.line, line.amount) for line in held] == [(1, usd(800))]


@st.composite
def splits(draw: st.DrawFn) -> tuple[Decimal, ...]:
    cuts = sorted(draw(st.lists(st.integers(1, 9999), max_size=6, unique=True)))
    return tuple(Decimal(high - low) / 100 for low, high in zip((0, *cuts), (*cuts, 10000), strict=True))


@given(
    prices=st.lists(st.tuples(st.integers(1, 10**8), st.integers(0, 5000)), min_size=1, max_size=5), percents=splits()
)
def test_what_is_reserved_is_what_is_ordered(prices: list[tuple[int, int]], percents: tuple[Decimal, ...]) -> None:
    """Reserved and ordered amounts agree with each other and with the orders, cent for cent, on every budget line."""
    costs = tuple(share(f"N-{index}", str(percent), "6100") for index, percent in enumerate(percents))
    facts = [(number, Decimal(price).scaleb(-4), count) for number, (price, count) in enumerate(prices, 1)]
    lines = [sourced(number, count, unit_price=usd(price), costs=costs) for number, price, count in facts]
    placed = order(*(order_line(number, count, unit_price=usd(price), costs=costs) for number, price, count in facts))
    held = reservation(lines, "north", 2026)
    assert held == order_commitment(placed, "north", 2026)
    assert Money.total((line.amount for line in held), "USD") == placed.total
    assert all(line.amount > usd(0) for line in held)
    assert len({(line.line, line.budget) for line in held}) == len(held)
