"""The failure matrix of what runs at intervals over everybody who works here: each call of each page fails once, before
its effect or after it, is refused, or meets an answer that it does not know; each page is executed twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.memory.faults import When
from domain.outside_errors import OutsideError
from tests.fixtures.failing_calls import EachCallOnce, EachTwice, Row, down, no, strange
from tests.fixtures.failing_worlds import FailingCalls
from tests.fixtures.failure_matrix import rows, shared_by, steps_of
from tests.fixtures.given_up import GivenUp
from tests.fixtures.workforce import Workforce
from worker import build_worker
from workflows.messages.incident import WORKFLOW_NAME as INCIDENT
from workflows.messages.workforce import RescreenResult
from workflows.steps.workforce import WorkforceSteps

STEPS = {"rescreen_page", "end_access_page"}
OF_INCIDENTS = {"shut_worker", *shared_by(INCIDENT)}


class FailingWorkforce(FailingCalls, Workforce):
    """Three people: one resembles an entry of a list, and one has access whose last day has passed."""

    @asynccontextmanager
    async def living(self) -> AsyncIterator[FailingWorkforce]:
        self.listed(1)
        await self.lend(0, -2)
        await self.lend(0, None)
        async with build_worker(self.client, self.ports(), self.task_queue, interceptors=self._interceptors):
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


@rows("fails", "answer-lost", of=STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_calls_that_fail_once_leave_everybody_as_they_should_be(
    temporal: WorkflowEnvironment, when: When
) -> None:
    async with FailingWorkforce(temporal, EachCallOnce(down, when, aimed=of_a_page)).living() as world:
        first, _ = await world.lived(timedelta(hours=1))
    assert (first.screened, len(world.asked("exclusion-candidate"))) == (3, 1)
    assert {row.step for row in world.plan.struck} == STEPS


@rows("refused", "drifted", of={"rescreen_page"})
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


@rows("refused", "drifted", of={"end_access_page"})
@pytest.mark.parametrize("error", [no, strange], ids=["refused", "drifted"])
async def test_access_that_cannot_be_ended_is_told_once_and_ended_by_a_later_run(
    temporal: WorkflowEnvironment, error: Callable[[Row], OutsideError]
) -> None:
    def of_the_target(row: Row) -> bool:
        return (row.step, row.method) == ("end_access_page", "leave")

    async with FailingWorkforce(temporal, EachCallOnce(error, aimed=of_the_target, times=2)).living() as world:
        for _ in range(2):
            ended = await world.end_access()
            assert (ended.ended, ended.failed) == (0, 1)
        case, task = await world.task_of("access-not-ended")
        assert str(Row("end_access_page", "leave", 1)) in task.why
        assert (await world.end_access()).ended == 1
        await case.handle.result()
        assert await world.groups(0) == ("g-staff",)
        assert [each.status for each in world.asked("access-not-ended")] == ["cancelled"]


async def shut_out(world: FailingWorkforce, *asked: str) -> None:
    """Somebody is confirmed to be excluded, and no system lets them in any more, whatever fails meanwhile; `asked` are
    the questions on the way there. Nothing is undone."""
    await world.lend(1, None)
    held = await world.access.account_of("identity", world.people[1].worker_id)
    assert held is not None
    await world.identity.enable(held.account_id)
    await world.rescreen()
    case, task = await world.task_of("exclusion-candidate")
    await case.answer(task, "stop", "cleo", comment="it is her")
    for code in asked:
        await case.decide(code, "retry", "ines")
    await case.handle.result()
    assert not world.identity.login_possible(held.user_name)
    assert case.kinds().count("worker.shut-out") == 1
    assert case.kinds().count("case.closed") == 1


def shuts(row: Row) -> bool:
    return row.step in OF_INCIDENTS


@rows("fails", "answer-lost", "refused", "drifted", of=OF_INCIDENTS)
@pytest.mark.parametrize(
    ("error", "when", "asked"),
    [
        (None, "before", ""),
        (down, "before", ""),
        (down, "after", ""),
        (no, "before", "target-refused"),
        (strange, "before", "contract-drift"),
    ],
)
async def test_whoever_is_confirmed_to_be_excluded_is_shut_out_whatever_fails(
    temporal: WorkflowEnvironment, error: Callable[[Row], OutsideError] | None, when: When, asked: str
) -> None:
    """What is refused is asked about, each call once: the register, the account, its disabling. The own store is asked
    again."""
    async with FailingWorkforce(temporal, EachCallOnce(error, when, aimed=shuts)).living() as world:
        await shut_out(world, *[asked] * 3 if asked else ())
    struck = world.plan.struck
    assert {row.step for row in struck} == (set() if error is None else OF_INCIDENTS)
    outside = [row for row in struck if row.step == "shut_worker" and row.method != "record"]
    assert len(outside) == (0 if error is None else 3)


@rows("repeated", of=OF_INCIDENTS)
async def test_each_step_of_an_incident_that_is_executed_twice_has_one_effect(temporal: WorkflowEnvironment) -> None:
    doubling = EachTwice()
    async with FailingWorkforce(temporal, interceptors=[doubling]).living() as world:
        await shut_out(world)
    assert set(doubling.names) >= OF_INCIDENTS


@rows("timed-out", of=OF_INCIDENTS | STEPS)
@pytest.mark.parametrize("steps", [OF_INCIDENTS, STEPS], ids=["incidents", "pages"])
async def test_each_step_that_is_given_up_after_its_effect_has_it_once(
    temporal: WorkflowEnvironment, steps: set[str]
) -> None:
    given_up = GivenUp(lambda step: step in steps)
    async with FailingWorkforce(temporal, interceptors=[given_up]).living() as world:
        if steps is STEPS:
            await world.lived()
        else:
            await shut_out(world)
        await given_up.all_answered()
    assert set(given_up.late) == steps


@rows("repeated", of=STEPS)
async def test_each_page_that_is_executed_twice_has_one_effect(temporal: WorkflowEnvironment) -> None:
    doubling = EachTwice()
    async with FailingWorkforce(temporal, interceptors=[doubling]).living() as world:
        assert (await world.lived())[0].raised == 1
    assert set(doubling.names) >= STEPS
