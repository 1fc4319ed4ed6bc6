"""Corrections, rescissions and wrong decisions in every stage of a hire: none is lost, none counts twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.hire import HireEnd
from tests.fixtures.hire_world import HireCase, HireWorld
from workflows.messages import hire_to_provision as messages

Stage = Callable[[HireWorld], Awaitable[HireCase]]


async def identification(hires: HireWorld) -> HireCase:
    case = await hires.start_hire(hires.hire(given="Li", family="Wei", birth_date=None))
    await case.task("rehire-candidate")
    return case


async def planning(hires: HireWorld) -> HireCase:
    case = await hires.start_hire(hires.hire(position="P-9"))
    await case.task("position-unavailable")
    return case


async def approval(hires: HireWorld) -> HireCase:
    case = await hires.start_hire(hires.hire())
    await case.task("owner")
    return case


async def provisioning(hires: HireWorld) -> HireCase:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    return case


async def day_one(hires: HireWorld) -> HireCase:
    case = await provisioning(hires)
    await case.to_start_day()
    await case.until(lambda: bool(case.account().active))
    await case.task("arrival")
    return case


async def probation(hires: HireWorld) -> HireCase:
    case = await day_one(hires)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.task("i9-2")
    return case


STAGES: tuple[Stage, ...] = (identification, planning, approval, provisioning, day_one, probation)


def named(stage: Stage) -> str:
    return getattr(stage, "__name__", "stage")


async def nothing_left(hires: HireWorld, case: HireCase) -> None:
    worker = await case.worker()
    assert worker is None or worker.status in ("rescinded", "ended")
    assert not hires.identity.everything
    assert worker is None or not await hires.access.held(worker.worker_id)
    assert not [task for task in case.tasks() if task.status == "open"]


@pytest.mark.parametrize("stage", STAGES, ids=named)
async def test_a_rescission_leaves_nothing_in_any_stage(hires: HireWorld, stage: Stage) -> None:
    case = await stage(hires)
    assert await case.ask_for("rescind", "hanna") == "applied"
    assert await case.ask_for("rescind", "hanna") == "case-closed"
    if case.states().get("badge") == "done":
        await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    await nothing_left(hires, case)


@pytest.mark.parametrize("stage", STAGES, ids=named)
async def test_a_correction_is_taken_over_in_any_stage(hires: HireWorld, stage: Stage) -> None:
    case = await stage(hires)
    before = await hires.hris.find(case.name)
    asked = [task.task_id for task in case.tasks() if task.status == "open"]
    corrected = hires.hire(number=case.name.rpartition(".")[2], given="Li", family="Wei-Lang", title="Senior nurse")
    if before is not None:
        corrected = corrected.model_copy(
            update={
                "person": corrected.person.model_copy(update={"name": before.name, "birth_date": before.birth_date})
            }
        )
    assert await case.ask_for("correct-hire", "hanna", hire=corrected) == "applied"
    if before is None:
        await case.until(lambda: not [task for task in case.tasks() if task.status == "open" and task.task_id in asked])
        await case.decide("owner", "approve")
        await case.reached(identity_account="done")
    await case.until(lambda: case.account().title == "Senior nurse")
    worker = await case.worker()
    assert worker is not None and worker.title == "Senior nurse"
    assert "Senior nurse" in hires.evidence.snapshot_of(case.name).title


@pytest.mark.parametrize("stage", [approval, provisioning, day_one], ids=named)
async def test_a_rescission_overtakes_a_correction_that_waits(hires: HireWorld, stage: Stage) -> None:
    case = await stage(hires)
    hire = hires.hire(number=case.name.rpartition(".")[2], position="P-9")
    assert await case.ask_for("correct-hire", "hanna", hire=hire) == "applied"
    await case.task("position-unavailable")
    end = HireEnd(change_id="hr-end", kind="rescinded", reason="no", by="hanna", received_at=datetime.now(UTC))
    for _ in range(2):
        await case.handle.signal(messages.HIRE_ENDED, end)
    if case.states().get("badge") == "done":
        await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    await nothing_left(hires, case)


# Decisions


async def test_one_approval_counts_once_whoever_repeats_it(hires: HireWorld) -> None:
    case = await approval(hires)
    task = await case.task("owner")
    first = await case.answer(task, "approve", "carla", decision_id="decision-0001")
    assert first.status == "applied"
    again = await case.answer(task, "reject", "carla", decision_id="decision-0001")
    assert (again.status, again.decision.action) == ("applied", "approve"), "the first content of one id stands"
    late = await case.answer(task, "reject", "dora", decision_id="decision-0002")
    assert late.status == "ignored"
    await case.reached(worker="done")


@pytest.mark.parametrize("person", ["nina", "bo", "mia", "hanna"])
async def test_nobody_approves_who_is_not_entitled(hires: HireWorld, person: str) -> None:
    case = await approval(hires)
    task = await case.task("owner")
    assert (await case.answer(task, "approve", person)).status == "ignored"
    assert await case.worker() is None


async def test_only_the_manager_or_hr_say_who_came(hires: HireWorld) -> None:
    case = await day_one(hires)
    task = await case.task("arrival")
    for person in ("nina", "ivan", "max"):
        assert (await case.answer(task, "no-show", person)).because == "not-authorised"
    assert case.account().active
    assert (await case.answer(task, "confirm-arrival", "mia")).status == "applied"
    assert (await case.answer(task, "no-show", "mia")).status == "ignored"
    await case.reached(arrival="done")


@pytest.mark.parametrize(("code", "wrong"), [("rehire-candidate", "ivan"), ("position-unavailable", "ida")])
async def test_an_exception_is_answered_by_its_owner_only(hires: HireWorld, code: str, wrong: str) -> None:
    case = await (identification if code == "rehire-candidate" else planning)(hires)
    task = await case.task(code)
    assert (await case.answer(task, "cancel", wrong)).because == "not-authorised"
    assert (await case.answer(task, "cancel", "nina")).status == "ignored"
    if code == "rehire-candidate":
        stranger = await case.answer(task, "revive", "ida", hire={"worker_id": "wid-100002"})
        assert stranger.because == "worker-unknown"


# The day


async def test_a_start_that_is_moved_over_the_change_of_clocks_opens_at_local_midnight(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    change = date(hires.start_on.year + (hires.start_on.month > 2), 3, 8)
    change += timedelta(days=(6 - change.weekday()) % 7)  # the second Sunday of March
    monday = change + timedelta(days=1)
    assert await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"start_on": monday})) == "applied"
    await case.until(lambda: "plan.changed" in case.kinds() or "start-date-implausible" in str(case.tasks()))
    if "plan.changed" not in case.kinds():
        await case.decide("start-date-implausible", "accept")
        await case.until(lambda: "plan.changed" in case.kinds())
    began = (await case.handle.describe()).start_time
    midnight = datetime(monday.year, monday.month, monday.day, 4, tzinfo=UTC)  # EDT is four hours behind, EST was five
    await case.skip(midnight - timedelta(minutes=30) - began)
    assert not case.account().active
    await case.skip(timedelta(minutes=45))
    await case.until(lambda: bool(case.account().active))
