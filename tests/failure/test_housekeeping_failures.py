"""The failure matrix of what runs at intervals over all cases: sealing the evidence, comparing the list of cases with
the cases, and following what people change in the ERP. Each call of each step fails once, before its effect or after
it, is refused, or meets an answer that it does not know; each step is executed twice, and is given up after its effect.

Nobody is asked about Corridor's own store and about Temporal: they are asked again until they answer. An ERP that does
not let itself be read is an incident, and the next run reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import worker
from activities.ports import Ports
from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.faults import When, with_faults
from adapters.temporal_cases import TemporalCaseMessenger, TemporalRunningCases
from domain.outside_errors import OutsideError
from domain.tasks import Task
from tests.fixtures.failing_calls import EachCallOnce, EachTwice, Row, down, no, strange
from tests.fixtures.failing_worlds import FailingCalls
from tests.fixtures.failure_matrix import rows, steps_of
from tests.fixtures.followed_world import FollowedWorld
from tests.fixtures.given_up import GivenUp
from tests.fixtures.small_hospital import line
from tests.fixtures.world import PATIENCE_SECONDS, Case
from workflows.messages.housekeeping import RECONCILE_CASES, SEAL_EVIDENCE, ReconcileResult, SealResult
from workflows.messages.procure_to_pay import SNAPSHOT, WORKFLOW_NAME
from workflows.steps.erp_changes import ErpChangeSteps
from workflows.steps.housekeeping import HousekeepingSteps

STEPS = {"take_checkpoint", "reconcile_page", "collect_erp_changes"}
ERP = Row("collect_erp_changes", "changes", 1)
"""The one call to an outside system."""


def of_the_house(row: Row) -> bool:
    return row.step in STEPS


class FailingHouse(FailingCalls, FollowedWorld):
    """An ordered case that the list of cases does not show, whose goods somebody receives in the ERP itself."""

    def ports(self) -> Ports:
        return replace(super().ports(), reader=with_faults(self.evidence, self.faults))

    @asynccontextmanager
    async def living(self) -> AsyncIterator[FailingHouse]:
        self.checkpoints = MemoryCheckpoints(self.evidence)

        def messenger(client: Client) -> Any:
            return with_faults(TemporalCaseMessenger(client), self.faults)

        def running(*given: Any) -> Any:
            return with_faults(TemporalRunningCases(*given), self.faults)

        with (
            mock.patch.object(worker, "TemporalCaseMessenger", messenger),
            mock.patch.object(worker, "TemporalRunningCases", running),
        ):
            building = worker.build_worker(
                self.client,
                self.ports(),
                self.task_queue,
                with_faults(self.checkpoints, self.faults),
                timedelta(minutes=-1),
                interceptors=self._interceptors,
            )
        async with building:
            yield self

    async def lived(self) -> None:
        """Each run at least once, and once more, when there is nothing left to do; what is in the books then."""
        await self.collect()
        await self.collect()  # whoever was refused before is not now
        case = await self._ordered()
        (order,) = case.orders()
        await self.by_hand.receive(order.number, {1: "4"})
        await self.collect()
        await case.until(lambda: "goods.booked" in case.kinds())
        await self.collect()
        assert case.kinds().count("erp.changed") == 1
        assert case.orders()[0].received == {1: Decimal(4)}
        await self._compared(case)
        for _ in range(2):
            await self._run(SEAL_EVIDENCE, SealResult)
        assert self.evidence.unsealed == set()
        assert len(self.checkpoints.taken) == 1
        assert (await self.checkpoints.verify()).faults == ()

    async def _ordered(self) -> Case:
        """An order that the supplier has confirmed, of a case that the server lists."""
        case = await self.start(self.requisition(line(quantity="10")))
        await case.decide("approval", "approve", by="carla")
        (order,) = await case.ordered()
        await case.acknowledge(order)
        await case.until(lambda: "order.acknowledged" in case.kinds())
        listed = TemporalRunningCases(self.client, (WORKFLOW_NAME,), SNAPSHOT, self.task_queue)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while case.name not in (await listed.running(datetime.now(UTC) + timedelta(minutes=1), None, 50)).case_ids:
                pass  # each look is a call to the server
        return case

    async def _compared(self, case: Case) -> None:
        """The list of cases has lost it, and shows it again."""
        right, facts = self.evidence.snapshot_of(case.name), len(case.kinds())
        del self.evidence._cases[case.name]
        for _ in range(2):
            await self._run(RECONCILE_CASES, ReconcileResult)
            assert self.evidence.snapshot_of(case.name) == right
        assert len(case.kinds()) == facts, "the list is mended, and not the timeline"

    async def _run(self, name: str, kind: type) -> Any:
        with self.temporal.with_time_skipping_disabled():
            return await self.client.execute_workflow(
                name, id=f"{name}-{self.name}-{next(self._ids)}", task_queue=self.task_queue, result_type=kind
            )

    def asked(self) -> list[Task]:
        """The incidents."""
        cases = [case for case in self.evidence._tasks_of_case if case.startswith("housekeeping")]
        return [task for case in cases for task in self.evidence.all_tasks(case)]


async def test_every_step_has_its_rows(temporal: WorkflowEnvironment) -> None:
    assert steps_of(HousekeepingSteps, ErpChangeSteps) == STEPS
    async with FailingHouse(temporal).living() as world:
        await world.lived()
        assert world.asked() == []
    assert {row.step for row in world.plan.rows if of_the_house(row)} == STEPS


@rows("fails", "answer-lost", of=STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_calls_that_fail_once_leave_no_trace(temporal: WorkflowEnvironment, when: When) -> None:
    async with FailingHouse(temporal, EachCallOnce(down, when, aimed=of_the_house)).living() as world:
        await world.lived()
        assert world.asked() == []
    assert set(world.plan.struck) == {row for row in world.plan.rows if of_the_house(row)}
    assert {row.step for row in world.plan.struck} == STEPS


@rows("refused", "drifted", of=STEPS)
@pytest.mark.parametrize(
    ("error", "code"), [(no, "target-refused"), (strange, "contract-drift")], ids=["refused", "drifted"]
)
async def test_an_erp_that_refuses_is_told_once_and_all_else_is_asked_until_it_answers(
    temporal: WorkflowEnvironment, error: Callable[[Row], OutsideError], code: str
) -> None:
    async with FailingHouse(temporal, EachCallOnce(error, aimed=of_the_house)).living() as world:
        await world.lived()
        (task,) = world.asked()
        assert (task.exception_code, task.role) == (code, "integration-support")
        assert str(ERP) in task.why
    assert {row.step for row in world.plan.struck} == STEPS


@rows("repeated", of=STEPS)
async def test_each_step_that_is_executed_twice_has_one_effect(temporal: WorkflowEnvironment) -> None:
    doubling = EachTwice()
    async with FailingHouse(temporal, interceptors=[doubling]).living() as world:
        await world.lived()
        assert world.asked() == []
    assert set(doubling.names) >= STEPS


@rows("timed-out", of=STEPS)
async def test_each_step_that_is_given_up_after_its_effect_has_it_once(temporal: WorkflowEnvironment) -> None:
    given_up = GivenUp(lambda step: step in STEPS)
    async with FailingHouse(temporal, interceptors=[given_up]).living() as world:
        await world.lived()
        assert world.asked() == []
        await given_up.all_answered()
    assert set(given_up.late) == STEPS
