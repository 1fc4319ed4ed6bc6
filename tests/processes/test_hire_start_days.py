"""The start day: the doors open at its first minute on the facility's own clock, wherever it is moved to."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.business_time import business_days_after, start_of_day
from domain.hire import Hire
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.hire_world import HireCase, HireWorld
from tests.fixtures.small_hospital import FACILITY, policy

NEW_YORK = ZoneInfo(FACILITY.calendar.time_zone)
MINUTE = timedelta(minutes=1)


def wall_clock(day: date, at: str) -> datetime:
    """The instant (UTC) of a wall-clock time (HH:MM) at the facility."""
    return datetime.combine(day, time.fromisoformat(at), tzinfo=NEW_YORK).astimezone(UTC)


def offset(day: date) -> timedelta | None:
    """How far the facility's clocks are from UTC as the day begins."""
    return datetime.combine(day, time.min, tzinfo=NEW_YORK).utcoffset()


def next_clock_change(after: date) -> date:
    """The day on which the facility's clocks are changed next."""
    return next(
        day
        for day in (after + timedelta(days=each) for each in range(400))
        if offset(day) != offset(day + timedelta(days=1))
    )


def workday(day: date) -> date:
    return business_days_after(day, 0, FACILITY.calendar, frozenset())


async def moved(case: HireCase, hire: Hire, start_on: date) -> Hire:
    corrected = hire.model_copy(update={"start_on": start_on})
    assert await case.ask_for("correct-hire", "hanna", hire=corrected) == "applied"
    await case.until(lambda: case.standing is not None and case.standing.start_on == start_on)
    return corrected


async def opens_at_midnight(case: HireCase, start_on: date) -> None:
    """Not a minute before the start day, and in its first minutes."""
    midnight = wall_clock(start_on, "00:00")
    await case.to(midnight - MINUTE)
    assert not case.account().active
    assert "account.enabled" not in case.kinds()
    await case.to(midnight + MINUTE)
    await case.until(lambda: case.enabled_at() is not None)
    assert case.account().active
    opened = case.enabled_at()
    assert opened is not None and midnight <= opened < midnight + 5 * MINUTE


async def test_the_account_opens_with_the_start_day_and_not_a_minute_before(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await opens_at_midnight(case, hires.start_on)
    assert not [task for task in case.tasks() if task.kind == "arrival"]
    await case.to(wall_clock(hires.start_on, FACILITY.calendar.opens) + MINUTE)
    assert (await case.task("arrival")).people == ("mia",)


@pytest.mark.parametrize("days_after_change", [0, 1], ids=["on the day of the change", "on the day after it"])
async def test_a_start_beyond_a_change_of_clocks_opens_by_the_clock_on_the_wall(
    hires: HireWorld, days_after_change: int
) -> None:
    change = next_clock_change(hires.today + timedelta(days=3))
    start_on = change + timedelta(days=days_after_change)
    if days_after_change:
        assert offset(start_on) != offset(hires.today)
    case = await hires.start_hire(hires.hire(start_on=start_on))
    if start_on.weekday() not in FACILITY.calendar.weekdays:
        await case.decide("start-date-implausible", "accept", "hanna")
    await case.prepared()
    await opens_at_midnight(case, start_on)


async def test_a_start_that_moves_earlier_opens_the_account_earlier_and_only_then(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    earlier = workday(hires.today + timedelta(days=9))
    await moved(case, hire, earlier)
    assert case.planned("rn-licence").due_on < earlier
    assert case.planned("i9-2").due_on == business_days_after(earlier, 3, FACILITY.calendar, frozenset())
    await opens_at_midnight(case, earlier)
    worker = await case.worker()
    assert worker is not None and worker.start_on == earlier


async def test_a_start_that_moves_to_and_fro_opens_on_the_last_one(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    later, between = (workday(hires.start_on + timedelta(days=each)) for each in (42, 21))
    hire = await moved(case, hire, later)
    await moved(case, hire, between)
    await case.to(wall_clock(hires.start_on, "12:00"))
    assert not case.account().active
    await opens_at_midnight(case, between)
    await case.to(wall_clock(between, "12:00"))
    await case.decide("arrival", "confirm-arrival", "mia")
    assert len([task for task in case.tasks() if task.kind == "arrival"]) == 1


@pytest.mark.parametrize("free", ["weekend", "holiday"])
async def test_a_start_on_a_day_off_is_hrs_decision_and_the_manager_is_asked_on_the_next_working_day(
    hires: HireWorld, free: str
) -> None:
    day = hires.start_on
    if free == "holiday":
        hires.policy = policy(holidays=(day,))
    else:
        day += timedelta(days=(5 - day.weekday()) % 7)
    following = business_days_after(day, 0, FACILITY.calendar, frozenset(hires.policy.holidays))
    assert following > day
    case = await hires.start_hire(hires.hire(start_on=day))
    asked = await case.task("start-date-implausible")
    assert asked.role == "human-resources" and following.isoformat() in asked.why
    await case.answer(asked, "accept", "hanna")
    await case.prepared()
    await opens_at_midnight(case, day)
    await case.to(wall_clock(following, FACILITY.calendar.opens) - MINUTE)
    assert not [task for task in case.tasks() if task.kind == "arrival"]
    await case.to(wall_clock(following, FACILITY.calendar.opens) + MINUTE)
    await case.decide("arrival", "confirm-arrival", "mia")
    # 8 CFR 274a.2(b)(1)(ii): business days after the first day of work, of which a day off is none.
    third = business_days_after(following, 2, FACILITY.calendar, frozenset(hires.policy.holidays))
    assert case.planned("i9-2").due_on == third


async def test_a_start_that_is_moved_onto_a_sunday_is_asked_about_again(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    sunday = hires.start_on + timedelta(days=(6 - hires.start_on.weekday()) % 7)
    corrected = hire.model_copy(update={"start_on": sunday})
    assert await case.ask_for("correct-hire", "hanna", hire=corrected) == "applied"
    await case.decide("start-date-implausible", "accept", "hanna")
    await case.until(lambda: case.standing is not None and case.standing.start_on == sunday)
    await opens_at_midnight(case, sunday)


@pytest.mark.parametrize("days_ago", [0, 3])
async def test_a_hire_that_comes_on_the_start_day_or_after_it_has_everything_due_at_once(
    hires: HireWorld, days_ago: int
) -> None:
    always = FACILITY.calendar.model_copy(update={"weekdays": tuple(range(7)), "opens": "00:00", "closes": "24:00"})
    hires.policy = policy(facility=FACILITY.model_copy(update={"calendar": always}))
    start_on = datetime.now(NEW_YORK).date() - timedelta(days=days_ago)
    case = await hires.start_hire(hires.hire(start_on=start_on))
    await case.decide("owner", "approve")
    await case.until(lambda: case.enabled_at() is not None)
    await case.until(lambda: open_ends(case) == ("not-ready", ["facilities-desk"]))
    for task in case.tasks():
        assert task.due_at is not None and task.due_at > start_of_day(start_on, always)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.decide("badge", "complete")
    await case.decide("i9-2", "complete")
    await case.skip(timedelta(days=45))
    result = await case.outcome()
    assert (result.status, result.ready_on_day_one) == ("completed", False)
    worker = await case.worker()
    assert worker is not None and worker.start_on == start_on


async def test_who_comes_before_the_hris_knows_them_begins_as_soon_as_it_does(hires: HireWorld) -> None:
    always = FACILITY.calendar.model_copy(update={"weekdays": tuple(range(7)), "opens": "00:00", "closes": "24:00"})
    hires.policy = policy(facility=FACILITY.model_copy(update={"calendar": always}))
    hires.faults.fail("prepare", TemporarilyUnavailableError("hris", "down", "no answer"), times=2)
    case = await hires.start_hire(hires.hire(start_on=datetime.now(NEW_YORK).date()))
    await case.decide("owner", "approve")
    await case.decide("arrival", "confirm-arrival", "mia")
    assert case.states()["worker"] == "running"
    await case.until(lambda: "worker.began" in case.kinds())
    worker = await case.worker()
    assert worker is not None and worker.status == "active"
    assert not [task for task in case.tasks() if task.kind == "exception"]


def open_ends(case: HireCase) -> tuple[str, list[str]]:
    """How ready the hire is, and who holds it up."""
    assert case.standing is not None
    ready = case.standing.readiness
    return ready.state, [each.who for each in ready.blockers]


async def test_a_start_that_lies_too_far_back_is_a_question(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire(start_on=hires.today - timedelta(days=30)))
    asked = await case.task("start-date-implausible")
    await case.answer(asked, "cancel", "hanna")
    assert (await case.outcome()).status == "cancelled"
    assert await case.worker() is None
