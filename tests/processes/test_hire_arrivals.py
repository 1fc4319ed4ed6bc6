"""From the first day on: who is asked whether the person came, what is still due, and what is measured."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.business_time import add_business_hours, business_days_after, start_of_business
from domain.tasks import Task
from tests.fixtures.hire_world import HireCase, HireWorld
from tests.fixtures.small_hospital import FACILITY

CALENDAR = FACILITY.calendar
MINUTE = timedelta(minutes=1)


def silence_ends(hires: HireWorld) -> datetime:
    """When the manager has said nothing for as long as the policy allows."""
    opens = start_of_business(hires.start_on, CALENDAR, frozenset())
    return add_business_hours(opens, hires.rules.parameters.no_show_hours, CALENDAR, frozenset())


async def started(hires: HireWorld) -> HireCase:
    """A hire on whose start day the manager was asked."""
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.to(start_of_business(hires.start_on, CALENDAR, frozenset()) + MINUTE)
    await case.task("arrival")
    return case


async def asked_hr(hires: HireWorld) -> tuple[HireCase, Task]:
    """A hire of whose arrival the manager says nothing, until HR is asked."""
    case = await started(hires)
    await case.to(silence_ends(hires) - MINUTE)
    assert len(arrivals(case)) == 1
    await case.to(silence_ends(hires) + MINUTE)
    await case.until(lambda: len(arrivals(case)) == 2)
    to_manager, to_hr = arrivals(case)
    assert to_manager.people == ("mia",) and not to_hr.people and to_hr.role == "human-resources"
    return case, to_hr


def arrivals(case: HireCase) -> list[Task]:
    return [task for task in case.tasks() if task.kind == "arrival"]


async def test_hr_is_asked_when_the_manager_is_silent_and_says_that_nobody_came(hires: HireWorld) -> None:
    case, to_hr = await asked_hr(hires)
    assert (await case.answer(to_hr, "no-show", "hanna")).status == "applied"
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "no-show"
    assert not hires.identity.everything and not hires.access._accounts
    assert not [task for task in case.tasks() if task.status == "open"]
    assert {task.status for task in arrivals(case)} == {"done", "cancelled"}


async def test_the_manager_may_still_answer_when_hr_was_asked(hires: HireWorld) -> None:
    case, to_hr = await asked_hr(hires)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.reached(arrival="done")
    assert next(task for task in case.tasks() if task.task_id == to_hr.task_id).status == "cancelled"
    worker = await case.worker()
    assert worker is not None and worker.status == "active"


async def test_nobody_else_says_that_the_person_came(hires: HireWorld) -> None:
    case = await started(hires)
    (task,) = arrivals(case)
    assert (await case.answer(task, "confirm-arrival", "dirk")).because == "not-authorised"
    assert (await case.answer(task, "confirm-arrival", "nina")).because is not None
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.reached(arrival="done")


async def test_form_i9_is_due_three_business_days_after_the_start_and_a_breach_is_told(hires: HireWorld) -> None:
    case = await started(hires)
    assert not [task for task in case.tasks() if task.slot.endswith("i9-2")]
    await case.decide("arrival", "confirm-arrival", "mia")
    task = await case.task("i9-2")
    third = business_days_after(hires.start_on, 3, CALENDAR, frozenset())
    closes = datetime.combine(third, time.fromisoformat(CALENDAR.closes), tzinfo=ZoneInfo(CALENDAR.time_zone))
    assert task.role == "human-resources"
    assert task.due_at == closes.astimezone(UTC)
    await case.to(closes + MINUTE)
    breach = await case.task("sla-breached")
    await case.answer(task, "complete", "hanna", comment="passport seen")
    await case.reached(i9_2="done")
    assert next(each for each in case.tasks() if each.task_id == breach.task_id).status == "cancelled"


async def test_probation_ends_with_the_measured_times_of_all_that_was_done(hires: HireWorld) -> None:
    case = await started(hires)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.decide("i9-2", "complete")
    await case.reached(i9_2="done")
    assert hires.evidence.snapshot_of(case.name).stage == "probation"
    check_on = case.planned("check").from_on
    assert check_on is not None
    await case.to(datetime.combine(check_on, time.min, tzinfo=ZoneInfo(CALENDAR.time_zone)) - MINUTE)
    assert case.states()["check"] == "planned"
    await case.skip(2 * MINUTE)
    assert (await case.outcome()).status == "completed"
    standing = case.standing
    assert standing is not None and standing.closed and standing.arrived
    done = {key for key, state in case.states().items() if state == "done"}
    assert done == {item.key for item in standing.plan.items}
    assert set(standing.confirmed) == done | {"identity-account/enabled"}
    at = standing.confirmed
    assert at["worker"] <= at["identity-account"] <= at["access:staff"] <= at["identity-account/enabled"]
    assert at["rn-licence"] <= at["access:chart"]
    assert at["identity-account/enabled"] < at["arrival"] <= at["i9-2"] < at["check"]
    assert at["check"] - at["arrival"] > timedelta(days=25)
