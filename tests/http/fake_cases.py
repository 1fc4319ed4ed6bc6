"""Cases that answer at once, without Temporal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from api.case_client import CaseClosedError, HireEvent, NoAnswerYetError, PurchaseEvent
from api.starting import CaseExistsError
from domain.approval import ApprovalLedger
from domain.case import CaseSnapshot
from domain.case_actions import ActionRecord, ActionRequest
from domain.hire import HireChange, HireEnd
from domain.policy.model import DelegationRule, SegregationRule
from domain.policy.proof import escalation_chain
from domain.tasks import Decision, DecisionRecord, Task, TaskChange, TaskChangeRecord
from tests.fixtures.small_hospital import policy
from workflows.messages.hire_to_provision import HireInput
from workflows.messages.invoice_to_payment import InvoiceInput
from workflows.messages.payment_run import PaymentRunInput
from workflows.messages.procure_to_pay import EventRecord, PurchaseInput

RULES = policy(
    segregation=(
        SegregationRule(
            name="buyer-is-not-approver",
            reason="who buys must not approve what is bought",
            owner="compliance",
            first="buyer",
            second="approver",
        ),
    ),
    delegation=DelegationRule(max_days=30, roles_never=("process-owner",), max_amount=Decimal(10_000)),
)


@dataclass
class FakeCases:
    """A CaseClient whose cases decide with the domain's own ledger. `silent` cases take messages and do not answer;
    `forgotten` ones are gone from Temporal by retention.
    """

    now: Callable[[], datetime]
    inputs: dict[str, PurchaseInput] = field(default_factory=dict)
    invoices: dict[str, InvoiceInput] = field(default_factory=dict)
    runs: dict[str, tuple[PaymentRunInput, str]] = field(default_factory=dict)
    hires: dict[str, HireInput] = field(default_factory=dict)
    ledgers: dict[str, ApprovalLedger] = field(default_factory=dict)
    actions: dict[tuple[str, str], ActionRecord] = field(default_factory=dict)
    changes: dict[tuple[str, str], TaskChangeRecord] = field(default_factory=dict)
    events: dict[tuple[str, str], EventRecord] = field(default_factory=dict)
    snapshots: dict[str, CaseSnapshot] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    silent: bool = False
    refuse_actions: str | None = None
    received: list[Any] = field(default_factory=list)

    def open(self, task: Task) -> None:
        self.ledgers.setdefault(task.case_id, self._ledger(task)).open(task)

    def _ledger(self, task: Task) -> ApprovalLedger:
        rules = RULES
        return ApprovalLedger(rules.segregation, rules.delegation, task.case_id, task.facility)

    async def start(self, request: PurchaseInput) -> None:
        if request.case_id in self.inputs:
            raise CaseExistsError(request.case_id)
        self.inputs[request.case_id] = request

    async def start_invoice(self, request: InvoiceInput) -> None:
        if request.case_id in self.invoices:
            raise CaseExistsError(request.case_id)
        self.invoices[request.case_id] = request

    async def start_payment_run(self, request: PaymentRunInput, fingerprint: str) -> None:
        if request.case_id in self.runs:
            raise CaseExistsError(request.case_id)
        self.runs[request.case_id] = request, fingerprint

    async def start_hire(self, request: HireInput) -> None:
        if request.case_id in self.hires:
            raise CaseExistsError(request.case_id)
        self.hires[request.case_id] = request

    async def fingerprint(self, case_id: str) -> str | None:
        if case_id in self.forgotten:
            return None
        if case_id in self.runs:
            return self.runs[case_id][1]
        known = self.inputs.get(case_id) or self.hires.get(case_id)
        return None if known is None else known.request_sha256

    async def decide(self, case_id: str, decision: Decision) -> None:
        self._take(case_id, decision)
        self.ledgers[case_id].decide(decision, self.now())

    async def request_action(self, case_id: str, request: ActionRequest) -> None:
        self._take(case_id, request)
        given = {"request": request, "status": "applied", "recorded_at": self.now()}
        if self.refuse_actions:
            given |= {"status": "ignored", "because": self.refuse_actions}
        self.actions.setdefault((case_id, request.action_id), ActionRecord.model_validate(given))

    async def change_task(self, case_id: str, change: TaskChange) -> None:
        self._take(case_id, change)
        ledger = self.ledgers[case_id]
        chain, _ = escalation_chain(RULES.levels, ledger.task(change.task_id).role)
        self.changes.setdefault((case_id, change.change_id), ledger.change(change, self.now(), chain))

    async def report(self, case_id: str, event: PurchaseEvent | HireEvent) -> None:
        self._take(case_id, event)
        event_id = event.change_id if isinstance(event, HireChange | HireEnd) else event.event_id
        record = EventRecord(event_id=event_id, status="applied", recorded_at=self.now())
        self.events.setdefault((case_id, event_id), record)

    async def decision_record(self, case_id: str, decision_id: str, within: timedelta) -> DecisionRecord | None:
        self._answer(within)
        return self.ledgers[case_id].record_of(decision_id) if case_id in self.ledgers else None

    async def action_record(self, case_id: str, action_id: str, within: timedelta) -> ActionRecord | None:
        self._answer(within)
        return self.actions.get((case_id, action_id))

    async def change_record(self, case_id: str, change_id: str, within: timedelta) -> TaskChangeRecord | None:
        self._answer(within)
        return self.changes.get((case_id, change_id))

    async def event_record(self, case_id: str, event_id: str, within: timedelta) -> EventRecord | None:
        self._answer(within)
        return self.events.get((case_id, event_id))

    async def snapshot(self, case_id: str, within: timedelta) -> CaseSnapshot | None:
        self._answer(within)
        return self.snapshots.get(case_id)

    def _take(self, case_id: str, message: Any) -> None:
        if case_id in self.closed:
            raise CaseClosedError(case_id)
        self.received.append(message)

    def _answer(self, within: timedelta) -> None:
        assert within > timedelta(0)
        if self.silent:
            raise NoAnswerYetError
