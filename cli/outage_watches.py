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
from activities.idle_systems import IdleWatch, Probes
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
    probes: Probes,
    report_seconds: float = FIRST_REPORT_SECONDS,
) -> AsyncIterator[None]:
    """Meanwhile integration support is told of outside systems that are down, and those that nobody uses are asked
    whether they are back. `base` is the task queue of the cases; `now` gives the instant (UTC)."""
    incidents = TemporalIncidents(client, reader, base)

    def of(system: OutsideSystem, breaker: Breaker) -> list[Watch]:
        names = [task_queue(base, queue) for queue in queues_of_system(system)]
        waiting = partial(waiting_steps, client, names)
        told = partial(central_policy, policies)
        outage = OutageWatch(breaker, incidents, lambda: told(now()), waiting, now, report_seconds)
        probe = probes.get(system)
        return [outage] if probe is None else [outage, IdleWatch(breaker, probe, waiting)]

    watches = [watch for system, breaker in breakers.items() for watch in of(system, breaker)]
    tasks = [asyncio.create_task(_unbroken(watch)) for watch in watches]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Watch = OutageWatch | IdleWatch


async def _unbroken(watch: Watch) -> None:
    """A defect in a watch ends it, and not the worker: cases go on, and the log says so."""
    try:
        await watch.run()
    except Exception:
        structlog.get_logger("worker").exception("system.watch_failed")
