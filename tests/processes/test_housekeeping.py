"""The housekeeping on a real server: evidence is sealed, and the list of cases says what the cases say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.testing import WorkflowEnvironment

from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.temporal_cases import Plan, TemporalRunningCases, ensure_schedules
from domain.case import CaseSnapshot, Journal
from domain.checkpoints import Checkpoint
from domain.ports.evidence import InvalidCursorError
from tests.fixtures.evidence import a_snapshot
from tests.fixtures.world import PATIENCE_SECONDS, Case, World
from worker import build_worker
from workflows.messages.housekeeping import (
    RECONCILE_CASES,
    SEAL_EVIDENCE,
    CaseDrift,
    ReconcileResult,
    SealResult,
)
from workflows.messages.procure_to_pay import SNAPSHOT, WORKFLOW_NAME

NO_SUCH_CASE = "procure-to-pay.north.NEVER-STARTED"


class WatchedCheckpoints(MemoryCheckpoints):
    """Tells waiting tests that a checkpoint was taken."""

    def __init__(self, world: World) -> None:
        super().__init__(world.evidence, limit=2)
        self.changed = asyncio.Event()

    async def seal(self, taken_at: datetime) -> Checkpoint | None:
        taken = await super().seal(taken_at)
        if taken is not None:
            self.changed.set()
        return taken


class House(World):
    """A world whose worker keeps house, for cases of any age."""

    def __init__(self, temporal: WorkflowEnvironment) -> None:
        super().__init__(temporal)
        self.checkpoints = WatchedCheckpoints(self)

    async def seal(self) -> SealResult:
        result: SealResult = await self._run(SEAL_EVIDENCE, SealResult)
        return result

    async def reconcile(self) -> ReconcileResult:
        result: ReconcileResult = await self._run(RECONCILE_CASES, ReconcileResult)
        return result

    async def _run(self, name: str, kind: type) -> Any:
        with self.temporal.with_time_skipping_disabled():
            return await self.client.execute_workflow(
                name, id=f"{name}-{self.name}-{next(self._ids)}", task_queue=self.task_queue, result_type=kind
            )

    async def waiting_case(self) -> Case:
        """A case that waits for an approval, and that the server's list of running cases has."""
        case = await self.start(self.requisition())
        await case.task("approval")
        cases = TemporalRunningCases(self.client, (WORKFLOW_NAME,), SNAPSHOT, self.task_queue)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while case.name not in await everybody(cases):
                pass  # each look is a call to the server
        return case

    def show(self, case_id: str, shown: CaseSnapshot | None) -> None:
        """Make the list of cases say something else than it should."""
        self.evidence._cases.pop(case_id, None)
        if shown is not None:
            self.evidence._cases[case_id] = shown

    def shown(self, case: Case) -> CaseSnapshot:
        return self.evidence._cases[case.name]


async def everybody(cases: TemporalRunningCases, limit: int = 50) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = await cases.running(datetime.now(UTC) + timedelta(minutes=1), cursor, limit)
        found += page.case_ids
        cursor = page.next_cursor
        if cursor is None:
            return found


def of(result: ReconcileResult, case_id: str) -> list[CaseDrift]:
    """What was found of one case."""
    return [drift for drift in result.drifts if drift.case_id == case_id]


@pytest.fixture
async def house(temporal: WorkflowEnvironment) -> AsyncIterator[House]:
    house = House(temporal)
    grace = timedelta(minutes=-1)
    async with build_worker(house.client, house.ports(), house.task_queue, house.checkpoints, grace):
        yield house


async def test_all_that_changed_is_sealed_and_then_nothing_more(house: House) -> None:
    for _ in range(3):
        await house.waiting_case()
    result = await house.seal()
    assert (result.checkpoints, result.cases) == (2, 3)
    last = house.checkpoints.taken[-1][0]
    assert (result.last_number, result.last_hash) == (last.number, last.hash)
    assert await house.seal() == SealResult()
    assert (await house.checkpoints.verify()).faults == ()


async def test_a_case_that_is_shown_as_it_is_is_left_alone(house: House) -> None:
    case = await house.waiting_case()
    before = house.shown(case)
    result = await house.reconcile()
    assert result.checked >= 2  # from both sides
    assert of(result, case.name) == []
    assert house.shown(case) == before


@pytest.mark.parametrize("drift", ["missing", "closed-too-early", "behind"])
async def test_a_running_case_that_is_shown_wrongly_is_mended_once(house: House, drift: str) -> None:
    case = await house.waiting_case()
    right = house.shown(case)
    entries = len(house.evidence.entries(case.name))
    wrong = {
        "missing": None,
        "closed-too-early": right.model_copy(update={"status": "completed", "version": 0}),
        "behind": right.model_copy(update={"version": 0, "awaiting": "somebody else"}),
    }
    house.show(case.name, wrong[drift])
    result = await house.reconcile()
    assert [(each.drift, each.mended) for each in of(result, case.name)] == [(drift, True)]
    assert house.shown(case) == right
    assert of(await house.reconcile(), case.name) == []
    assert len(house.evidence.entries(case.name)) == entries


async def test_a_case_that_ended_and_is_shown_as_running_is_mended(house: House) -> None:
    case = await house.waiting_case()
    await case.ask_for("withdraw", "nina")
    await case.result()
    right = house.shown(case)
    assert right.status == "withdrawn"
    house.show(case.name, right.model_copy(update={"status": "running", "version": 1}))
    assert [(each.drift, each.mended) for each in of(await house.reconcile(), case.name)] == [("ended", True)]
    assert house.shown(case) == right
    assert of(await house.reconcile(), case.name) == []


async def test_a_case_without_a_workflow_is_reported_and_not_made_up(house: House) -> None:
    case = await house.waiting_case()
    ghost = a_snapshot(NO_SUCH_CASE)
    await house.evidence.record(Journal(snapshot=ghost))
    for _ in range(2):
        result = await house.reconcile()
        assert [(each.drift, each.mended) for each in of(result, NO_SUCH_CASE)] == [("no-workflow", False)]
        assert result.open_drifts >= 1
    assert house.evidence._cases[NO_SUCH_CASE] == ghost
    assert of(result, case.name) == []


async def test_a_young_case_is_left_to_its_first_step(temporal: WorkflowEnvironment) -> None:
    house = House(temporal)
    async with build_worker(house.client, house.ports(), house.task_queue, house.checkpoints, timedelta(hours=1)):
        case = await house.waiting_case()
        house.show(case.name, None)
        assert of(await house.reconcile(), case.name) == []


async def test_running_cases_come_in_pages_and_say_how_they_stand(house: House, client: Client) -> None:
    names = {(await house.waiting_case()).name for _ in range(3)}
    cases = TemporalRunningCases(client, (WORKFLOW_NAME,), SNAPSHOT, house.task_queue)
    found = await everybody(cases, limit=2)
    assert names == set(found)
    assert len(found) == len(set(found))
    one = names.pop()
    account = await cases.account(one)
    assert account is not None
    assert account.case_id == one
    assert await cases.state(one) == "running"
    assert await cases.account(NO_SUCH_CASE) is None
    assert await cases.state(NO_SUCH_CASE) == "unknown"
    with pytest.raises(InvalidCursorError):
        await cases.running(datetime.now(UTC), "a", 1)


async def test_schedules_are_made_once_and_follow_their_plans(house: House, client: Client) -> None:
    name = f"seal-{id(house)}"
    plan = Plan(name=name, workflow=SEAL_EVIDENCE, every=timedelta(days=300))
    await asyncio.gather(*(ensure_schedules(client, house.task_queue, [plan]) for _ in range(3)))
    handle = client.get_schedule_handle(name)
    await handle.pause(note="for the test")
    await ensure_schedules(client, house.task_queue, [plan])
    unchanged = await handle.describe()
    assert unchanged.schedule.state.paused
    await ensure_schedules(client, house.task_queue, [plan.model_copy(update={"every": timedelta(days=200)})])
    changed = (await handle.describe()).schedule
    assert [interval.every for interval in changed.spec.intervals] == [timedelta(days=200)]
    assert changed.state.paused
    assert isinstance(changed.action, ScheduleActionStartWorkflow)
    assert changed.action.task_queue == house.task_queue
    await house.waiting_case()
    await handle.trigger()
    await asyncio.wait_for(house.checkpoints.changed.wait(), PATIENCE_SECONDS)
    await handle.delete()
