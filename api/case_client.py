"""The gateway's way to the running cases: start, signal and query, with short deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, TypeVar

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from api.starting import SYSTEM, Beginning, plain, start_case, unavailable
from domain.case import CaseSnapshot
from domain.case_actions import ActionRecord, ActionRequest
from domain.hire import HireChange, HireEnd
from domain.hire_intake import hire_title
from domain.model import Value
from domain.outside_errors import TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, Settlement
from domain.tasks import Decision, DecisionRecord, TaskChange, TaskChangeRecord
from workflows.messages import hire_to_provision, invoice_to_payment, payment_run
from workflows.messages import procure_to_pay as messages
from workflows.messages.hire_to_provision import HireInput
from workflows.messages.invoice_to_payment import InvoiceInput
from workflows.messages.payment_run import PaymentRunInput
from workflows.messages.procure_to_pay import PurchaseInput

SIGNAL_TIMEOUT = timedelta(seconds=5)
DESCRIBE_TIMEOUT = timedelta(seconds=2)
HEALTH_TIMEOUT = timedelta(seconds=2)

PurchaseEvent = Acknowledgement | GoodsReceipt | GoodsReturn | Settlement
HireEvent = HireChange | HireEnd
_SIGNALS: Mapping[type[Value], str] = {
    Acknowledgement: messages.ORDER_ACKNOWLEDGED,
    GoodsReceipt: messages.GOODS_RECEIVED,
    GoodsReturn: messages.GOODS_RETURNED,
    Settlement: messages.SETTLEMENT_REPORTED,
    HireChange: hire_to_provision.HIRE_CHANGED,
    HireEnd: hire_to_provision.HIRE_ENDED,
}
_KINDS = {"invoice": "Invoice", "credit-note": "Credit note"}
R = TypeVar("R", bound=Value)


class CaseClosedError(Exception):
    """No running case takes messages under this id."""


class NoAnswerYetError(Exception):
    """The case did not answer in time: its worker is busy or down. What it was told is kept."""


class CaseClient(Protocol):
    """What a gateway can do with cases. Besides the errors named here, all methods raise those of
    `domain.outside_errors` when Temporal does not answer.
    """

    async def start(self, request: PurchaseInput) -> None:
        """Start the case; raises CaseExistsError when its id was ever used."""

    async def start_invoice(self, request: InvoiceInput) -> None:
        """Start the case of an invoice; raises CaseExistsError when its id was ever used."""

    async def start_payment_run(self, request: PaymentRunInput, fingerprint: str) -> None:
        """Start a run that was asked for under `fingerprint`; raises CaseExistsError when its id was ever used."""

    async def start_hire(self, request: HireInput) -> None:
        """Start the case of a hire; raises CaseExistsError when its id was ever used."""

    async def fingerprint(self, case_id: str) -> str | None:
        """Fingerprint of the request that started the case; None when Temporal no longer (or never) knew it."""

    async def decide(self, case_id: str, decision: Decision) -> None:
        """Hand in a decision. Raises CaseClosedError."""

    async def request_action(self, case_id: str, request: ActionRequest) -> None:
        """Hand in a requested action. Raises CaseClosedError."""

    async def change_task(self, case_id: str, change: TaskChange) -> None:
        """Hand in a change of a task. Raises CaseClosedError."""

    async def report(self, case_id: str, event: PurchaseEvent | HireEvent) -> None:
        """Hand in an event. Raises CaseClosedError."""

    async def decision_record(self, case_id: str, decision_id: str, within: timedelta) -> DecisionRecord | None:
        """What became of the decision; None when the case has none. Raises NoAnswerYetError."""

    async def action_record(self, case_id: str, action_id: str, within: timedelta) -> ActionRecord | None:
        """What became of the action; None when the case has none. Raises NoAnswerYetError."""

    async def change_record(self, case_id: str, change_id: str, within: timedelta) -> TaskChangeRecord | None:
        """What became of the change; None when the case has none. Raises NoAnswerYetError."""

    async def event_record(self, case_id: str, event_id: str, within: timedelta) -> messages.EventRecord | None:
        """What became of the event; None when the case has none. Raises NoAnswerYetError."""

    async def snapshot(self, case_id: str, within: timedelta) -> CaseSnapshot | None:
        """How the case stands by its own account; None when Temporal knows no such case. Raises NoAnswerYetError."""


class TemporalCaseClient:
    """Cases as workflows. The client must use the pydantic data converter."""

    def __init__(self, client: Client, base_url: str = "", task_queue: str = messages.TASK_QUEUE) -> None:
        self._client, self._base_url, self._task_queue = client, base_url.rstrip("/"), task_queue

    async def start(self, request: PurchaseInput) -> None:
        requisition = request.requisition
        facts = f"Needed by {requisition.need_by}, {len(requisition.lines)} line(s), {requisition.urgency}"
        beginning = Beginning(
            workflow=messages.WORKFLOW_NAME,
            case_id=request.case_id,
            process="procure-to-pay",
            facility=requisition.facility,
            urgency=requisition.urgency,
            summary=f"Requisition {requisition.number} of {request.policy.facility.name}",
            details=self._details(request.case_id, request.policy, facts),
            fingerprint=request.request_sha256,
        )
        await start_case(self._client, self._task_queue, beginning, request)

    async def start_invoice(self, request: InvoiceInput) -> None:
        header, document = request.header, request.document
        seller = plain(header.seller) or "an unnamed supplier"
        facts = (
            f"{header.amount}, {header.lines} line(s), dated {header.issued_on}",
            f"Taken in as {request.format} by {document.channel} for {request.policy.facility.name}",
        )
        beginning = Beginning(
            workflow=invoice_to_payment.WORKFLOW_NAME,
            case_id=request.case_id,
            process="invoice-to-payment",
            facility=request.facility,
            urgency="routine",
            summary=f"{_KINDS[header.kind]} {plain(header.number)} of {seller}",
            details=self._details(request.case_id, request.policy, *facts),
            fingerprint=document.sha256,
        )
        await start_case(self._client, self._task_queue, beginning, request)

    async def start_payment_run(self, request: PaymentRunInput, fingerprint: str) -> None:
        beginning = Beginning(
            workflow=payment_run.WORKFLOW_NAME,
            case_id=request.case_id,
            process="payment-run",
            facility=request.facility,
            urgency="routine",
            summary=f"Payment run of {request.policy.facility.name} in {request.currency}",
            details=self._details(request.case_id, request.policy, f"Asked for by {request.submitted_by.person}"),
            fingerprint=fingerprint,
        )
        await start_case(self._client, self._task_queue, beginning, request)

    async def start_hire(self, request: HireInput) -> None:
        hire = request.hire
        facts = f"Starts {hire.start_on}, {hire.employment_type}, asked for by {hire.requester}"
        beginning = Beginning(
            workflow=hire_to_provision.WORKFLOW_NAME,
            case_id=request.case_id,
            process="hire-to-provision",
            facility=hire.facility,
            urgency="routine",
            summary=plain(hire_title(hire)),
            details=self._details(request.case_id, request.policy, facts),
            fingerprint=request.request_sha256,
        )
        await start_case(self._client, self._task_queue, beginning, request)

    async def fingerprint(self, case_id: str) -> str | None:
        try:
            description = await self._handle(case_id).describe(rpc_timeout=DESCRIBE_TIMEOUT)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise unavailable(error) from error
        known = await description.memo_value(messages.MEMO_FINGERPRINT, None, type_hint=str)
        return known if known is None else str(known)

    async def decide(self, case_id: str, decision: Decision) -> None:
        await self._signal(case_id, messages.DECISION_MADE, decision)

    async def request_action(self, case_id: str, request: ActionRequest) -> None:
        await self._signal(case_id, messages.ACTION_REQUESTED, request)

    async def change_task(self, case_id: str, change: TaskChange) -> None:
        await self._signal(case_id, messages.TASK_CHANGED, change)

    async def report(self, case_id: str, event: PurchaseEvent | HireEvent) -> None:
        await self._signal(case_id, _SIGNALS[type(event)], event)

    async def decision_record(self, case_id: str, decision_id: str, within: timedelta) -> DecisionRecord | None:
        return await self._query(case_id, messages.DECISION_RECORD, decision_id, DecisionRecord, within)

    async def action_record(self, case_id: str, action_id: str, within: timedelta) -> ActionRecord | None:
        return await self._query(case_id, messages.ACTION_RECORD, action_id, ActionRecord, within)

    async def change_record(self, case_id: str, change_id: str, within: timedelta) -> TaskChangeRecord | None:
        return await self._query(case_id, messages.CHANGE_RECORD, change_id, TaskChangeRecord, within)

    async def event_record(self, case_id: str, event_id: str, within: timedelta) -> messages.EventRecord | None:
        return await self._query(case_id, messages.EVENT_RECORD, event_id, messages.EventRecord, within)

    async def snapshot(self, case_id: str, within: timedelta) -> CaseSnapshot | None:
        return await self._query(case_id, messages.SNAPSHOT, None, CaseSnapshot, within)

    async def health(self) -> None:
        """Raises when the Temporal server does not serve."""
        if not await self._client.service_client.check_health(timeout=HEALTH_TIMEOUT):
            raise TemporarilyUnavailableError(SYSTEM, "not-serving", "the server says that it does not serve")

    def _handle(self, case_id: str) -> WorkflowHandle[object, object]:
        return self._client.get_workflow_handle(case_id)

    async def _signal(self, case_id: str, name: str, message: Value) -> None:
        try:
            await self._handle(case_id).signal(name, message, rpc_timeout=SIGNAL_TIMEOUT)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                raise CaseClosedError(case_id) from None
            raise unavailable(error) from error

    async def _query(self, case_id: str, name: str, key: str | None, kind: type[R], within: timedelta) -> R | None:
        arguments = [] if key is None else [key]
        try:
            answer = await self._handle(case_id).query(name, args=arguments, rpc_timeout=within)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            if error.status in _SLOW:
                raise NoAnswerYetError(case_id) from None
            raise unavailable(error) from error
        except (RPCTimeoutOrCancelledError, WorkflowQueryFailedError):
            raise NoAnswerYetError(case_id) from None
        return None if answer is None else kind.model_validate(answer)

    def _details(self, case_id: str, policy: FrozenPolicy, *facts: str) -> str:
        lines = [*facts, f"Policy {policy.version}, effective from {policy.effective_from}"]
        if self._base_url:
            lines.append(f"[Case in the API]({self._base_url}/v1/cases/{case_id})")
        return "\n".join(f"- {line}" for line in lines)


# Both the missing worker and the busy one show as one of these.
_SLOW = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.RESOURCE_EXHAUSTED,
)
