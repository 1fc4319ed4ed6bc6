"""Work for people: what is asked, of whom, until when, and what they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from domain.model import Request, Value
from domain.money import Money
from domain.people import Actor, PersonId
from domain.quantity import UnitCode
from domain.requisition import CostShare, Text

TaskKind = Literal["approval", "retrospective-approval", "exception", "information", "receipt"]
TaskStatus = Literal["open", "done", "cancelled"]
Action = Literal[
    "approve",
    "reject",
    "return",
    "answer",
    "retry",
    "correct",
    "accept",
    "skip",
    "wait",
    "chase",
    "substitute",
    "amend-order",
    "cancel-line",
    "confirm-receipt",
    "close-short",
    "record",
    "cancel",
]


class Task(Value):
    """One question to people.

    Whoever holds `role` at `facility` may answer, or one of `people` when these are named; never anybody in `excluded`.
    `subject_version` counts the versions of what is decided on: an answer to an older version does not count.
    `rule` names
    the policy rule that sent the task here, `why` says it in words. Instants are in UTC.
    """

    task_id: str
    case_id: str
    kind: TaskKind
    slot: str
    """The place in the process that the answer fills, such as 'approval/1/cost-centre-owner' or
    'exception/order.S-1'.
    """
    title: str
    why: str
    rule: str
    role: str
    facility: str
    people: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    actions: tuple[Action, ...]
    subject: dict[str, Any] = {}
    subject_version: int = 1
    exception_code: str | None = None
    opened_at: AwareDatetime
    due_at: AwareDatetime | None = None
    escalated_from: str | None = None
    status: TaskStatus = "open"
    closed_at: AwareDatetime | None = None
    outcome: str | None = None


class LineCorrection(Request):
    """What a person changes on one requisition line so that it can go on; fields left out stay as they are."""

    line: int
    item: Annotated[str, Field(max_length=40)] | None = None
    supplier: Annotated[str, Field(max_length=40)] | None = None
    unit_price: Money | None = None
    quantity: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")] | None = None
    unit: UnitCode | None = None
    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")] | None = None
    costs: Annotated[tuple[CostShare, ...], Field(min_length=1, max_length=20)] | None = None


class Decision(Request):
    """A person's answer to a task. `decision_id` is chosen by the caller and makes a repeated answer harmless."""

    decision_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    task_id: str
    action: Action
    actor: Actor
    on_behalf_of: PersonId | None = None
    subject_version: Annotated[int, Field(ge=1)]
    comment: Text = ""
    corrections: Annotated[tuple[LineCorrection, ...], Field(max_length=200)] = ()
    decided_at: datetime | None = None


DecisionStatus = Literal["applied", "ignored"]
IgnoredBecause = Literal[
    "duplicate",
    "unknown-task",
    "task-closed",
    "stale-version",
    "not-authorised",
    "requester-may-not-decide",
    "action-not-offered",
    "comment-required",
    "correction-required",
    "case-closed",
]


class DecisionRecord(Value):
    """What became of a decision. Ignored ones are kept with the reason: nothing that somebody decided gets lost."""

    decision: Decision
    status: DecisionStatus
    because: IgnoredBecause | None = None
    recorded_at: AwareDatetime
