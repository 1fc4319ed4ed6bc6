"""What a step met, as the circuit of its system counts it and as its case is told."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.circuits import Breaker, Circuits
from activities.errors import as_failure
from domain.bulkheads import OutsideSystem
from domain.circuit import CircuitRules
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError
from workflows.errors import HELD

RULES = CircuitRules(failures=3, cases=2, probe_seconds=3600, longest_seconds=3600)
DOWN = TemporarilyUnavailableError("erp", "unreachable", "no route to host")


class Step(ActivityInboundInterceptor):
    """The innermost of a worker's interceptors: answers, or fails as it is told."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ARG002 - theirs
        if self._error is not None:
            raise self._error
        return "done"


class Worker:
    """A worker of two systems."""

    def __init__(self) -> None:
        systems: tuple[OutsideSystem, ...] = ("erp", "mail")
        self.breakers = {system: Breaker(system, RULES) for system in systems}

    async def take(self, step: str, case: str, error: BaseException | None = None) -> ApplicationError | None:
        """One try of a step; what it told the case, if it failed."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, activity_type=step, workflow_id=case)
        outer = Circuits(self.breakers).intercept_activity(
            Step(as_failure(error) if isinstance(error, OutsideError) else error)
        )

        async def run() -> Any:
            return await outer.execute_activity(
                ExecuteActivityInput(fn=lambda: None, args=(), executor=None, headers={})
            )

        try:
            assert await environment.run(run) == "done"
        except ApplicationError as told:
            return told
        return None

    async def fail(self, times: int, error: Exception = DOWN, step: str = "place_order") -> list[bool]:
        """Whether each of the failures said that its system is held."""
        told = [await self.take(step, f"case-{number % 2}", error) for number in range(times)]
        return [each is not None and HELD in each.details for each in told]


async def test_the_failure_that_opens_the_circuit_says_so_and_so_do_those_after_it() -> None:
    worker = Worker()
    assert await worker.fail(5) == [False, False, True, True, True]
    told = await worker.take("place_order", "case", DOWN)
    assert told is not None
    assert (told.type, told.details[0].message, told.non_retryable) == (type(DOWN).__name__, DOWN.message, False)


async def test_a_step_that_is_done_closes_the_circuit_of_its_own_system_alone() -> None:
    worker = Worker()
    await worker.fail(3)
    assert await worker.take("send_order", "case") is None
    assert worker.breakers["erp"].is_open
    assert await worker.take("post_invoice", "case") is None
    assert not worker.breakers["erp"].is_open


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("erp", "closed", "the period is closed"),
        TemporarilyUnavailableError("erp", "changed-meanwhile", "somebody was quicker"),
    ],
)
async def test_a_system_that_says_no_is_there(error: OutsideError) -> None:
    worker = Worker()
    await worker.fail(3)
    told = await worker.take("place_order", "case", error)
    assert told is not None
    assert HELD not in told.details
    assert not worker.breakers["erp"].is_open


@pytest.mark.parametrize(
    "error",
    [
        TemporarilyUnavailableError("evidence-store", "unreachable", "the database is away"),
        ContractDriftError("erp", "unknown-shape", "a page of a proxy"),
        ValueError("a defect"),
        ApplicationError("one of a later release", "with a detail of its own"),
    ],
)
async def test_what_tells_nothing_of_the_system_changes_nothing(error: Exception) -> None:
    worker = Worker()
    for number in range(10):
        with contextlib.suppress(ValueError):
            await worker.take("place_order", f"case-{number}", error)
    assert not worker.breakers["erp"].is_open
    await worker.fail(3)
    with contextlib.suppress(ValueError):
        await worker.take("place_order", "case", error)
    assert worker.breakers["erp"].is_open


async def test_a_step_that_needs_a_second_system_opens_the_circuit_of_that_one() -> None:
    worker = Worker()
    assert await worker.fail(3, DOWN, "send_order") == [False, False, True]
    assert worker.breakers["erp"].is_open
    assert not worker.breakers["mail"].is_open


async def test_a_system_that_this_worker_does_not_serve_is_not_counted() -> None:
    worker = Worker()
    bank = TemporarilyUnavailableError("bank", "folder-unavailable", "not mounted")
    assert await worker.fail(5, bank, "deliver_payment_file") == [False] * 5


async def test_a_worker_that_stops_counts_nothing() -> None:
    worker = Worker()
    for _ in range(5):
        with pytest.raises(asyncio.CancelledError):
            await worker.take("place_order", "case", asyncio.CancelledError())
    assert not worker.breakers["erp"].is_open
