"""The failure matrix of what runs at intervals over everybody who works here: each call of each page fails once, before
its effect or after it, is refused, or meets an answer that it does not know; each page is executed twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor

from adapters.memory.faults import When
from domain.outside_errors import OutsideError
from tests.fixtures.failing_calls import EachCallOnce, EachTwice, Row, down, no, steps_of, strange
from tests.fixtures.hurried_retries import HurriedRetries
from tests.fixtures.workforce import Workforce
from worker import build_worker
from workflows.messages.workforce import RescreenResult
from workflows.steps.workforce import WorkforceSteps

STEPS = {"rescreen_page", "end_access_page"}


class FailingWorkforce(Workforce):
    """Three people: one resembles an entry of a list, and one has access whose last day has passed."""

    def __init__(
        self, temporal: WorkflowEnvironment, plan: EachCallOnce | None = None, also: Sequence[Interceptor] = ()
    ) -> None:
        super().__init__(temporal)
        self.plan = plan or EachCallOnce()
        self._also = also

    @asynccontextmanager
    async def living(self) -> AsyncIterator[FailingWorkforce]:
        self.listed(1)
        await self.lend(0, -2)
        await self.lend(0, None)
        self.faults = self.plan
        interceptors = [HurriedRetries(patient=True), *self._also]
        async with build_worker(self.client, self.ports(), self.task_queue, interceptors=interceptors):
            yield self

    async def lived(self, patience: timedelta = timedelta(0)) -> tuple[RescreenResult, tuple[int, int]]:
        """Both runs, and one more of each: what became of everybody by then. `patience` is what the first run has with
        targets that do not answer."""
        first = await self.rescreen()
        ended = await self.end_access(patience)
        again, more = await self.rescreen(), await self.end_access()
        assert again == RescreenResult(screened=3, raised=0), "what was asked is not asked again"
        assert await self.groups(0) == ("g-staff",)
        assert [each.entitlement for each in await self.access.held(self.people[0].worker_id)] == ["staff"]
        assert sum(each.revoked_at is not None for each in self.access.entitlements) == 1
        assert len(self.asked("exclusion-candidate")) == 1
        return first, (ended.ended + more.ended, more.failed)


WHOLE = (RescreenResult(screened=3, raised=1), (1, 0))


def of_a_page(row: Row) -> bool:
    return row.step in STEPS


async def test_every_step_has_its_row(temporal: WorkflowEnvironment) -> None:
    assert steps_of(WorkforceSteps) == STEPS
    async with FailingWorkforce(temporal).living() as world:
        assert await world.lived() == WHOLE
    assert {row.step for row in world.plan.rows if of_a_page(row)} == STEPS


@pytest.mark.parametrize("when", ["before", "after"])
async def test_calls_that_fail_once_leave_everybody_as_they_should_be(
    temporal: WorkflowEnvironment, when: When
) -> None:
    async with FailingWorkforce(temporal, EachCallOnce(down, when, aimed=of_a_page)).living() as world:
        first, _ = await world.lived(timedelta(hours=1))
    assert (first.screened, len(world.asked("exclusion-candidate"))) == (3, 1)
    assert {row.step for row in world.plan.struck} == STEPS


@pytest.mark.parametrize(
    ("error", "code"), [(no, "target-refused"), (strange, "contract-drift")], ids=["refused", "drifted"]
)
async def test_a_screening_that_breaks_off_is_told_once_and_the_next_one_screens_everybody(
    temporal: WorkflowEnvironment, error: Callable[[Row], OutsideError], code: str
) -> None:
    def of_the_hris(row: Row) -> bool:
        return (row.step, row.method) == ("rescreen_page", "active")

    async with FailingWorkforce(temporal, EachCallOnce(error, aimed=of_the_hris, times=2)).living() as world:
        assert await world.rescreen() == RescreenResult(screened=0, raised=1)
        assert await world.rescreen() == RescreenResult(screened=0, raised=0)
        assert await world.rescreen() == RescreenResult(screened=3, raised=1)
        _, task = await world.task_of(code)
        assert task.role == "integration-support"


@pytest.mark.parametrize(("error", "when"), [(None, "before"), (down, "before"), (down, "after"), (no, "before")])
async def test_whoever_is_confirmed_to_be_excluded_is_shut_out_whatever_fails(
    temporal: WorkflowEnvironment, error: Callable[[Row], OutsideError] | None, when: When
) -> None:
    """The rows of `shut_worker`: what is refused is asked about, each call once."""

    def shuts(row: Row) -> bool:
        return row.step == "shut_worker" and row.method != "record"

    async with FailingWorkforce(temporal, EachCallOnce(error, when, aimed=shuts)).living() as world:
        await world.lend(1, None)
        held = await world.access.account_of("identity", world.people[1].worker_id)
        assert held is not None
        await world.identity.enable(held.account_id)
        await world.rescreen()
        case, task = await world.task_of("exclusion-candidate")
        await case.answer(task, "stop", "cleo", comment="it is her")
        for _ in range(3 if error is no else 0):  # the register, the account, its disabling
            await case.decide("target-refused", "retry", "ines")
        await case.handle.result()
        assert not world.identity.login_possible(held.user_name)
        assert case.kinds().count("worker.shut-out") == 1
        assert len(world.plan.struck) == (0 if error is None else 3)


async def test_each_page_that_is_executed_twice_has_one_effect(temporal: WorkflowEnvironment) -> None:
    doubling = EachTwice()
    async with FailingWorkforce(temporal, also=[doubling]).living() as world:
        assert (await world.lived())[0].raised == 1
    assert {step for step, _ in doubling.inputs} >= STEPS
