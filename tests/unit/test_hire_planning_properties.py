"""What holds of every plan, whatever the policy's rows, the hire and the calendar are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.business_time import (
    business_days_after,
    business_days_before,
    business_days_between,
    is_business_day,
    start_of_business,
)
from domain.facility import BusinessCalendar
from domain.hire import EquipmentNeed, Hire
from domain.hire_order import CREDENTIALS
from domain.hire_plan import SETTLED, HirePlan, ItemStanding, ItemState
from domain.hire_planning import plan
from domain.hire_progress import moot_items, next_change_on, ready_items
from domain.hire_replanning import changes, undo_order
from domain.hire_rules import HireRules, PlanRule
from domain.readiness import readiness, what_day_one_needs
from tests.fixtures.hire_rules import CALENDAR, ENTITLEMENTS, HOLIDAYS, NORTH, RULES, TODAY, a_hire, extra, row

PLACES = tuple("abcdefgh")
KINDS = (
    "worker-record",
    "employee-record",
    "account",
    "access",
    "licence",
    "certificate",
    "screening",
    "equipment",
    "fulfilment",
    "arrival",
    "access-check",
)
CLINIC = BusinessCalendar(time_zone="Australia/Lord_Howe", weekdays=(0, 2, 3, 5))
names = st.sampled_from([each.name for each in ENTITLEMENTS])
calendars = st.sampled_from((CALENDAR, CLINIC))
# Over both changes of daylight saving, and the holidays of a year's end.
starts = st.dates(date(2026, 10, 20), date(2027, 4, 15))
STATES: tuple[ItemState, ...] = ("planned", "running", "waiting", "done", "skipped", "cancelled")


@st.composite
def a_row(draw: st.DrawFn, number: int) -> PlanRule:
    kind = draw(st.sampled_from(KINDS))
    return row(
        draw(st.sampled_from(PLACES)),
        kind,
        draw(st.integers(-15, 10)),
        name=f"row-{number}",
        from_days=draw(st.none() | st.integers(-20, 10)),
        after=draw(st.lists(st.sampled_from((*PLACES, "nowhere")), max_size=3)),
        target=draw(st.sampled_from(("identity", "directory"))),
        entitlements=draw(st.lists(names, max_size=3)) if kind == "access" else (),
        catalogue_item=draw(st.sampled_from(("LAPTOP", "PHONE"))) if kind == "equipment" else "",
        blocks_day_one=draw(st.booleans()),
        usual_days=draw(st.integers(0, 8)),
        undo=draw(st.sampled_from(("automatic", "task", "none"))),
        departments=draw(st.sampled_from(((), (), ("nursing",), ("surgery",)))),
    )


@st.composite
def some_rules(draw: st.DrawFn) -> HireRules:
    rows = tuple(draw(a_row(number)) for number in range(draw(st.integers(0, 10))))
    return HireRules(entitlements=ENTITLEMENTS, plan=rows)


@st.composite
def some_hire(draw: st.DrawFn) -> Hire:
    until = st.none() | st.dates(date(2026, 11, 1), date(2027, 12, 31))
    return a_hire(
        start_on=draw(starts),
        department=draw(st.sampled_from(("nursing", "surgery"))),
        extra_access=tuple(extra(name, draw(until)) for name in draw(st.lists(names, max_size=2, unique=True))),
        equipment=draw(st.sampled_from(((), (EquipmentNeed(item="PHONE", quantity=2),)))),
    )


@st.composite
def some_plan(draw: st.DrawFn) -> HirePlan:
    return planned(draw(some_hire()), draw(some_rules()), draw(calendars))


@st.composite
def some_standings(draw: st.DrawFn, made: HirePlan) -> dict[str, ItemStanding]:
    days = st.none() | st.dates(date(2026, 10, 1), date(2027, 5, 1))
    hours = st.integers(0, 5000).map(lambda passed: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=passed))
    since = st.none() | hours
    return {
        item.key: ItemStanding(
            key=item.key, state=draw(st.sampled_from(STATES)), since=draw(since), expected_on=draw(days)
        )
        for item in made.items
    }


def planned(hire: Hire, rules: HireRules, calendar: BusinessCalendar = CALENDAR) -> HirePlan:
    return plan(hire, rules, NORTH.model_copy(update={"calendar": calendar}), HOLIDAYS, TODAY)


few = settings(max_examples=60, deadline=None)


@few
@given(some_plan())
def test_nothing_stands_or_is_due_before_what_it_waits_for(made: HirePlan) -> None:
    seen: dict[str, date] = {}
    for item in made.items:
        assert item.key not in seen
        assert set(item.after) <= seen.keys()
        assert all(seen[key] <= item.due_on for key in item.after)
        assert item.from_on is None or item.from_on <= item.due_on
        seen[item.key] = item.due_on


@few
@given(some_hire(), some_rules(), calendars)
def test_planning_twice_is_the_same_and_changes_nothing(
    hire: Hire, rules: HireRules, calendar: BusinessCalendar
) -> None:
    first, second = planned(hire, rules, calendar), planned(hire, rules, calendar)
    assert first.model_dump_json() == second.model_dump_json()
    found = changes(first, second)
    assert found.kept == tuple(item.key for item in first.items)
    assert not (found.added or found.moved or found.changed or found.removed)


@few
@given(some_plan(), some_plan())
def test_every_key_has_one_fate(old: HirePlan, new: HirePlan) -> None:
    found = changes(old, new)
    told = [*found.added, *found.moved, *found.changed, *found.removed, *found.kept]
    before, after = {item.key for item in old.items}, {item.key for item in new.items}
    assert sorted(told) == sorted(before | after)
    assert set(found.added) == after - before
    assert set(found.removed) == before - after
    back = changes(new, old)
    assert set(back.moved) == set(found.moved)
    assert set(back.changed) == set(found.changed)


@few
@given(some_plan())
def test_access_waits_for_its_account_and_clinical_access_for_all_proofs(made: HirePlan) -> None:
    for item in made.items:
        if item.kind != "access":
            continue
        wanted = {
            each.key
            for each in made.items
            if (each.kind == "account" and each.system == item.system) or (item.clinical and each.kind in CREDENTIALS)
        }
        assert wanted <= set(item.after)


@few
@given(some_hire(), some_rules(), calendars)
def test_what_is_due_is_due_on_a_business_day(hire: Hire, rules: HireRules, calendar: BusinessCalendar) -> None:
    made = planned(hire, rules, calendar)
    assert [item.key for item in made.items if not is_business_day(item.due_on, calendar, HOLIDAYS)] == []


@few
@given(starts, st.integers(0, 40), calendars)
def test_a_start_that_moves_by_business_days_moves_every_due_date_by_as_many(
    start_on: date, moved: int, calendar: BusinessCalendar
) -> None:
    start_on = business_days_after(start_on, 0, calendar, HOLIDAYS)
    later = business_days_after(start_on, moved, calendar, HOLIDAYS)
    rules = RULES.model_copy(update={"plan": tuple(each for each in RULES.plan if each.kind != "access-check")})
    old, new = (planned(a_hire(start_on=day), rules, calendar) for day in (start_on, later))
    assert [each.key for each in old.items] == [each.key for each in new.items]
    for was, now in zip(old.items, new.items, strict=True):
        assert now.due_on == business_days_after(was.due_on, moved, calendar, HOLIDAYS)
    assert not (changes(old, new).changed or changes(old, new).added or changes(old, new).removed)


@few
@given(starts, st.integers(0, 60), calendars)
def test_counting_back_is_the_opposite_of_counting_on(day: date, days: int, calendar: BusinessCalendar) -> None:
    day = business_days_after(day, 0, calendar, HOLIDAYS)
    later = business_days_after(day, days, calendar, HOLIDAYS)
    assert business_days_before(later, days, calendar, HOLIDAYS) == day
    assert business_days_between(day, later, calendar, HOLIDAYS) == days
    assert start_of_business(later, calendar, HOLIDAYS) > start_of_business(day, calendar, HOLIDAYS) or days == 0


@few
@given(some_plan(), st.data())
def test_undoing_is_the_reverse_of_what_was_done(made: HirePlan, data: st.DataObject) -> None:
    done = _work_through(made, data)
    taken_back = undo_order(made, done)
    by_hand_or_itself = {item.key for item in made.items if item.undo != "none"}
    assert list(reversed(taken_back)) == [key for key in done if key in by_hand_or_itself]
    place = {key: number for number, key in enumerate(taken_back)}
    for item in made.items:
        assert all(place[item.key] < place[key] for key in item.after if item.key in place and key in place)


def _work_through(made: HirePlan, data: st.DataObject) -> Sequence[str]:
    """Do what is ready, one by one and in any order, and stop somewhere."""
    last, done = date(2028, 12, 31), list[str]()
    for _ in range(data.draw(st.integers(0, len(made.items)))):
        known = {key: ItemStanding(key=key, state="done") for key in done}
        ready = ready_items(made, known, last)
        assert ready  # a plan without circles never gets stuck
        done.append(data.draw(st.sampled_from(ready)).key)
    return done


@few
@given(some_plan(), starts, st.data())
def test_an_item_is_ready_or_moot_and_never_before_its_prerequisites(
    made: HirePlan, today: date, data: st.DataObject
) -> None:
    known = data.draw(some_standings(made))
    ready, moot = ready_items(made, known, today), moot_items(made, known)
    assert not {item.key for item in ready} & {item.key for item in moot}
    for item in ready:
        assert all(known[key].state in SETTLED for key in item.after)


@few
@given(some_plan(), starts, calendars, st.data())
def test_readiness_adds_up(made: HirePlan, today: date, calendar: BusinessCalendar, data: st.DataObject) -> None:
    known = data.draw(some_standings(made))
    found = readiness(made, known, today, made.start_on, None, False, calendar=calendar, holidays=HOLIDAYS)
    open_keys = {item.key for item in what_day_one_needs(made) if known[item.key].state not in SETTLED}
    assert found.of - found.done == len(open_keys)
    assert {each.key for each in found.blockers} <= open_keys
    assert [each.due_on for each in found.blockers] == sorted(each.due_on for each in found.blockers)
    assert bool(found.blockers) == (found.state in ("at-risk", "not-ready"))
    assert found.on_track == (found.state == "ready")
    assert (found.state == "ready") or open_keys


@few
@given(some_plan(), starts, st.data())
def test_nothing_may_be_begun_between_today_and_the_next_change(
    made: HirePlan, today: date, data: st.DataObject
) -> None:
    known = data.draw(some_standings(made))
    until = next_change_on(made, known, today, CALENDAR, HOLIDAYS)
    now = ready_items(made, known, today)
    ahead = today + timedelta(days=1)
    while ahead < (until or today + timedelta(days=30)):
        assert ready_items(made, known, ahead) == now
        ahead += timedelta(days=1)
