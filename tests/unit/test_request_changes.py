"""Before and after of a changed request."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.request_changes import changes_between
from tests.fixtures.purchases import boxes, item_line, requisition


def test_each_changed_part_is_named_with_both_values() -> None:
    before = requisition(item_line(1), item_line(2), item_line(3))
    lines = (item_line(1, quantity=boxes(12)), item_line(3), item_line(4))
    after = before.model_copy(update={"lines": lines, "justification": "More patients"})
    found = changes_between(before, after)
    assert [each.part for each in found] == ["justification", "line 1: quantity", "line 2", "line 4"]
    assert (found[0].before, found[0].after) == ("", "More patients")
    assert (found[1].before["value"], found[1].after["value"]) == ("10", "12")
    assert found[2].after is None
    assert found[3].before is None


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True), st.integers(1, 500))
def test_equal_requests_differ_in_nothing_and_any_other_quantity_shows(numbers: list[int], quantity: int) -> None:
    before = requisition(*(item_line(number) for number in numbers))
    assert changes_between(before, before) == ()
    changed = item_line(numbers[0], quantity=boxes(Decimal(quantity) + 10))
    after = before.model_copy(update={"lines": (changed, *before.lines[1:])})
    assert [each.part for each in changes_between(before, after)] == [f"line {numbers[0]}: quantity"]
