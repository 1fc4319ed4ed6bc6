"""What one case costs a Temporal server, read from its history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from adapters.temporal_payloads import PLAIN
from workflows.steps.inputs import StepInput

COUNTED = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "start",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "search attributes",
}
"""What Temporal bills as an action (docs.temporal.io/cloud/actions), as far as a case uses it."""

CHANGE_VERSION = "TemporalChangeVersion"


@dataclass(frozen=True)
class Cost:
    """`bookkeeping` are the actions that neither have an effect outside, nor tell or ask anybody, nor wait."""

    actions: dict[str, int]
    events: int
    bytes: int
    bookkeeping: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.actions.values())


async def cost_of(history: WorkflowHistory) -> Cost:
    actions = Counter(COUNTED[event.event_type] for event in history.events if _counts(event))
    return Cost(
        actions=dict(actions),
        events=len(history.events),
        bytes=sum(event.ByteSize() for event in history.events),
        bookkeeping={"search attributes": actions["search attributes"], "activities": await _only_records(history)},
    )


def _counts(event: HistoryEvent) -> bool:
    is_change = event.event_type == EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
    return event.event_type in COUNTED and (not is_change or changes_search_attributes(event))


def changes_search_attributes(event: HistoryEvent) -> bool:
    """What the SDK notes of a patch is exempt, as Temporal's page says."""
    changed = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
    return set(changed) != {CHANGE_VERSION}


async def _only_records(history: WorkflowHistory) -> int:
    """Announcements and notes of a standing of which nobody hears: they carry neither a notice nor an open question
    that none of them carried before."""
    count, heard = 0, set[str]()
    for event in history.events:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name in ("announce", "note_standing"):
            (step,) = await PLAIN.decode(scheduled.input.payloads, [StepInput])
            asked = {task.task_id for task in step.journal.tasks if task.status == "open"}
            told = asked | {notice.notice_id for notice in step.journal.notices}
            count += told <= heard
            heard |= told
    return count
