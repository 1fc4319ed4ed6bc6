"""An outside system is down while many cases need it: they wait, one team is told once, and the urgent go first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.idle_systems import probes_of
from activities.outages import CODE
from adapters.memory.faults import Call, FaultPlan
from api.incidents import TemporalIncidents
from api.starting import Beginning, start_case
from cli.outage_watches import watched
from cli.queue_workers import Bulkheads
from domain.bulkheads import LIMITS, Limit
from domain.circuit import CircuitRules
from domain.exceptions import Finding
from domain.facility import Facility
from domain.outside_errors import TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from domain.requisition import Requisition
from domain.tasks import Task
from tests.fixtures.hurried_retries import HurriedRetries
from tests.fixtures.small_hospital import FACILITY, policy
from tests.fixtures.world import PATIENCE_SECONDS, Case, World
from worker import build_workers
from workflows.messages import procure_to_pay as messages

RULES = CircuitRules(failures=5, cases=3, probe_seconds=0.05, longest_seconds=0.5)
HASTY = CircuitRules(failures=5, cases=3, probe_seconds=0.02, longest_seconds=0.02)
SOON_IDLE = CircuitRules(failures=5, cases=3, probe_seconds=0.05, longest_seconds=0.2, idle_seconds=1)
DOWN = TemporarilyUnavailableError("erp", "unreachable", "no route to host")
URGENCIES = ("routine", "urgent", "emergency")
CASES = 30
REPORT_SECONDS = 0.5


class OnePolicy:
    """Of every facility, on every day."""

    def facilities(self) -> tuple[Facility, ...]:
        return (FACILITY,)

    def effective(self, _facility: str, _on: date) -> FrozenPolicy | None:
        return policy()


class Noting(Interceptor):
    """Notes the cases whose check succeeded, in that order."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.in_vain: list[str] = []

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - theirs
        checked, in_vain = self.checked, self.in_vain

        class Noted(ActivityInboundInterceptor):
            async def execute_activity(self, given: ExecuteActivityInput) -> Any:
                try:
                    result = await super().execute_activity(given)
                except Exception:
                    in_vain.append(str(activity.info().workflow_id))
                    raise
                if activity.info().activity_type == "check_requisition":
                    checked.append(str(activity.info().workflow_id))
                return result

        return Noted(next)


class CountedCalls(FaultPlan):
    """Tells when so many calls were made, of one method where it is named."""

    def __init__(self, count: int, of: str = "") -> None:
        super().__init__()
        self._count, self._of, self.made = count, of, asyncio.Event()

    def begin(self, call: Call) -> Any:
        failure = super().begin(call)
        if len([call for call in self.calls if self._of in ("", call.method)]) >= self._count:
            self.made.set()
        return failure


class Hospital(World):
    """A world with the ERP behind a circuit, and one call to it at a time."""

    def __init__(self, temporal: WorkflowEnvironment) -> None:
        super().__init__(temporal)
        self.noting = Noting()

    def down(self) -> None:
        for method in ("master_data", "health"):
            self.faults.fail(method, DOWN, times=1_000_000)

    @asynccontextmanager
    async def working(self, watch: bool = True, rules: CircuitRules = RULES) -> AsyncIterator[Hospital]:
        bulkheads = Bulkheads(limits={**LIMITS, "erp": Limit(at_once=1)}).guarded(rules)
        others = [self.noting, HurriedRetries()]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(
                build_workers(self.client, self.ports(), bulkheads, self.task_queue, interceptors=others)
            )
            if watch:
                await stack.enter_async_context(
                    watched(
                        self.client,
                        self.task_queue,
                        bulkheads.breakers,
                        self.evidence,
                        OnePolicy(),
                        lambda: datetime.now(UTC),
                        probes_of(self.ports()),
                        REPORT_SECONDS,
                    )
                )
            yield self

    async def submit(self, requisition: Requisition, of: str = "north") -> Case:
        """As the gateway does, with its priority, and its share of what is done for each facility."""
        given = self.input_of(requisition)
        beginning = Beginning(
            workflow=messages.WORKFLOW_NAME,
            case_id=given.case_id,
            process="procure-to-pay",
            facility=of,
            urgency=requisition.urgency,
            summary="a case of many",
        )
        with self.temporal.with_time_skipping_disabled():
            await start_case(self.client, self.task_queue, beginning, given)
        return Case(self, self.client.get_workflow_handle(given.case_id, result_type=messages.PurchaseResult))

    async def all_wait(self, count: int) -> None:
        """Until so many cases wait, and support sees that; one of them may just be tried again."""
        await self.until(lambda: bool(self.outages("open")))
        await self.until(lambda: self.outages("open")[0].subject["evidence"]["waiting"] >= count - 1)

    def exceptions(self) -> list[Task]:
        found = [row.task for tasks in self.evidence._tasks_of_case.values() for row in tasks]
        return [task for task in found if task.kind == "exception"]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with self.evidence.changed:
            await asyncio.wait_for(self.evidence.changed.wait_for(condition), PATIENCE_SECONDS)

    def outages(self, status: str) -> list[Task]:
        return [task for task in self.exceptions() if task.exception_code == CODE and task.status == status]


@pytest.fixture
def hospital(temporal: WorkflowEnvironment) -> Hospital:
    return Hospital(temporal)


async def test_many_cases_wait_one_incident_is_raised_and_the_urgent_go_first(hospital: Hospital) -> None:
    async with hospital.working() as world:
        world.down()
        asked = [world.requisition(urgency=URGENCIES[number % 3]) for number in range(CASES)]
        cases = await asyncio.gather(*map(world.submit, asked))
        await world.all_wait(CASES)
        assert [task.exception_code for task in world.exceptions()] == [CODE]
        (task,) = world.outages("open")
        assert (task.role, task.subject["evidence"]["system"]) == ("integration-support", "erp")
        assert task.subject["evidence"]["last"]["message"] == "no route to host"
        world.faults.heal()
        await world.until(lambda: not world.outages("open"))
        await world.until(lambda: len(world.noting.checked) == CASES)
        assert [task.exception_code for task in world.exceptions()] == [CODE]
    number_of = {case.name: number for number, case in enumerate(cases)}
    order = [number_of[name] % 3 for name in world.noting.checked]
    # Whichever was tried when the system returned, and what its worker held by then, come first.
    assert order[3:] == sorted(order[3:], reverse=True)


async def test_a_facility_with_many_cases_does_not_crowd_out_the_others(hospital: Hospital) -> None:
    async with hospital.working() as world:
        world.down()
        many = await asyncio.gather(*(world.submit(world.requisition()) for _ in range(10)))
        few = await asyncio.gather(*(world.submit(world.requisition(), of="south") for _ in range(2)))
        await world.all_wait(len(many) + len(few))
        world.faults.heal()
        await world.until(lambda: len(world.noting.checked) == len(many) + len(few))
    tried = world.noting.in_vain[-1]  # its next turn is only asked for when those of the others are given
    last = max(world.noting.checked.index(case.name) for case in few if case.name != tried)
    assert last < 3 + 2 * len(few)  # in turns, after what was under way when the system returned


async def test_whoever_takes_over_closes_the_incident_when_the_system_is_back(hospital: Hospital) -> None:
    """The worker that raised it is gone; its successor tries the system before it takes any other work for it."""
    incidents = TemporalIncidents(hospital.client, hospital.evidence, hospital.task_queue)
    left_over = Finding(code=CODE, message="erp has not answered", evidence={"system": "erp"})
    with hospital.temporal.with_time_skipping_disabled():
        await incidents.open("outage-erp", hospital.name, left_over, policy(), datetime.now(UTC))
    case = await hospital.submit(hospital.requisition())
    async with hospital.working(watch=False) as world:
        await world.until(lambda: bool(world.outages("open")))
    async with hospital.working() as world:
        await case.task("approval")
        await world.until(lambda: not world.outages("open"))
    assert [task.exception_code for task in hospital.exceptions()] == [CODE]


async def test_the_incident_of_a_system_that_nobody_uses_closes_when_the_system_is_back(hospital: Hospital) -> None:
    """All who needed it are gone; until it is back it is asked, and then support is told, and work goes through."""
    hospital.faults = calls = CountedCalls(2, of="health")
    async with hospital.working(rules=SOON_IDLE) as world:
        world.down()
        cases = [await world.submit(world.requisition()) for _ in range(3)]
        await world.until(lambda: bool(world.outages("open")))
        for case in cases:
            await case.handle.terminate("nobody needs it any more")
        await asyncio.wait_for(calls.made.wait(), PATIENCE_SECONDS)
        assert world.outages("open")
        tried = len(calls.calls_of("master_data"))
        world.faults.heal()
        await world.until(lambda: not world.outages("open"))
        assert len(calls.calls_of("master_data")) == tried, "no case had to try it"
        late = await world.submit(world.requisition())
        await late.task("approval")
    # Once nothing runs, time passes: whoever was asked about the outage may be reminded of it.
    asked = [task.exception_code for task in world.exceptions() if task.exception_code != "sla-breached"]
    assert asked == [CODE]


async def test_one_case_alone_asks_as_it_always_did(hospital: Hospital) -> None:
    async with hospital.working() as world:
        world.down()
        case = await world.submit(world.requisition())
        task = await case.task("target-unavailable")
        assert task.role == "integration-support"
        assert not world.outages("open")


async def test_a_step_that_keeps_failing_in_an_outage_waits_and_asks_nobody(hospital: Hospital) -> None:
    """More trials than three steps have retries: a case takes the step anew, and says once that it waits."""
    hospital.faults = calls = CountedCalls(3 * 8 + 6)
    async with hospital.working(watch=False, rules=HASTY) as world:
        world.down()
        cases = [await world.submit(world.requisition()) for _ in range(3)]
        await asyncio.wait_for(calls.made.wait(), PATIENCE_SECONDS)
        world.faults.heal()
        await asyncio.gather(*(case.task("approval") for case in cases))
        assert not world.exceptions()
        told = [entry for case in cases for entry in case.entries() if entry.kind == "step.waits"]
        assert 0 < len(told) <= len(cases)
