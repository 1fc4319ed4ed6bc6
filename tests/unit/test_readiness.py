"""Ready on day one, or because of whom not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.hire_plan import HirePlan, ItemStanding, PlanItem, Readiness
from domain.hire_planning import plan
from domain.readiness import in_words, readiness, what_day_one_needs
from tests.fixtures.hire_rules import CALENDAR, HOLIDAYS, NORTH, RULES, START, TODAY, a_hire

MONDAY = date(2026, 11, 30)  # a week before the start
FRIDAY = date(2026, 12, 4)  # the last business day before it


def an_item(key: str, due_on: date = FRIDAY, **over: Any) -> PlanItem:
    fields = {"key": key, "kind": "fulfilment", "title": key.capitalize(), "done_by": "facilities-desk"}
    return PlanItem.model_validate({**fields, "due_on": due_on, **over})


def standing(state: str, **over: Any) -> ItemStanding:
    return ItemStanding.model_validate({"key": "badge", "state": state, **over})


def at(day: int, hour: int = 15) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def looked(
    *items: PlanItem,
    today: date = MONDAY,
    start_on: date = START,
    arrived: bool | None = None,
    ended: bool = False,
    manager: str = "",
    approval: str = "",
    **standings: ItemStanding,
) -> Readiness:
    return readiness(
        HirePlan(start_on=start_on, items=items),
        standings,
        today,
        start_on,
        arrived,
        ended,
        calendar=CALENDAR,
        holidays=HOLIDAYS,
        manager=manager,
        approval=approval,
        owners={"exclusion-candidate": "compliance-officer"},
    )


def whys(found: Readiness) -> list[str]:
    return [each.why for each in found.blockers]


def test_while_nothing_is_late_the_outlook_is_ready() -> None:
    found = looked(an_item("badge"), an_item("tour", blocks_day_one=False))
    assert (found.state, found.on_track, found.done, found.of, found.blockers) == ("ready", True, 0, 1, ())


def test_a_whole_plan_made_four_weeks_ahead_is_on_track() -> None:
    made = plan(a_hire(), RULES, NORTH, HOLIDAYS, TODAY)
    found = readiness(made, {}, TODAY, START, None, False, calendar=CALENDAR, holidays=HOLIDAYS)
    assert (found.state, found.blockers) == ("ready", ())


@pytest.mark.parametrize("state", ["done", "skipped", "cancelled"])
def test_all_that_blocks_is_settled(state: str) -> None:
    found = looked(an_item("badge"), today=START, badge=standing(state))
    assert (found.state, found.done, found.of) == ("ready", 1, 1)


def test_day_one_needs_what_its_items_wait_for() -> None:
    items = (an_item("a", blocks_day_one=False), an_item("b", blocks_day_one=False), an_item("c", after=("a",)))
    assert [each.key for each in what_day_one_needs(HirePlan(start_on=START, items=items))] == ["a", "c"]


def test_says_who_has_it_since_when_and_that_time_is_short() -> None:
    badge = an_item("badge", FRIDAY, usual_days=3)
    taken = standing("waiting", since=at(30))
    assert looked(badge, today=date(2026, 12, 3), badge=taken).state == "ready"  # it takes as long as ever
    late = standing("waiting", since=at(25))
    found = looked(badge, today=date(2026, 12, 3), badge=late)
    assert (found.state, found.on_track) == ("at-risk", False)
    assert whys(found) == [
        "Badge: facilities-desk has it since 25 Nov, usually takes 3 business days, 2 are left",
    ]
    (blocker,) = found.blockers
    assert (blocker.who, blocker.since, blocker.due_on) == ("facilities-desk", at(25), FRIDAY)
    assert blocker.usual_days == 3


def test_the_day_since_is_that_of_the_facility() -> None:
    late = standing("running", since=at(26, 3))  # still the 25th in New York
    found = looked(an_item("badge", usual_days=4), today=date(2026, 12, 3), badge=late)
    assert "since 25 Nov" in whys(found)[0]


@pytest.mark.parametrize(("days", "state"), [(5, "ready"), (6, "at-risk")])
def test_what_is_not_begun_must_still_fit_before_the_start(days: int, state: str) -> None:
    assert looked(an_item("badge", usual_days=days)).state == state


def test_a_holiday_is_no_day_to_work() -> None:
    before, due_on, start_on = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 27)
    found = looked(an_item("badge", due_on, usual_days=4), today=before, start_on=start_on)
    assert found.state == "at-risk"  # Thanksgiving lies between
    assert looked(an_item("badge", due_on, usual_days=3), today=before, start_on=start_on).state == "ready"


def test_a_chain_that_does_not_fit_names_where_it_begins_to_be_short() -> None:
    found = looked(an_item("licence", usual_days=3), an_item("access", usual_days=3, after=("licence",)))
    assert whys(found) == ["Access: waits for Licence, usually takes 3 business days, 5 are left"]
    found = looked(an_item("licence", usual_days=9), an_item("access", usual_days=3, after=("licence",)))
    assert [each.key for each in found.blockers] == ["licence"]


def test_what_is_late_is_at_risk_even_when_time_is_left() -> None:
    found = looked(an_item("badge", date(2026, 11, 27)))
    assert whys(found) == ["Badge: not begun by facilities-desk, was due on 27 Nov"]


@pytest.mark.parametrize(
    ("promised", "state", "words"),
    [
        (date(2026, 12, 9), "at-risk", "is promised for 9 Dec, after the start on 7 Dec"),
        (date(2026, 11, 27), "at-risk", "was promised for 27 Nov"),
        (date(2026, 12, 3), "ready", ""),
        (START, "ready", ""),
    ],
)
def test_believes_a_promise_until_its_day_has_passed(promised: date, state: str, words: str) -> None:
    order = standing("waiting", since=at(2), expected_on=promised, linked_case="procure-to-pay.north.REQ-1")
    found = looked(an_item("badge", usual_days=8), badge=order)
    assert found.state == state
    assert words in " ".join(whys(found))
    if words:
        assert "(procure-to-pay.north.REQ-1)" in whys(found)[0]


def test_an_open_exception_is_a_risk() -> None:
    found = looked(an_item("badge"), badge=standing("waiting", since=at(30), exception_code="licence-unverified"))
    assert whys(found) == [
        "Badge: facilities-desk has it since 30 Nov, 'The licence could not be verified' must be settled first"
    ]


def test_the_start_day_makes_what_is_open_not_ready() -> None:
    found = looked(an_item("badge", START), an_item("desk", FRIDAY), today=START)
    assert (found.state, found.on_track) == ("not-ready", False)
    assert [each.key for each in found.blockers] == ["desk", "badge"]  # by due date
    assert "was due on 4 Dec" in whys(found)[0]
    assert whys(found)[1] == "Badge: not begun by facilities-desk, is open on the start day"
    found = looked(an_item("badge", START), today=START.replace(day=8), badge=standing("running"))
    assert whys(found) == ["Badge: facilities-desk has it, was due on 7 Dec"]


def test_on_a_weekend_before_the_start_no_chance_is_left() -> None:
    sunday = date(2026, 12, 6)
    found = looked(an_item("badge", START, usual_days=0), today=sunday)
    assert found.state == "not-ready"
    assert whys(found) == ["Badge: not begun by facilities-desk, no business day is left before the start"]


def test_what_can_only_be_done_on_the_day_is_given_the_day() -> None:
    form = an_item("form", START, from_on=START)
    assert looked(form, today=FRIDAY).state == "ready"
    assert looked(form, today=START).state == "ready"
    assert looked(form, today=date(2026, 12, 8)).state == "not-ready"
    broken = standing("waiting", exception_code="target-unavailable")
    assert looked(form, today=START, form=broken).state == "not-ready"


def test_a_start_on_a_saturday_leaves_until_monday_what_needs_the_person() -> None:
    saturday = date(2026, 12, 5)
    form = an_item("form", START, from_on=saturday)
    assert looked(form, today=saturday, start_on=saturday).state == "ready"
    assert looked(form, today=date(2026, 12, 8), start_on=saturday).state == "not-ready"


@pytest.mark.parametrize(("arrived", "ended"), [(False, False), (None, True), (True, True)])
def test_who_does_not_come_is_not_coming(arrived: bool | None, ended: bool) -> None:
    found = looked(an_item("badge"), arrived=arrived, ended=ended)
    assert (found.state, found.blockers, found.on_track) == ("not-coming", (), False)


def test_the_manager_is_named_where_the_manager_does_it() -> None:
    late = an_item("badge", date(2026, 11, 27), done_by="manager")
    assert looked(late, manager="mia").blockers[0].who == "mia"
    assert looked(late).blockers[0].who == "manager"


def test_dates_of_another_year_say_the_year() -> None:
    found = looked(an_item("badge", date(2026, 12, 30)), today=date(2027, 1, 4), start_on=date(2027, 1, 11))
    assert "was due on 30 Dec 2026" in whys(found)[0]


def test_what_waits_for_an_approval_names_those_who_approve() -> None:
    late = date(2026, 12, 3)
    found = looked(an_item("badge", MONDAY), today=late, approval="cost-centre-owner")
    (blocker,) = found.blockers
    assert blocker.who == "cost-centre-owner"
    assert blocker.why.startswith("Badge: waits for approval by cost-centre-owner, was due on 30 Nov")


def test_an_exception_is_with_whoever_owns_it() -> None:
    hit = standing("waiting", since=at(25), exception_code="exclusion-candidate")
    (blocker,) = looked(an_item("badge", done_by="credentialing"), badge=hit).blockers
    assert blocker.who == "compliance-officer"
    assert blocker.why.startswith("Badge: compliance-officer has it since 25 Nov")


@pytest.mark.parametrize(("state", "words"), [("planned", "On track"), ("done", "Ready"), ("skipped", "Ready")])
def test_an_outlook_is_not_called_ready(state: str, words: str) -> None:
    assert in_words(looked(an_item("badge"), badge=standing(state))) == words
    assert in_words(looked(an_item("badge"), today=START)) == "Not ready"
