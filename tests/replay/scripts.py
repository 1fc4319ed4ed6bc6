"""The cases whose histories are kept, each with the same ids and the same order of events whenever it runs.

A script waits until its case is at rest before it goes on, so that the server never has the choice of handing two
events to the process together or one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle, WorkflowHistory

from domain.case import Journal
from domain.facility import BusinessCalendar
from domain.outside_errors import TemporarilyUnavailableError
from domain.purchase import PlacedOrder
from domain.requisition import RequisitionLine
from tests.fixtures.small_hospital import FACILITY, line, policy
from tests.fixtures.world import PATIENCE_SECONDS, Case, WatchedEvidence, World
from tests.replay.recorded import IDENTITY
from worker import build_worker
from workflows.case import STEP_RETRIES

AROUND_THE_CLOCK = BusinessCalendar(
    time_zone="America/New_York", weekdays=(0, 1, 2, 3, 4, 5, 6), opens="00:00", closes="23:59"
)
POLL_SECONDS = 0.01
DOWN = TemporarilyUnavailableError("erp", "no-answer", "the ERP does not answer")

Script = Callable[["RecordedWorld"], Awaitable[Case]]
SCRIPTS: dict[str, Script] = {}


def script(run: Script) -> Script:
    """Keep the history of the case that `run` leads to its end, under the function's name."""
    SCRIPTS[run.__name__] = run
    return run


class OrderlyEvidence(WatchedEvidence):
    """Takes the question after an emergency only once the order has left: side by side, either could come first."""

    async def record(self, journal: Journal) -> None:
        asked = any(task.kind == "retrospective-approval" and task.status == "open" for task in journal.tasks)
        if asked and not any(entry.kind.startswith(("order.", "supplier.")) for entry in journal.entries):
            case = journal.snapshot.case_id
            async with self.changed:
                await self.changed.wait_for(lambda: "supplier.order-sent" in self._kinds(case))
        await super().record(journal)

    def _kinds(self, case: str) -> set[str]:
        return {stored.entry.kind for stored in self.entries(case)}


class RecordedWorld(World):
    """A world without chance: office hours around the clock, one step after another, and no name of a host anywhere."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.evidence = OrderlyEvidence()
        self.policy = policy(facility=FACILITY.model_copy(update={"calendar": AROUND_THE_CLOCK}))

    @property
    def task_queue(self) -> str:
        return "recordings"

    @asynccontextmanager
    async def working(self) -> AsyncIterator[RecordedWorld]:
        async with build_worker(self.client, self.ports(), self.task_queue, identity=IDENTITY):
            yield self

    async def submitted(self, name: str, *lines: RequisitionLine, **over: Any) -> Case:
        """A case at its first rest."""
        case = await self.start(self.requisition(*lines, number=f"REC-{name}", **over))
        await at_rest(case.handle)
        return case

    async def approved(self, name: str, *lines: RequisitionLine, **over: Any) -> Case:
        case = await self.submitted(name, *lines, **over)
        await decide(case, "approval", "approve", by="carla")
        return case


async def at_rest(handle: WorkflowHandle[Any, Any]) -> None:
    """Until nothing of the case is under way: no step, and no decision of the process."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            seen = (await handle.describe()).raw_description
            if not seen.pending_activities and not seen.HasField("pending_workflow_task"):
                return
            await asyncio.sleep(POLL_SECONDS)  # the server tells of rest only when it is asked


async def decide(case: Case, what: str, action: str, by: str, **over: Any) -> None:
    await case.decide(what, action, by, **over)
    await at_rest(case.handle)


async def fulfil(case: Case, order: PlacedOrder) -> None:
    await case.acknowledge(order)
    await at_rest(case.handle)
    await case.receive(order)
    await at_rest(case.handle)
    await case.settle(order)
    await case.result()


def only_order(case: Case) -> PlacedOrder:
    (order,) = case.orders()
    return order


@script
async def happy(world: RecordedWorld) -> Case:
    case = await world.approved("HAPPY", line(1, "GAUZE"), line(2, "GLOVES"))
    await fulfil(case, only_order(case))
    return case


@script
async def refused(world: RecordedWorld) -> Case:
    case = await world.submitted("REFUSED")
    await case.decide("approval", "reject", by="carla")
    await case.result()
    return case


@script
async def escalated(world: RecordedWorld) -> Case:
    case = await world.submitted("ESCALATED")
    await case.skip(timedelta(hours=24, minutes=30))
    await case.until(lambda: any(task.escalated_from for task in case.tasks()))
    await at_rest(case.handle)
    await decide(case, "approval", "approve", by="dirk")
    await fulfil(case, only_order(case))
    return case


@script
async def cancelled(world: RecordedWorld) -> Case:
    case = await world.approved("CANCELLED", line(1, "GAUZE"))
    await case.ask_for("cancel", "bo")
    await case.result()
    return case


@script
async def exception(world: RecordedWorld) -> Case:
    world.faults.fail("place_order", DOWN, times=STEP_RETRIES.maximum_attempts)
    case = await world.submitted("EXCEPTION")
    await case.decide("approval", "approve", by="carla")
    await case.skip(timedelta(minutes=5))
    await case.task("target-unavailable")
    await at_rest(case.handle)
    await decide(case, "target-unavailable", "retry", by="ines")
    await fulfil(case, only_order(case))
    return case


@script
async def amended(world: RecordedWorld) -> Case:
    case = await world.approved("AMENDED", line(quantity="120"))
    dearer = world.requisition(line(quantity="150"), number="REC-AMENDED")
    await case.ask_for("amend", "nina", requisition=dearer)
    await at_rest(case.handle)
    await decide(case, "approval", "approve", by="carla")
    await decide(case, "approval", "approve", by="dirk")
    await fulfil(case, only_order(case))
    return case


@script
async def emergency(world: RecordedWorld) -> Case:
    case = await world.submitted("EMERGENCY", urgency="emergency", justification="The ward has no gloves left at all")
    await decide(case, "retrospective-approval", "approve", by="dirk")
    await fulfil(case, only_order(case))
    return case


@script
async def returned(world: RecordedWorld) -> Case:
    """A part comes, some of it goes back, and the rest comes later."""
    case = await world.approved("RETURNED")
    order = only_order(case)
    await case.acknowledge(order)
    await at_rest(case.handle)
    await case.receive(order, {1: "9"})
    await at_rest(case.handle)
    await case.give_back(order, 1, "2")
    await at_rest(case.handle)
    await decide(case, "goods-rejected", "wait", by="bo")
    await case.receive(order, {1: "3"})
    await at_rest(case.handle)
    assert case.orders()[0].received == {1: Decimal(10)}
    await case.settle(order)
    await case.result()
    return case


SIDE_BY_SIDE = frozenset({"HireToProvision"})
EFFECTS = ("step ", "starts ", "tells ")
NOTES = frozenset({"step note_standing"})


def fingerprint(history: WorkflowHistory) -> list[str]:
    """What the process asked of the server, in order: the part of a history that other code may not change. Branches of
    a process that run side by side come in any order, and note how far they are as often as that happens to change:
    there it is the effects alone, sorted. Their order within one case is looked at when its recording is replayed."""
    asked = [command for event in history.events if (command := _command(event)) is not None]
    started = history.events[0].workflow_execution_started_event_attributes
    if started.workflow_type.name not in SIDE_BY_SIDE:
        return asked
    return sorted(each for each in asked if each.startswith(EFFECTS) and each not in NOTES)


PLAIN = {
    EventType.EVENT_TYPE_TIMER_STARTED: "timer",
    EventType.EVENT_TYPE_TIMER_CANCELED: "timer cancelled",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attributes",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: "continued as new",
}


def _command(event: Any) -> str | None:
    match event.event_type:
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            return f"step {event.activity_task_scheduled_event_attributes.activity_type.name}"
        case EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
            return f"starts {event.start_child_workflow_execution_initiated_event_attributes.workflow_type.name}"
        case EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
            return f"tells {event.signal_external_workflow_execution_initiated_event_attributes.signal_name}"
        case EventType.EVENT_TYPE_MARKER_RECORDED:
            return f"marker {event.marker_recorded_event_attributes.marker_name}"
        case kind:
            return PLAIN.get(kind)
