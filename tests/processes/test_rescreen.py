"""Screening everybody who works here again, and ending access on its last day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.temporal_cases import Plan, ensure_schedules
from domain.credentials import LicenceRecord, ListState, ScreenedPerson
from domain.hire import LicenceClaim
from domain.outside_errors import ContractDriftError, RefusedError, TemporarilyUnavailableError
from domain.screening import hit_key
from tests.fixtures.workforce import Workforce
from workflows.messages.hire_to_provision import RESCREEN_WORKFORCE
from workflows.messages.workforce import EndAccessResult, RescreenResult


@pytest.fixture
async def staff(temporal: WorkflowEnvironment) -> AsyncIterator[Workforce]:
    world = Workforce(temporal)
    async with world.working():
        yield world


async def test_a_candidate_is_asked_once_and_never_again_when_cleared(staff: Workforce) -> None:
    staff.listed(1)
    assert await staff.rescreen() == RescreenResult(screened=3, raised=1)
    case, task = await staff.task_of("exclusion-candidate")
    assert (task.role, task.facility, task.actions) == ("compliance-officer", "north", ("clear", "stop"))
    evidence = task.subject["evidence"]
    assert evidence["worker_number"] == staff.people[1].worker_number
    assert evidence["hits"][0]["entry"]["family"] == staff.people[1].name.family.upper()
    assert (await staff.rescreen()).raised == 0
    assert (await case.answer(task, "clear", "cleo", comment=" ")).because == "comment-required"
    assert (await case.answer(task, "clear", "cleo", comment="born elsewhere")).status == "applied"
    await case.handle.result()
    (clearing,) = staff.screening.clearings.values()
    assert (clearing.by, clearing.reason, clearing.case_id) == ("cleo", "born elsewhere", task.case_id)
    assert "hits.cleared" in case.kinds()
    assert await staff.rescreen() == RescreenResult(screened=3, raised=0)


async def test_a_changed_entry_is_another_question(staff: Workforce) -> None:
    entry = staff.listed(0)
    await staff.rescreen()
    case, task = await staff.task_of("exclusion-candidate")
    await case.answer(task, "clear", "cleo")
    await case.handle.result()
    staff.exclusions.entries[:] = [entry.model_copy(update={"npi": "1234567893"})]
    assert (await staff.rescreen()).raised == 1


async def test_what_is_confirmed_stays_recorded_and_is_cleared_by_nobody(staff: Workforce) -> None:
    staff.listed(2)
    await staff.rescreen()
    case, task = await staff.task_of("exclusion-candidate")
    await case.answer(task, "stop", "cleo", comment="it is her; removed from duty")
    await case.handle.result()
    assert not staff.screening.clearings
    assert (await staff.rescreen()).raised == 0, "the same question is not asked twice"


async def test_what_was_cleared_before_the_hris_knew_them_is_cleared(staff: Workforce) -> None:
    entry = staff.listed(1)
    hired = staff.people[1]
    key = hit_key(ScreenedPerson(subject=hired.external_id, name=hired.name, birth_date=hired.birth_date), entry)
    await staff.screening.clear(key, "cleo", "not her", hired.external_id, datetime.now(UTC))
    assert (await staff.rescreen()).raised == 0


async def test_nothing_about_a_person_is_in_ids_titles_and_summaries(staff: Workforce) -> None:
    staff.listed(1)
    await staff.rescreen()
    case, task = await staff.task_of("exclusion-candidate")
    described = await case.handle.describe()
    shown = f"{described.id} {await described.static_summary()} {task.title} {task.why} {described.search_attributes}"
    who = staff.people[1]
    assert who.name.family.casefold() not in shown.casefold()
    assert who.worker_id not in shown


async def test_a_list_that_is_missing_old_or_refused_is_told_to_support_once(staff: Workforce) -> None:
    staff.exclusions.lists[:] = [ListState(list_name="LEIE", as_of=staff.today, rows=1, stale=True, trouble="cut off")]
    assert await staff.rescreen() == RescreenResult(screened=3, raised=1)
    _, task = await staff.task_of("exclusion-list-faulty")
    assert task.role == "integration-support"
    assert (await staff.rescreen()).raised == 0
    staff.exclusions.lists.clear()
    assert (await staff.rescreen()).raised == 1
    staff.faults.fail("states", ContractDriftError("exclusion-lists", "list-refused", f"row 7 {staff.name}"), times=1)
    assert await staff.rescreen() == RescreenResult(screened=0, raised=1)


async def test_outages_are_waited_for(staff: Workforce) -> None:
    staff.listed(0)
    for call in ("states", "active", "cleared"):
        staff.faults.fail(call, TemporarilyUnavailableError("outside", "down", "no answer"), times=1)
    assert await staff.rescreen() == RescreenResult(screened=3, raised=1)


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"expires_on": 400}, None),
        ({"expires_on": 20}, "licence-expiring"),
        ({"expires_on": -3}, "licence-barred"),
        ({"status": "revoked"}, "licence-barred"),
        ({"status": "not-checked"}, None),
    ],
)
async def test_licences_that_end_are_told_of(staff: Workforce, over: dict[str, Any], code: str | None) -> None:
    who = staff.people[0]
    claim = LicenceClaim(kind="rn", state="NY", number=f"RN-{staff.mark}", expires_on=date(2020, 1, 1))
    await staff.proven.note(who.external_id, "rn", (claim,))
    days = over.get("expires_on", 400)
    record = {"status": "active", "number": claim.number, "state": "NY", "kind": "rn"}
    ends = staff.today + timedelta(days=days)
    staff.licences.take_in(LicenceRecord.model_validate({**record, **over, "expires_on": ends}))
    assert (await staff.rescreen()).raised == (0 if code is None else 1)
    if code is not None:
        _, task = await staff.task_of(code)
        assert task.role == "credentialing"
        assert (await staff.rescreen()).raised == 0


class Months:
    """A clock (UTC) that a test sets on."""

    def __init__(self) -> None:
        self.passed = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.passed


async def test_a_licence_is_asked_about_by_the_month_in_which_its_end_comes_near(
    temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each month the workforce is screened again: far from its end, within 60 days of it, and after it."""
    months, world = Months(), Workforce(temporal)
    monkeypatch.setattr("worker.wall_clock", months)
    who, number = world.people[0], f"RN-{world.mark}"
    claim = LicenceClaim(kind="rn", state="NY", number=number)
    await world.proven.note(who.external_id, "rn", (claim,))
    days = world.rules.parameters.licence_days + 45
    ends = world.today + timedelta(days=days)
    world.licences.take_in(LicenceRecord(status="active", number=number, state="NY", kind="rn", expires_on=ends))
    raised = []
    async with world.working():
        for month in range(6):
            months.passed = timedelta(days=30 * month)
            raised.append((await world.rescreen()).raised)
            if raised[-1]:
                await world.task_of("licence-expiring" if month < 4 else "licence-barred")
    assert raised == [0, 0, 1, 0, 1, 0]
    assert len(world.asked("licence-expiring")) == len(world.asked("licence-barred")) == 1


async def test_the_schedule_screens_the_workforce_every_thirty_days(staff: Workforce) -> None:
    staff.listed(0)
    name = f"rescreen-{staff.name}"
    plan = Plan(name=name, workflow=RESCREEN_WORKFORCE, every=timedelta(days=30))
    await ensure_schedules(staff.client, staff.task_queue, [plan])
    schedule = staff.client.get_schedule_handle(name)
    coming = (await schedule.describe()).info.next_action_times
    assert {later - sooner for sooner, later in pairwise(coming)} == {timedelta(days=30)}
    assert datetime.now(UTC) < coming[0] <= datetime.now(UTC) + timedelta(days=30)
    with staff.temporal.with_time_skipping_disabled():
        await schedule.trigger()
    _, task = await staff.task_of("exclusion-candidate")
    assert task.role == "compliance-officer"
    await schedule.delete()


async def test_thousands_of_workers_are_gone_through(
    temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Workforce(temporal, staff=330)
    monkeypatch.setattr("activities.workforce.WORKERS_PER_PAGE", 3)  # 110 pages: more than one run goes through
    for number in (0, 150, 329):
        world.listed(number)
    async with world.working():
        assert await world.rescreen() == RescreenResult(screened=330, raised=3)
        assert await world.rescreen() == RescreenResult(screened=330, raised=0)


async def test_access_ends_after_its_last_day_in_the_target_and_in_the_register(staff: Workforce) -> None:
    await staff.lend(0, -2)
    await staff.lend(0, None)
    await staff.lend(1, 3)
    assert await staff.end_access() == EndAccessResult(ended=1)
    assert await staff.groups(0) == ("g-staff",)
    assert await staff.groups(1) == ("g-chart",)
    assert [each.entitlement for each in await staff.access.held(staff.people[0].worker_id)] == ["staff"]
    (entry,) = [each for each in staff.access.entitlements if each.revoked_at is not None]
    assert entry.revoked_by == "corridor: last day passed"
    assert await staff.end_access() == EndAccessResult()


async def test_access_that_cannot_be_ended_is_told_and_the_question_goes_when_it_can(staff: Workforce) -> None:
    await staff.lend(0, -2)
    staff.faults.fail("leave", RefusedError("identity", "target-refused", "not now"), times=2)
    assert await staff.end_access() == EndAccessResult(failed=1)
    case, task = await staff.task_of("access-not-ended")
    assert (task.role, task.facility) == ("integration-support", "north")
    assert await staff.end_access() == EndAccessResult(failed=1)
    assert len(staff.asked("access-not-ended")) == 1
    assert await staff.end_access() == EndAccessResult(ended=1, recovered=1)
    await case.handle.result()
    assert not await staff.access.held(staff.people[0].worker_id)


async def test_a_target_that_is_down_for_a_moment_troubles_nobody(staff: Workforce) -> None:
    await staff.lend(0, -2)
    staff.faults.fail("leave", TemporarilyUnavailableError("identity", "down", "no answer"), times=2)
    assert await staff.end_access(timedelta(minutes=10)) == EndAccessResult(ended=1)
    assert not staff.asked("access-not-ended")


async def test_a_target_that_stays_down_is_told_to_support(staff: Workforce) -> None:
    await staff.lend(0, -2)
    staff.faults.fail("leave", TemporarilyUnavailableError("identity", "down", "no answer"), times=4)
    assert await staff.end_access(timedelta(hours=1)) == EndAccessResult(failed=1)
    await staff.task_of("access-not-ended")
    assert await staff.end_access() == EndAccessResult(ended=1, recovered=1)


async def test_a_target_that_says_done_and_is_not_is_found_out(staff: Workforce) -> None:
    await staff.lend(0, -2)

    async def leave(account_id: str, group: str) -> None:
        """Says nothing and does nothing."""

    staff.identity.leave = leave  # type: ignore[method-assign]  # a target that lies
    assert await staff.end_access() == EndAccessResult(failed=1)
    assert await staff.access.held(staff.people[0].worker_id)
