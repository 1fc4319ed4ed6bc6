"""A workflow that does nothing, in the shape of a case: as many activities, signals and timers, in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from temporalio import activity, workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from bench.driving import Answer, Handle, StepCount, Subject

Element = Literal["step", "wait", "timed wait"]
QUEUE = "bare"


@activity.defn(name="nothing")
async def nothing() -> None:
    """An activity without effect."""


@workflow.defn(name="Bare")
class Bare:
    def __init__(self) -> None:
        self._signals = 0

    @workflow.run
    async def run(self, shape: list[str]) -> None:
        waits = 0
        for element in shape:
            if element == "step":
                await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=30))
            else:
                waits += 1
                await self._until(waits, timed=element == "timed wait")

    async def _until(self, signals: int, timed: bool) -> None:
        timeout = timedelta(days=1) if timed else None
        await workflow.wait_condition(lambda: self._signals >= signals, timeout=timeout)

    @workflow.signal
    def go(self) -> None:
        self._signals += 1

    @workflow.query
    def signals(self) -> int:
        return self._signals


def shape_of(history: WorkflowHistory) -> tuple[Element, ...]:
    """What a measured case did, reduced to steps and waits. A signal that no timer ran against is a plain wait."""
    shape: list[Element] = []
    timers = 0
    for event in history.events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                shape.append("step")
            case EventType.EVENT_TYPE_TIMER_STARTED:
                timers += 1
                shape.append("timed wait")
            case EventType.EVENT_TYPE_TIMER_CANCELED | EventType.EVENT_TYPE_TIMER_FIRED:
                timers -= 1
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED if not timers:
                shape.append("wait")
            case _:
                pass
    return tuple(shape)


def subject(client: Client, shape: Sequence[Element]) -> Subject:
    async def start(number: int) -> Handle:
        return await client.start_workflow("Bare", list(shape), id=f"bare-{number}", task_queue=QUEUE)

    def go(times: int) -> Answer:
        async def signal(handle: Handle) -> None:
            for _ in range(times):
                await handle.signal(Bare.go)

        return signal

    waits: Counter[int] = Counter()
    steps = 0
    for element in shape:
        if element == "step":
            steps += 1
        else:
            waits[steps] += 1  # a process with branches may wait twice after the same step
    answers: dict[StepCount, Answer] = {("nothing", step): go(times) for step, times in waits.items()}
    return Subject("bare workflow", start, answers)
