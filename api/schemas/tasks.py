"""Tasks as callers see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.problems import Problem
from api.schemas.links import TaskLinks, task_links
from api.schemas.parameters import MessageId, TaskIdText
from domain.approval import visible
from domain.delegation import DelegatedAuthority
from domain.duties import Duty
from domain.model import Request
from domain.people import Actor, PersonId
from domain.ports.evidence import Claim
from domain.requisition import Text
from domain.tasks import (
    Action,
    CallBackNote,
    DecisionRecord,
    HireAnswer,
    InvoiceCorrection,
    LineCorrection,
    Task,
    TaskChangeRecord,
    TaskKind,
    TaskStatus,
)

MAX_BULK = 100


class TaskView(BaseModel):
    """A question to people, with why it came to them. `actions` are those that the caller may take now: none when the
    task is closed or not theirs. `overdue` compares `due_at` with now. `subject_version` goes back in the decision.

    `needs` different persons must approve, `approved_by` have. `why_you` says in words why the caller may answer;
    `acting_for` are those in whose place they may: one of them goes into the decision as `on_behalf_of`.
    """

    task_id: str
    case_id: str
    kind: TaskKind
    slot: str
    title: str
    why: str
    why_you: str | None
    rule: str
    role: str
    facility: str
    people: list[str]
    level: str
    duty: Duty | None
    needs: int
    approved_by: list[str]
    acting_for: list[str]
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
    """`subject_version` is the version that the person saw. The person is the one of the token. `corrections` are for
    lines of a requisition, `invoice` for the working copy of an invoice; `call_back` says how a changed bank account
    was verified. `hire` answers questions about a hire: `worker_id` is needed to link or revive, `user_name` to correct
    one, `until` to mitigate.
    """

    decision_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    action: Action
    subject_version: Annotated[int, Field(ge=1, le=1_000_000)]
    comment: Text = ""
    corrections: Annotated[tuple[LineCorrection, ...], Field(max_length=200)] = ()
    invoice: InvoiceCorrection | None = None
    call_back: CallBackNote | None = None
    hire: HireAnswer | None = None
    on_behalf_of: PersonId | None = None


class BulkDecision(DecisionBody):
    """One of many decisions: a decision with its task."""

    task_id: TaskIdText


class BulkDecisionsBody(Request):
    """Each stands for itself: one that does not count keeps no other from counting."""

    decisions: Annotated[tuple[BulkDecision, ...], Field(min_length=1, max_length=MAX_BULK)]


class ItemOutcome(BaseModel):
    """What became of one of many: `pending` while its case has not answered, `refused` with the problem of the call for
    it alone.
    """

    task_id: str
    status: Literal["applied", "pending", "refused"]
    problem: Problem | None = None


class BulkDecisionOutcome(ItemOutcome):
    decision_id: str
    record: DecisionRecord | None = None


class BulkDecisionsOutcome(BaseModel):
    """In the order of the request."""

    items: list[BulkDecisionOutcome]
    applied: int
    pending: int
    refused: int


class ReassignBody(Request):
    """`instead_of` is the person whose place the assignee takes, where several must approve."""

    change_id: MessageId | None = None
    to: PersonId
    instead_of: PersonId | None = None
    comment: Text = ""


class BulkReassignBody(Request):
    """Either `task_ids`, or `from` for all that a person holds: what names them or what they claimed."""

    change_id: MessageId | None = None
    task_ids: Annotated[tuple[TaskIdText, ...], Field(min_length=1, max_length=MAX_BULK)] | None = None
    from_: PersonId | None = Field(default=None, alias="from")
    to: PersonId
    comment: Text = ""

    @model_validator(mode="after")
    def _names_tasks_in_one_way(self) -> BulkReassignBody:
        if (self.task_ids is None) == (self.from_ is None):
            raise ValueError("send either task_ids or from")
        return self


class ReassignOutcome(BaseModel):
    """`record` is null while the case has not answered: look at the task, or repeat the request with its id."""

    change_id: str
    record: TaskChangeRecord | None
    links: TaskLinks


class BulkReassignOutcome(ItemOutcome):
    change_id: str
    record: TaskChangeRecord | None = None


class BulkReassignsOutcome(BaseModel):
    """In the order of the request, or of the ids of the tasks. `more` says that the person holds further tasks: send
    the same again.
    """

    items: list[BulkReassignOutcome]
    applied: int
    pending: int
    refused: int
    more: bool = False


class HandoverBody(Request):
    """Everything of a person who leaves goes to `to`, where it names them; what they only claimed goes back."""

    handover_id: MessageId | None = None
    to: PersonId
    comment: Text = ""


class HandoverOutcome(BulkReassignsOutcome):
    person: str
    to: str
    unclaimed: list[str]
    revoked_delegations: list[str]


class DecisionOutcome(BaseModel):
    """`record` is null while the case has not answered: look at the task, or repeat the request with its id."""

    decision_id: str
    record: DecisionRecord | None
    links: TaskLinks


def seconds_between(earlier: datetime, later: datetime) -> int:
    return max(0, int((later - earlier).total_seconds()))


def task_view(
    task: Task, claim: Claim | None, actor: Actor, now: datetime, authorities: Sequence[DelegatedAuthority] = ()
) -> TaskView:
    """`authorities` are those on which the caller may answer this task for somebody."""
    is_open = task.status == "open"
    theirs = is_open and visible(task, actor)
    shown = task.model_dump(include=set(TaskView.model_fields) - {"actions"})
    return TaskView(
        **shown,
        why_you=_why_you(task, actor, theirs, authorities) if is_open else None,
        acting_for=[each.delegator.person for each in authorities] if is_open else [],
        actions=list(task.actions) if theirs or (is_open and authorities) else [],
        age_seconds=seconds_between(task.opened_at, task.closed_at or now),
        overdue=is_open and task.due_at is not None and task.due_at < now,
        claim=claim,
        links=task_links(task.task_id, task.case_id),
    )


def _why_you(task: Task, actor: Actor, theirs: bool, authorities: Sequence[DelegatedAuthority]) -> str | None:
    reasons: list[str] = []
    if theirs:
        reasons.append("You are named." if actor.person in task.people else f"You are {task.role} at {task.facility}.")
    for each in authorities:
        whom, until = each.delegator.name or each.delegator.person, each.delegation.valid_until.astimezone(UTC)
        reasons.append(f"You stand in for {whom} until {until:%Y-%m-%d %H:%M} UTC.")
    return " ".join(reasons) or None
