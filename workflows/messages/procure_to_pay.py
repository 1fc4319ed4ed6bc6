"""Procure-to-pay: what starts it, what it answers, and the names that clients use."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from domain.case import CaseStatus
from domain.case_actions import ActionRefusal
from domain.model import Value
from domain.money import Money
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from domain.requisition import Requisition

WORKFLOW_NAME = "ProcureToPay"
TASK_QUEUE = "corridor"

DECISION_MADE = "decision_made"
ACTION_REQUESTED = "action_requested"
TASK_CHANGED = "task_changed"
ORDER_ACKNOWLEDGED = "order_acknowledged"
GOODS_RECEIVED = "goods_received"
GOODS_RETURNED = "goods_returned"
SETTLEMENT_REPORTED = "settlement_reported"

DECISION_RECORD = "decision_record"
ACTION_RECORD = "action_record"
CHANGE_RECORD = "change_record"
EVENT_RECORD = "event_record"
SNAPSHOT = "snapshot"

MEMO_FINGERPRINT = "request_sha256"
"""Memo key under which a case carries the fingerprint of the request that started it."""


class PurchaseInput(Value):
    """A requisition as submitted, with the policy that was effective then. `submitted_at` is in UTC.

    `ordered_for` is the case that waits for the goods and is told how far they are."""

    case_id: str
    requisition: Requisition
    policy: FrozenPolicy
    submitted_at: AwareDatetime
    submitted_by: Actor
    request_sha256: str
    ordered_for: str = ""


class OrderOutcome(Value):
    """How one order ended. `total` is what was ordered, after changes."""

    number: str
    supplier: str
    status: str
    total: Money


class PurchaseResult(Value):
    case_id: str
    status: CaseStatus
    reason: str = ""
    orders: tuple[OrderOutcome, ...] = ()


class EventRecord(Value):
    """What became of an event from outside."""

    event_id: str
    status: Literal["applied", "ignored"]
    because: (
        Literal["unknown-order", "unknown-line", "order-closed", "case-closed", "malformed"] | ActionRefusal | None
    ) = None
    recorded_at: AwareDatetime
