"""Work for people: what is asked, of whom, until when, and what they answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from domain.delegation import DelegatedAuthority
from domain.duties import Duty, DutyDone, SegregationOverride
from domain.invoice import Invoice, InvoiceLineNumber
from domain.model import Request, Value
from domain.money import Money
from domain.people import Actor, PersonId
from domain.quantity import UnitCode
from domain.requisition import CostShare, ShortText, Text

TaskKind = Literal["approval", "retrospective-approval", "exception", "information", "receipt", "fulfilment", "arrival"]
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
    "verify",
    "map",
    "return-to-supplier",
    "confirm-duplicate",
    "not-duplicate",
    "confirm",
    "short-pay",
    "code",
    "link",
    "resend",
    "release",
    "complete",
    "revive",
    "create",
    "clear",
    "stop",
    "mitigate",
    "remove",
    "confirm-arrival",
    "no-show",
]


class Task(Value):
    """One question to people.

    Whoever holds `role` at `facility` may answer, or one of `people` when these are named; never anybody in `excluded`.
    `subject_version` counts the versions of what is decided on: an answer to an older version does not count.
    `rule` names the policy rule that sent the task here, `why` says it in words. Instants are in UTC.

    `needs` different persons must approve; `approved_by` are those who count so far, with whom they acted for. An
    answer exercises `duty`. `amount` and `categories` are those of what is decided on, for the scope of delegations.
    `successors` are the only persons to whom it may be handed, where the authority to answer is a person's and not a
    role's; None: whoever holds the role.
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
    needs: int = 1
    approved_by: tuple[str, ...] = ()
    level: str = ""
    duty: Duty | None = None
    amount: Money | None = None
    categories: tuple[str, ...] = ()
    successors: tuple[str, ...] | None = None
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


class LineCoding(Request):
    """Where an invoice line, or one of its fields, belongs. `line` counts as in the invoice. What is left out stays."""

    line: InvoiceLineNumber
    order_number: Annotated[str, Field(max_length=40)] | None = None
    order_line: Annotated[int, Field(ge=1, le=99_999)] | None = None
    quantity: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")] | None = None
    unit: UnitCode | None = None
    pack_size: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    unit_price: Money | None = None
    amount: Money | None = None
    description: ShortText | None = None
    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")] | None = None
    costs: Annotated[tuple[CostShare, ...], Field(min_length=1, max_length=20)] | None = None


class InvoiceCorrection(Request):
    """What a person changes on the working copy of an invoice; the original stays as it came.

    `supplier` is a code of the supplier master. `invoice` is a whole invoice that was keyed beside the original; the
    other fields change the copy as it is. `owner` is the person who answers for a bill without an order. `credited` are
    numbers of invoices that a credit note takes back.
    """

    supplier: Annotated[str, Field(max_length=40)] | None = None
    number: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    issued_on: date | None = None
    due_on: date | None = None
    order_numbers: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=200)] | None = None
    credited: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(max_length=200)] | None = None
    owner: PersonId | None = None
    lines: Annotated[tuple[LineCoding, ...], Field(max_length=2000)] = ()
    invoice: Invoice | None = None


class CallBackNote(Request):
    """How a bank account was verified: by which number of the supplier master, with whom, when (UTC)."""

    phone: Annotated[str, Field(min_length=4, max_length=40)]
    spoken_with: ShortText
    called_at: AwareDatetime


class HireAnswer(Request):
    """What a person says about a hire: which worker it is (`worker_id`, with 'link' and 'revive'), which free
    `user_name` is to be taken, until when (inclusive) a mitigation or a certificate holds, and a `reference` such as
    the number of a badge, an asset or a ticket."""

    worker_id: Annotated[str, Field(max_length=40)] | None = None
    user_name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,63}$")] | None = None
    until: date | None = None
    reference: Annotated[str, Field(max_length=200)] = ""


class Decision(Request):
    """A person's answer to a task. `decision_id` is chosen by the caller and makes a repeated answer harmless.

    What follows `decided_at` is added by the gateway from its own stores, never taken from a caller: the delegation on
    which `actor` acts for `on_behalf_of`, what people did in linked cases, and overrides of the segregation of duties.
    """

    decision_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    task_id: str
    action: Action
    actor: Actor
    on_behalf_of: PersonId | None = None
    subject_version: Annotated[int, Field(ge=1)]
    comment: Text = ""
    corrections: Annotated[tuple[LineCorrection, ...], Field(max_length=200)] = ()
    invoice: InvoiceCorrection | None = None
    call_back: CallBackNote | None = None
    hire: HireAnswer | None = None
    decided_at: datetime | None = None
    authority: DelegatedAuthority | None = None
    family_duties: tuple[DutyDone, ...] = ()
    overrides: tuple[SegregationOverride, ...] = ()


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
    "correction-not-allowed",
    "call-back-required",
    "case-closed",
    "already-approved",
    "delegation-not-valid",
    "duties-conflict",
    "worker-required",
    "worker-unknown",
    "user-name-required",
    "until-required",
]


class DecisionRecord(Value):
    """What became of a decision. Ignored ones are kept with the reason: nothing that somebody decided gets lost."""

    decision: Decision
    status: DecisionStatus
    because: IgnoredBecause | None = None
    recorded_at: AwareDatetime


TaskChangeKind = Literal["reassign"]
ChangeRefusal = Literal[
    "unknown-task",
    "task-closed",
    "not-authorised",
    "requester-may-not-decide",
    "assignee-lacks-authority",
    "place-not-named",
    "already-asked",
    "duties-conflict",
]


class TaskChange(Request):
    """Hand an open task to a named person: `change_id` makes a repeated change harmless.

    `assignee` is the person as the directory describes them, added by the gateway. A task may only go to somebody who
    holds its role, or one that it would be escalated to; a question to a superior only to those above them. Where
    several persons must still approve, the assignee takes the place of `instead_of`, or of the actor when nobody is
    named.
    """

    change_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    kind: TaskChangeKind = "reassign"
    task_id: str
    actor: Actor
    assignee: Actor
    instead_of: PersonId | None = None
    comment: Text = ""


class TaskChangeRecord(Value):
    """What became of a change; instants in UTC."""

    change: TaskChange
    status: DecisionStatus
    because: ChangeRefusal | None = None
    recorded_at: AwareDatetime
