"""The watches over the outside systems that a worker process serves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial

import structlog
from temporalio.client import Client

from activities.circuits import Breaker, Breakers
from activities.outages import FIRST_REPORT_SECONDS, OutageWatch, central_policy
from adapters.temporal_cases import waiting_steps
from api.incidents import TemporalIncidents
from domain.bulkheads import OutsideSystem, queues_of_system
from domain.ports.evidence import EvidenceReader
from domain.ports.policies import PolicyStore
from workflows.steps.queues import task_queue


@contextlib.asynccontextmanager
async def watched(
    client: Client,
    base: str,
    breakers: Breakers,
    reader: EvidenceReader,
    policies: PolicyStore,
    now: Callable[[], datetime],
    report_seconds: float = FIRST_REPORT_SECONDS,
) -> AsyncIterator[None]:
    """Meanwhile integration support is told of outside systems that are down. `base` is the task queue of the cases;
    `now` gives the instant (UTC)."""
    incidents = TemporalIncidents(client, reader, base)

    def watch(system: OutsideSystem, breaker: Breaker) -> OutageWatch:
        names = [task_queue(base, queue) for queue in queues_of_system(system)]
        return OutageWatch(
            breaker,
            incidents,
            lambda: central_policy(policies, now()),
            partial(waiting_steps, client, names),
            now,
            report_seconds,
        )

    tasks = [asyncio.create_task(_unbroken(watch(system, breaker))) for system, breaker in breakers.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _unbroken(watch: OutageWatch) -> None:
    """A defect in a watch ends it, and not the worker: cases go on, and the log says so."""
    try:
        await watch.run()
    except Exception:
        structlog.get_logger("worker").exception("system.watch_failed")
