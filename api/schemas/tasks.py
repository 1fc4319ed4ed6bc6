"""Tasks as callers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from api.schemas.links import TaskLinks, task_links
from domain.approval import visible
from domain.model import Request
from domain.people import Actor
from domain.ports.evidence import Claim
from domain.requisition import Text
from domain.tasks import Action, DecisionRecord, LineCorrection, Task, TaskKind, TaskStatus


class TaskView(BaseModel):
    """A question to people, with why it came to them. `actions` are those that the caller may take now: none when the
    task is closed or not theirs. `overdue` compares `due_at` with now. `subject_version` goes back in the decision.
    """

    task_id: str
    case_id: str
    kind: TaskKind
    slot: str
    title: str
    why: str
    rule: str
    role: str
    facility: str
    actions: list[Action]
    subject: dict[str, Any]
    subject_version: int
    exception_code: str | None
    escalated_from: str | None
    opened_at: AwareDatetime
    due_at: AwareDatetime | None
    age_seconds: int
    overdue: bool
    status: TaskStatus
    outcome: str | None
    closed_at: AwareDatetime | None
    claim: Claim | None
    links: TaskLinks


class Worklist(BaseModel):
    """The most urgent first. `next_cursor` is null on the last page."""

    items: list[TaskView]
    next_cursor: str | None


class DecisionBody(Request):
    """`subject_version` is the version that the person saw. The person is the one of the token."""

    decision_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    action: Action
    subject_version: Annotated[int, Field(ge=1, le=1_000_000)]
    comment: Text = ""
    corrections: Annotated[tuple[LineCorrection, ...], Field(max_length=200)] = ()


class DecisionOutcome(BaseModel):
    """`record` is null while the case has not answered: look at the task, or repeat the request with its id."""

    decision_id: str
    record: DecisionRecord | None
    links: TaskLinks


def seconds_between(earlier: datetime, later: datetime) -> int:
    return max(0, int((later - earlier).total_seconds()))


def task_view(task: Task, claim: Claim | None, actor: Actor, now: datetime) -> TaskView:
    is_open = task.status == "open"
    shown = task.model_dump(include=set(TaskView.model_fields) - {"actions"})
    return TaskView(
        **shown,
        actions=list(task.actions) if is_open and visible(task, actor) else [],
        age_seconds=seconds_between(task.opened_at, task.closed_at or now),
        overdue=is_open and task.due_at is not None and task.due_at < now,
        claim=claim,
        links=task_links(task.task_id, task.case_id),
    )
