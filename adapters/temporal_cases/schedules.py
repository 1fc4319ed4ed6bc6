"""Processes that run at intervals, as Temporal Schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from domain.model import Value

# What was missed while the server was down is made up for by the next run, so it is not caught up with.
_CATCHUP = timedelta(minutes=1)


class Plan(Value):
    """`name` is the id of the schedule and the start of its workflows' ids; `workflow` the type that it starts."""

    name: str
    workflow: str
    every: timedelta


async def ensure_schedules(client: Client, task_queue: str, plans: Sequence[Plan]) -> None:
    """Create the schedules, or bring those that are there to the plans. A schedule that was paused stays paused.

    Any number of processes may do this at the same time; done again, it changes nothing.
    """
    for plan in plans:
        schedule = _schedule(plan, task_queue)
        try:
            await client.create_schedule(plan.name, schedule)
        except ScheduleAlreadyRunningError:
            await _bring_to(client, plan, schedule)


async def _bring_to(client: Client, plan: Plan, wanted: Schedule) -> None:
    def update(given: ScheduleUpdateInput) -> ScheduleUpdate | None:
        there = given.description.schedule
        if _essence(there) == _essence(wanted):
            return None
        wanted.state = there.state
        return ScheduleUpdate(schedule=wanted)

    await client.get_schedule_handle(plan.name).update(update)


def _schedule(plan: Plan, task_queue: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(plan.workflow, id=plan.name, task_queue=task_queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=plan.every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCHUP),
    )


def _essence(schedule: Schedule) -> tuple[object, ...]:
    action = schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)  # noqa: S101 (narrows; a schedule here starts a workflow)
    every = [interval.every for interval in schedule.spec.intervals]
    return (action.workflow, action.task_queue, every, schedule.policy.overlap)
