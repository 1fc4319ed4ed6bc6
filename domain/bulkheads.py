"""Bulkheads: each outside system has work queues of its own with limits of their own, so that one that is slow, limited
or down takes nothing from the others (Nygard, Release It!, stability patterns)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from domain.model import Value

OutsideSystem = Literal["erp", "hris", "identity", "directory", "screening", "bank", "mail"]
WorkQueue = Literal["cases", "erp", "erp-posting", "hris", "identity", "directory", "screening", "bank", "mail"]
"""Where the work for a system waits. `cases` is Corridor's own: the processes, and the steps in its own store. Postings
wait apart from the other work of the ERP, because an ERP numbers them without gaps, one after the other."""

QUEUES: tuple[WorkQueue, ...] = get_args(WorkQueue)
SYSTEMS: tuple[OutsideSystem, ...] = get_args(OutsideSystem)
_SYSTEM_OF_QUEUE: Mapping[WorkQueue, OutsideSystem] = {
    **{queue: queue for queue in QUEUES if queue in SYSTEMS},
    "erp-posting": "erp",
}


class Limit(Value):
    """How much of a queue's work is done: `at_once` by each worker process; `per_second` by all together, None
    for as much as comes."""

    at_once: Annotated[int, Field(ge=1, le=1000)]
    per_second: Annotated[float, Field(gt=0, le=100_000)] | None = None


LIMITS: Mapping[WorkQueue, Limit] = {
    "cases": Limit(at_once=100),
    "erp": Limit(at_once=16),
    "erp-posting": Limit(at_once=1, per_second=20),
    "hris": Limit(at_once=8),
    "identity": Limit(at_once=8),
    "directory": Limit(at_once=8),
    "screening": Limit(at_once=4),
    "bank": Limit(at_once=2),
    "mail": Limit(at_once=8),
}
"""What holds where the settings say nothing else."""


def system_of_queue(queue: WorkQueue) -> OutsideSystem | None:
    """The system that a queue's work is for; None for Corridor's own."""
    return _SYSTEM_OF_QUEUE.get(queue)


def queues_of_system(system: OutsideSystem) -> tuple[WorkQueue, ...]:
    return tuple(queue for queue in QUEUES if system_of_queue(queue) == system)


_PRIORITIES = {"emergency": 1, "urgent": 2, "routine": 3}


def priority_of(urgency: str) -> int:
    """Which work goes first where it queues: the smaller number (Temporal's priority keys, 1 to 5)."""
    return _PRIORITIES.get(urgency, _PRIORITIES["routine"])
