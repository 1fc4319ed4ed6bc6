"""Which items of a hire may be begun, which never can, and when that changes by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.hire_plan import HirePlan, ItemStanding, ItemState, PlanItem
from domain.hire_progress import moot_items, next_change_on, ready_items
from tests.fixtures.hire_rules import CALENDAR, HOLIDAYS, START

MONDAY = date(2026, 11, 30)


def an_item(key: str, kind: str = "fulfilment", **over: Any) -> PlanItem:
    fields = {"key": key, "kind": kind, "title": key, "done_by": "service-desk", "due_on": START}
    return PlanItem.model_validate({**fields, **over})


def a_plan(*items: PlanItem) -> HirePlan:
    return HirePlan(start_on=START, items=items)


def states(**known: ItemState) -> dict[str, ItemStanding]:
    return {key: ItemStanding(key=key, state=state) for key, state in known.items()}


def keys(items: tuple[PlanItem, ...]) -> list[str]:
    return [each.key for each in items]


def change(*items: PlanItem, **known: ItemState) -> date | None:
    return next_change_on(a_plan(*items), states(**known), MONDAY, CALENDAR, HOLIDAYS)


def test_an_item_may_begin_when_its_day_has_come() -> None:
    made = a_plan(an_item("a"), an_item("b", from_on=MONDAY), an_item("c", from_on=date(2026, 12, 1)))
    assert keys(ready_items(made, {}, MONDAY)) == ["a", "b"]


def test_an_item_is_begun_once() -> None:
    made = a_plan(an_item("a"), an_item("b"), an_item("c"), an_item("d"))
    assert keys(ready_items(made, states(a="running", b="done", c="cancelled"), MONDAY)) == ["d"]


@pytest.mark.parametrize("state", ["done", "skipped", "cancelled"])
def test_what_it_waits_for_is_done_or_let_go(state: ItemState) -> None:
    made = a_plan(an_item("a"), an_item("b", after=("a",)))
    assert keys(ready_items(made, states(a="waiting"), MONDAY)) == []
    assert keys(ready_items(made, states(a=state), MONDAY)) == ["b"]


@pytest.mark.parametrize("first", ["licence", "npi", "screening", "certificate", "account"])
def test_clinical_access_never_begins_without_its_proofs_and_account(first: str) -> None:
    made = a_plan(an_item("a", first), an_item("b", "access", clinical=True, after=("a",)))
    assert keys(ready_items(made, states(a="done"), MONDAY)) == ["b"]
    assert keys(ready_items(made, states(a="skipped"), MONDAY)) == []
    assert keys(moot_items(made, states(a="skipped"))) == ["b"]
    assert keys(moot_items(made, states(a="running"))) == []


def test_other_access_needs_only_its_account() -> None:
    made = a_plan(an_item("a", "licence"), an_item("b", "access", after=("a",)))
    assert keys(ready_items(made, states(a="skipped"), MONDAY)) == ["b"]
    made = a_plan(an_item("a", "account"), an_item("b", "access", after=("a",)))
    assert keys(moot_items(made, states(a="skipped"))) == ["b"]


def test_time_changes_nothing_once_all_is_settled() -> None:
    assert change(an_item("a"), a="done") is None


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"from_on": date(2026, 12, 1), "usual_days": 0}, date(2026, 12, 1)),  # it may begin
        ({"due_on": date(2026, 12, 2), "usual_days": 0}, date(2026, 12, 3)),  # it is late
        ({"usual_days": 3}, date(2026, 12, 3)),  # from the 3rd on only two business days are left
        ({"usual_days": 0}, START),  # the start day itself
    ],
)
def test_names_the_next_day_that_changes_something(fields: dict[str, Any], wanted: date) -> None:
    assert change(an_item("a", **fields)) == wanted


def test_a_chain_has_less_time_than_its_last_item() -> None:
    assert change(an_item("a", usual_days=2), an_item("b", usual_days=2, after=("a",))) == date(2026, 12, 2)


def test_a_promise_and_the_usual_time_run_out() -> None:
    made = a_plan(an_item("a", usual_days=0))
    known = ItemStanding(key="a", state="waiting", expected_on=date(2026, 12, 1))
    assert next_change_on(made, {"a": known}, MONDAY, CALENDAR, HOLIDAYS) == date(2026, 12, 2)
    begun = ItemStanding(key="a", state="waiting", since=datetime(2026, 11, 27, 15, tzinfo=UTC))
    made = a_plan(an_item("a", usual_days=2, due_on=date(2026, 12, 31)))
    assert next_change_on(made, {"a": begun}, MONDAY, CALENDAR, HOLIDAYS) == date(2026, 12, 2)
