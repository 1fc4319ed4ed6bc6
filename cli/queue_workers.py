"""The workers of one process: one for the cases, and one for each queue of an outside system that it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import FixedSizeSlotSupplier, PollerBehaviorAutoscaling, Worker, WorkerTuner

from activities.circuits import Breaker, Breakers, HeldSlots
from domain.bulkheads import LIMITS, QUEUES, Limit, WorkQueue, system_of_queue
from domain.circuit import CircuitRules
from workflows.steps.queues import QUEUE_OF_STEP, task_queue

Steps = Sequence[Callable[..., Any]]
MOST_POLLERS = 5


@dataclass(frozen=True)
class Bulkheads:
    """Which queues a process serves, and how much of each at once. Several processes may share the queues. A system
    without a breaker is asked however often it fails."""

    serves: tuple[WorkQueue, ...] = QUEUES
    limits: Mapping[WorkQueue, Limit] = field(default_factory=dict)
    breakers: Breakers = field(default_factory=dict)

    def limit(self, queue: WorkQueue) -> Limit:
        return self.limits.get(queue, LIMITS[queue])

    def guarded(self, rules: CircuitRules) -> Bulkheads:
        """The same with a circuit for each system that is served."""
        systems = dict.fromkeys(system for queue in self.serves if (system := system_of_queue(queue)) is not None)
        return replace(self, breakers={system: Breaker(system, rules) for system in systems})

    def slots(self, queue: WorkQueue) -> FixedSizeSlotSupplier | HeldSlots:
        """What the steps of an outside system's queue are done with."""
        system, at_once = system_of_queue(queue), self.limit(queue).at_once
        breaker = None if system is None else self.breakers.get(system)
        return FixedSizeSlotSupplier(at_once) if breaker is None else HeldSlots(at_once, breaker, queue)


class Workers:
    """Several workers as one. They stop side by side, and each finishes what it has begun."""

    def __init__(self, workers: Sequence[Worker]) -> None:
        self._workers = tuple(workers)
        self._running = AsyncExitStack()

    @property
    def task_queues(self) -> tuple[str, ...]:
        return tuple(worker.task_queue for worker in self._workers)

    async def __aenter__(self) -> Workers:
        for worker in self._workers:
            await self._running.enter_async_context(worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(worker.shutdown() for worker in self._workers if worker.is_running))
        await self._running.__aexit__(kind, error, trace)


def step_workers(client: Client, base: str, steps: Steps, bulkheads: Bulkheads, **options: Any) -> list[Worker]:
    """The workers of the queues that are served, as far as there are steps for them. `base` is the task
    queue of the cases."""
    served = [(queue, steps_on(queue, steps)) for queue in bulkheads.serves if queue != "cases"]
    return [_step_worker(client, base, queue, own, bulkheads, options) for queue, own in served if own]


def _step_worker(
    client: Client, base: str, queue: WorkQueue, steps: Steps, bulkheads: Bulkheads, options: Mapping[str, Any]
) -> Worker:
    limit, none = bulkheads.limit(queue), FixedSizeSlotSupplier(1)
    return Worker(
        client,
        task_queue=task_queue(base, queue),
        activities=steps,
        tuner=WorkerTuner.create_composite(
            workflow_supplier=none,
            activity_supplier=bulkheads.slots(queue),
            local_activity_supplier=none,
            nexus_supplier=none,
        ),
        max_task_queue_activities_per_second=limit.per_second,
        # A quiet queue keeps one call to the server open, a busy one as many as pay.
        activity_task_poller_behavior=PollerBehaviorAutoscaling(
            minimum=1, initial=1, maximum=min(MOST_POLLERS, limit.at_once)
        ),
        **options,
    )


def steps_on(queue: WorkQueue, steps: Steps) -> Steps:
    """Those of the steps that may wait on the queue."""
    home = "identity" if queue == "directory" else queue
    return [step for step in steps if QUEUE_OF_STEP.get(_name(step), "cases") == home]


def _name(step: Callable[..., Any]) -> str:
    return str(activity._Definition.must_from_callable(step).name)  # the SDK tells the name no other way
