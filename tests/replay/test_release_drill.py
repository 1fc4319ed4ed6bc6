"""A release on a real server while cases run: ramped, made current, rolled back, and made current again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from adapters.memory.checkpoints import MemoryCheckpoints
from cli.case_runners import plain
from cli.queue_workers import Bulkheads
from cli.releases import Deployment, Held
from cli.replaying import query_of, replay_cases
from cli.versions import version_of
from domain.checkpoints import Checkpoint
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.next_release import PATCH, CarefulPurchase, CarelessPurchase, OtherSeal
from tests.fixtures.world import PATIENCE_SECONDS, Case, World
from tests.replay.recorded import patches_of
from tests.replay.scripts import at_rest
from worker import build_worker, build_workers
from workflows.housekeeping import SealEvidence
from workflows.messages.housekeeping import SEAL_EVIDENCE
from workflows.messages.procure_to_pay import WORKFLOW_NAME
from workflows.procure_to_pay import ProcureToPay

NOW, NEXT = "2026-11", "2026-12"
# By their names the server chooses a version for them: with these it takes both, whenever it is asked.
RAMPED = [f"RAMPED-{number}" for number in range(1, 9)]
SPREADING_SECONDS = 120
PRESENT = (ProcureToPay, SealEvidence)
CAREFUL = (CarefulPurchase, OtherSeal)
CARELESS = (CarelessPurchase, OtherSeal)
_DRILLS = itertools.count(1)


class ClosedCheckpoints(MemoryCheckpoints):
    """Takes no checkpoint while it is not opened. Each try is answered at once: nothing depends on signs of life."""

    def __init__(self, world: World) -> None:
        super().__init__(world.evidence)
        self.asked, self.opened = asyncio.Event(), True

    async def seal(self, taken_at: datetime) -> Checkpoint | None:
        self.asked.set()
        if not self.opened:
            raise TemporarilyUnavailableError("evidence", "closed", "not now")
        return await super().seal(taken_at)


class Drill(World):
    """A house whose workers have versions."""

    def __init__(self, temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(temporal)
        self.checkpoints = ClosedCheckpoints(self)
        self.deployment = Deployment(self.client, f"drill-{next(_DRILLS)}")
        self._monkeypatch = monkeypatch

    @asynccontextmanager
    async def version(self, build_id: str, processes: Iterable[type]) -> AsyncIterator[None]:
        """A worker of that version, which runs that code."""
        version = version_of(self.deployment.name, build_id)
        with self._monkeypatch.context() as patched:
            patched.setattr("worker.processes", lambda *_: list(processes))
            worker = build_worker(
                self.client, self.ports(), self.task_queue, self.checkpoints, deployment_config=version
            )
        async with worker:
            yield

    async def waiting(self, *numbers: str) -> list[Case]:
        """Purchases that wait for their approval."""
        cases = [await self.start(self.requisition(number=number)) for number in numbers]
        await asyncio.gather(*(case.task("approval") for case in cases))
        await asyncio.gather(*(at_rest(case.handle) for case in cases))
        return cases

    async def sealing(self) -> WorkflowHandle[object, object]:
        """A run of the short process, in the middle of its step."""
        with self.temporal.with_time_skipping_disabled():
            handle = await self.client.start_workflow(SEAL_EVIDENCE, id=f"seal-{self.name}", task_queue=self.task_queue)
        await asyncio.wait_for(self.checkpoints.asked.wait(), PATIENCE_SECONDS)
        return handle

    async def until_runs_go_to(self, build_id: str) -> None:
        """Until a run that begins now runs under that version: the server spreads the word to its queues first."""
        async with asyncio.timeout(SPREADING_SECONDS):
            while True:
                with self.temporal.with_time_skipping_disabled():
                    run = await self.client.start_workflow(
                        SEAL_EVIDENCE, id=f"probe-{self.name}-{next(self._ids)}", task_queue=self.task_queue
                    )
                if await began_under(run) == build_id:
                    return

    async def listed(self, cases: Iterable[Case]) -> None:
        """Until the server's list of open cases has them all: it has them a moment after their start."""
        missing = {case.name for case in cases}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while missing:
                found = [each.id async for each in self.client.list_workflows(query_of([WORKFLOW_NAME]))]
                missing -= set(found)

    async def would_get_stuck(self, code: tuple[type, ...], cases: Iterable[Case]) -> set[str]:
        wanted = " OR ".join(f"WorkflowId = '{case.name}'" for case in cases)
        return {each.case_id async for each in replay_cases(self.client, wanted, processes=code) if each.failure}


@pytest.fixture
def drill(temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch) -> Drill:
    return Drill(temporal, monkeypatch)


async def versions_of(handle: WorkflowHandle[object, object]) -> list[str]:
    """Under which versions a case ran, in order."""
    found: list[str] = []
    for event in (await handle.fetch_history()).events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            ran = event.workflow_task_completed_event_attributes.deployment_version.build_id
            found += [ran] if found[-1:] != [ran] else []
    return found


async def began_under(run: WorkflowHandle[object, object]) -> str:
    """Under which version a run began, once it has."""
    while True:
        went = await versions_of(run)
        if went:
            return went[0]
        await asyncio.sleep(0.05)  # the server tells only when it is asked


async def patched(case: Case) -> bool:
    return PATCH in set(patches_of(await case.handle.fetch_history()))


async def withdrawn(*cases: Case) -> None:
    assert {await case.ask_for("withdraw", "nina") for case in cases} == {"applied"}
    assert {(await case.result()).status for case in cases} == {"withdrawn"}


def names(cases: Iterable[Case | Held]) -> set[str]:
    return {each.name if isinstance(each, Case) else each.case_id for each in cases}


async def test_a_changed_process_is_ramped_made_current_rolled_back_and_made_current_again(drill: Drill) -> None:
    deployment = drill.deployment
    async with drill.version(NOW, PRESENT):
        await deployment.make_current(NOW)
        old = await drill.waiting("OLD-1", "OLD-2")
        assert [await versions_of(case.handle) for case in old] == [[NOW], [NOW]]
        assert await drill.would_get_stuck(CAREFUL, old) == set()

        async with drill.version(NEXT, CAREFUL):
            # Ramped: of the new cases some run under the one, some under the other.
            await deployment.ramp(NEXT, 50)
            await drill.until_runs_go_to(NEXT)
            ramped = await drill.waiting(*RAMPED)
            went = [(await versions_of(case.handle))[0] for case in ramped]
            assert 0 < went.count(NEXT) < len(RAMPED)
            assert [await patched(case) for case in ramped] == [version == NEXT for version in went]

            # Current: cases move on, by the old way of the patch.
            await deployment.make_current(NEXT)
            await drill.until_runs_go_to(NEXT)
            await withdrawn(old[0])
            assert await versions_of(old[0].handle) == [NOW, NEXT]
            assert not await patched(old[0])

            # Rolled back: what went through the patch is held, everything else goes back.
            await drill.listed([*ramped, old[1]])
            held = await deployment.roll_back(NOW, PRESENT)
            await drill.until_runs_go_to(NOW)
            young = [case for case, version in zip(ramped, went, strict=True) if version == NEXT]
            assert names(held) & names([*ramped, *old]) == names(young)
            assert {each.build_id for each in held} == {NEXT}
            (fresh,) = await drill.waiting("FRESH")
            assert await versions_of(fresh.handle) == [NOW]
            await withdrawn(young[0], old[1])
            assert await versions_of(young[0].handle) == [NEXT]
            assert (await versions_of(old[1].handle))[-1] == NOW

            # Current again: what was held may move, and everything comes to its end.
            freed, kept = await deployment.free(PRESENT)
            assert (freed, names(kept)) == (0, names(young[1:]))
            await deployment.make_current(NEXT)
            await drill.until_runs_go_to(NEXT)
            freed, kept = await deployment.free(CAREFUL)
            assert (freed, kept) == (len(young) - 1, ())
            await withdrawn(*(case for case in ramped if case is not young[0]), fresh)
            assert (await versions_of(fresh.handle)) == [NOW, NEXT]
            standing = await deployment.standing()
            assert (standing.current, standing.ramping) == (NEXT, "")


async def stuck(case: Case) -> None:
    """Until the server has seen the case fail under code that does not fit it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for event in (await case.handle.fetch_history()).events:
                cause = event.workflow_task_failed_event_attributes.cause
                if cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR:
                    return
            await asyncio.sleep(0.1)  # the server tells only when it is asked


async def test_a_change_without_a_patch_is_foreseen_and_a_rollback_loses_no_case(drill: Drill) -> None:
    deployment = drill.deployment
    async with drill.version(NOW, PRESENT):
        await deployment.make_current(NOW)
        (case,) = await drill.waiting("CARELESS")
        assert await drill.would_get_stuck(CARELESS, [case]) == {case.name}
        async with drill.version(NEXT, CARELESS):
            await deployment.make_current(NEXT)
            await drill.until_runs_go_to(NEXT)
            task = await case.task("approval")
            withdrawing = asyncio.create_task(case.ask_for("withdraw", "nina"))
            await stuck(case)
            await drill.listed([case])
            assert names(await deployment.roll_back(NOW, PRESENT)).isdisjoint({case.name})
            await withdrawing
            assert (await case.result()).status == "withdrawn"
            assert task.task_id in {each.task_id for each in case.tasks()}
            assert await versions_of(case.handle) == [NOW]


async def test_a_short_process_ends_under_the_version_that_it_began_with(drill: Drill) -> None:
    """Its next version would stand still on it: it is another one, without a patch."""
    async with drill.version(NOW, PRESENT):
        await drill.deployment.make_current(NOW)
        async with drill.version(NEXT, CAREFUL):
            drill.checkpoints.opened = False
            sealing = await drill.sealing()
            await drill.deployment.make_current(NEXT)
            await drill.until_runs_go_to(NEXT)
            drill.checkpoints.opened = True
            await asyncio.wait_for(sealing.result(), PATIENCE_SECONDS)
            assert await versions_of(sealing) == [NOW]


async def test_workers_without_a_version_serve_short_processes_too(drill: Drill) -> None:
    """Nothing is said of versions then: the server would refuse it."""
    async with build_worker(drill.client, drill.ports(), drill.task_queue, drill.checkpoints):
        handle = await drill.sealing()
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        assert await versions_of(handle) == [""]


async def test_workers_with_a_queue_for_each_system_are_one_version(drill: Drill) -> None:
    """The server hears of the version from all of their queues, and lets cases go through all of them."""
    drill.name = f"queues-{drill.name}"
    version = version_of(drill.deployment.name, NOW)
    async with build_workers(
        drill.client, drill.ports(), Bulkheads(), drill.task_queue, runner=plain, deployment_config=version
    ):
        await drill.deployment.make_current(NOW)
        (case,) = await drill.waiting("QUEUES")
        await case.decide("approval", "approve", by="carla")
        (order,) = await case.ordered()
        await case.fulfil(order)
        assert (await case.result()).status == "completed"
        assert await versions_of(case.handle) == [NOW]


async def test_the_server_refuses_a_version_of_which_it_has_not_heard(drill: Drill) -> None:
    impatient = Deployment(drill.client, f"{drill.deployment.name}-nowhere", patience=timedelta(0))
    with pytest.raises(RPCError):
        await impatient.make_current(NEXT)
