"""The shape of a measured case, read from its history: its steps and waits in their order, and what they carry."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from bench.costs import changes_search_attributes
from bench.driving import Answer, StepCount

Kind = Literal["step", "wait", "timed wait", "shown"]


@dataclass(frozen=True)
class Element:
    """A step with the bytes that it is given and that it returns, a wait for a signal of so many bytes, or a change of
    search attributes.
    """

    kind: Kind
    given: int = 0
    returned: int = 0


@dataclass(frozen=True)
class Shape:
    """`given` are the bytes of the start."""

    elements: tuple[Element, ...]
    given: int

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What a workflow that carries nothing does as well."""
        return tuple(each.kind for each in self.elements if each.kind != "shown")


def shape_of(history: WorkflowHistory) -> Shape:
    """A signal that no timer ran against is a plain wait. All waits count as of the mean size of the signals."""
    returned = {
        done.scheduled_event_id: _size(done.result)
        for done in (event.activity_task_completed_event_attributes for event in history.events)
    }
    signals = [
        _size(event.workflow_execution_signaled_event_attributes.input)
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    ]
    signal_bytes = round(statistics.mean(signals)) if signals else 0
    start = history.events[0].workflow_execution_started_event_attributes.input
    return Shape(tuple(_elements(history.events, returned, signal_bytes)), _size(start))


def _elements(events: Sequence[HistoryEvent], returned: dict[int, int], signal_bytes: int) -> Iterator[Element]:
    timers = 0
    for event in events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                given = _size(event.activity_task_scheduled_event_attributes.input)
                yield Element("step", given, returned.get(event.event_id, 0))
            case EventType.EVENT_TYPE_TIMER_STARTED:
                timers += 1
                yield Element("timed wait", signal_bytes)
            case EventType.EVENT_TYPE_TIMER_CANCELED | EventType.EVENT_TYPE_TIMER_FIRED:
                timers -= 1
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED if not timers:
                yield Element("wait", signal_bytes)
            case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES if changes_search_attributes(event):
                yield Element("shown")
            case _:
                pass


def answers(kinds: Sequence[Kind], step: str, signals: Callable[[int], Answer]) -> dict[StepCount, Answer]:
    """After which execution of `step` so many signals are due."""
    waits: Counter[int] = Counter()
    steps = 0
    for kind in kinds:
        if kind == "step":
            steps += 1
        elif kind != "shown":
            waits[steps] += 1  # a process with branches may wait twice after the same step
    return {(step, count): signals(times) for count, times in waits.items()}


def _size(payloads: Payloads) -> int:
    return sum(len(each.data) for each in payloads.payloads)
