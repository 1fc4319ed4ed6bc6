"""A hire is rescinded while a step of it fails, whichever that is: afterwards nothing is left of it anywhere.

Refused: the step had no effect. Blind: it had its effect, and from then on it is answered nothing, so that no try of it
ever found out. The rows are the steps at which a hire may be rescinded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from adapters.memory.faults import Call, FaultPlan
from domain.business_time import start_of_day
from tests.fixtures.failing_calls import EachCallOnce, Row, down, no
from tests.fixtures.failing_hires import FailingHires, ready
from tests.fixtures.failure_matrix import named, rows
from tests.fixtures.hire_world import HireCase
from tests.fixtures.small_hospital import FACILITY

WORLDS_AT_ONCE = 3
Story = Callable[[FailingHires], Awaitable[HireCase]]


class SilentAfterEffect(EachCallOnce):
    """The answer of one call is lost after its effect, and then no call of its step is answered any more."""

    def __init__(self, effect: Row) -> None:
        super().__init__()
        self._effect = effect

    def begin(self, call: Call) -> Any:
        info = activity.info()
        if named(info.activity_type, str(info.workflow_type)) == self._effect.step:
            if self.struck:
                self.fail(call.method, down(self._effect))
            elif call.method == self._effect.method:
                self.struck.append(self._effect)
                self.fail(call.method, down(self._effect), when="after")
        return FaultPlan.begin(self, call)


async def submitted(world: FailingHires) -> HireCase:
    return await world.hired(1, "Rescindo")


async def approved(world: FailingHires) -> HireCase:
    case = await submitted(world)
    await case.decide("owner", "approve")
    return case


async def on_start_day(world: FailingHires) -> HireCase:
    case = await submitted(world)
    await ready(case)
    await _until_begins(case, world.start_on)
    return case


async def arrived(world: FailingHires) -> HireCase:
    case = await submitted(world)
    await ready(case)
    await case.to_start_day()
    await case.until(lambda: "account.open" in case.kinds())
    await case.decide("arrival", "confirm-arrival", "mia")
    return case


async def at_work(world: FailingHires) -> HireCase:
    case = await arrived(world)
    await case.decide("i9-2", "complete")
    await case.reached(i9_2="done")
    check = case.planned("check").from_on
    assert check is not None
    await _until_begins(case, check)
    return case


async def _until_begins(case: HireCase, day: date) -> None:
    """And not longer: what fails is tried again every ten minutes, all day."""
    await case.to(start_of_day(day, FACILITY.calendar) + timedelta(minutes=5))


RESCINDED: dict[Row, Story] = {
    Row("identify_person", "candidates", 1): submitted,
    Row("plan_hire", "reference", 1): submitted,
    Row("prepare_worker", "prepare", 1): approved,
    Row("record_employee", "record_employee", 1): approved,
    Row("create_account", "create", 1): approved,
    Row("grant_access", "join", 1): approved,
    Row("check_credential", "look_up", 1): approved,
    Row("screen_person", "entries_like", 1): approved,
    Row("enable_account", "enable", 1): on_start_day,
    Row("begin_worker", "begin", 1): arrived,
    Row("check_access", "accounts", 1): at_work,
}
"""The effect of each step, or what it asks where it has none, and how a hire comes there."""
STEPS = {row.step for row in RESCINDED}
BEGUN = {"begin_worker", "check_access"}
"""After these the person may have worked here: the HRIS keeps them, and their employment has ended."""


pytestmark = pytest.mark.usefixtures("quiet_steps")


@rows("undone", of=STEPS)
async def test_rescinding_while_a_step_is_refused_leaves_a_clean_slate(temporal: WorkflowEnvironment) -> None:
    await _each(temporal, lambda row: EachCallOnce(no, aimed=lambda made: made == row))


@rows("undone-blind", of=STEPS)
async def test_rescinding_when_nobody_knows_what_was_done_leaves_a_clean_slate(temporal: WorkflowEnvironment) -> None:
    await _each(temporal, SilentAfterEffect)


async def _each(temporal: WorkflowEnvironment, plan: Callable[[Row], EachCallOnce]) -> None:
    turn = asyncio.Semaphore(WORLDS_AT_ONCE)

    async def one(row: Row) -> None:
        async with turn, FailingHires(temporal, plan(row), patient=False).living() as world:
            await _rescinded(world, row)

    async with asyncio.TaskGroup() as group:
        for row in RESCINDED:
            group.create_task(one(row))


async def _rescinded(world: FailingHires, row: Row) -> None:
    case = await RESCINDED[row](world)
    await case.until(lambda: bool(world.failed(case.name)))
    assert {task.subject["evidence"]["message"] for task in world.failed(case.name)} == {str(row)}
    assert await case.ask_for("rescind", "hanna") == "applied", row
    if case.states().get("badge") == "done":
        await case.decide("badge", "complete", comment="badge destroyed")
    assert (await case.outcome()).status == "rescinded", row
    await _assert_clean(world, case, row)


async def _assert_clean(world: FailingHires, case: HireCase, row: Row) -> None:
    """In the systems themselves, and in what Corridor remembers of them."""
    worker = await world.hris.find(case.name)
    gone = ("rescinded", "ended") if row.step in BEGUN else ("rescinded",)
    assert worker is None or worker.status in gone, row
    employee = await world.employees.find_employee(worker.worker_number) if worker else None
    assert employee is None or not employee.active, row
    assert list(world.identity.everything) == [], row
    assert not world.access._accounts, row
    assert [each for each in world.access.entitlements if each.revoked_at is None] == [], row
    assert [task for task in case.tasks() if task.status == "open"] == [], row
    assert case.kinds()[-1] == "case.closed", row
