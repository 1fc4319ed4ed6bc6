"""An acceptance holds for what was seen."""

from __future__ import annotations

from typing import Any

import pytest

from domain.acceptances import still_accepted
from tests.fixtures.purchases import boxes, item_line, requisition, share, text_line, usd

BEFORE = requisition(item_line(1), text_line(2))
ACCEPTED = frozenset(
    {("off-contract", 2), ("cost-centre-foreign", 2), ("contract-expired", 1), ("split-suspected", None)}
)
ALL_OF_1 = {("contract-expired", 1)}


def left(*lines: Any, **over: Any) -> set[tuple[str, int | None]]:
    return set(still_accepted(ACCEPTED, BEFORE, requisition(*lines, **over)))


def test_without_a_change_all_holds() -> None:
    assert left(*BEFORE.lines) == ACCEPTED
    assert left(*reversed(BEFORE.lines), justification="Another text") == ACCEPTED


@pytest.mark.parametrize(
    "change", [{"unit_price": usd(99)}, {"supplier": "S-2"}, {"quantity": boxes(2)}, {"category": "office"}]
)
def test_another_price_is_another_question(change: dict[str, Any]) -> None:
    assert left(item_line(1), text_line(2, **change)) == ALL_OF_1 | {("cost-centre-foreign", 2)}


def test_other_payers_are_another_question() -> None:
    assert left(item_line(1), text_line(2, costs=(share("N-200"),))) == ALL_OF_1 | {("off-contract", 2)}


def test_lines_that_went_or_came_touch_only_the_whole() -> None:
    assert left(item_line(1)) == ALL_OF_1
    assert left(*BEFORE.lines, item_line(3)) == ACCEPTED - {("split-suspected", None)}


def test_another_requester_starts_anew() -> None:
    assert left(*BEFORE.lines, requester="paul") == set()
