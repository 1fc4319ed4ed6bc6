"""The gateway's way to the running cases: start, signal and query, with short deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, TypeVar

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowHandle, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.case import CaseSnapshot
from domain.case_actions import ActionRecord, ActionRequest
from domain.model import Value
from domain.outside_errors import TemporarilyUnavailableError
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, Settlement
from domain.tasks import Decision, DecisionRecord, TaskChange, TaskChangeRecord
from workflows import search_attributes
from workflows.messages import procure_to_pay as messages

START_TIMEOUT = timedelta(seconds=5)
SIGNAL_TIMEOUT = timedelta(seconds=5)
DESCRIBE_TIMEOUT = timedelta(seconds=2)
HEALTH_TIMEOUT = timedelta(seconds=2)
SYSTEM = "temporal"

PurchaseEvent = Acknowledgement | GoodsReceipt | GoodsReturn | Settlement
_SIGNALS: Mapping[type[Value], str] = {
    Acknowledgement: messages.ORDER_ACKNOWLEDGED,
    GoodsReceipt: messages.GOODS_RECEIVED,
    GoodsReturn: messages.GOODS_RETURNED,
    Settlement: messages.SETTLEMENT_REPORTED,
}
R = TypeVar("R", bound=Value)


class CaseExistsError(Exception):
    """A case with this business key was started before, and may have ended since."""


class CaseClosedError(Exception):
    """No running case takes messages under this id."""


class NoAnswerYetError(Exception):
    """The case did not answer in time: its worker is busy or down. What it was told is kept."""


class CaseClient(Protocol):
    """What a gateway can do with cases. Besides the errors named here, all methods raise those of
    `domain.outside_errors` when Temporal does not answer.
    """

    async def start(self, request: messages.PurchaseInput) -> None:
        """Start the case; raises CaseExistsError when its id was ever used."""

    async def fingerprint(self, case_id: str) -> str | None:
        """Fingerprint of the request that started the case; None when Temporal no longer (or never) knew it."""

    async def decide(self, case_id: str, decision: Decision) -> None:
        """Hand in a decision. Raises CaseClosedError."""

    async def request_action(self, case_id: str, request: ActionRequest) -> None:
        """Hand in a requested action. Raises CaseClosedError."""

    async def change_task(self, case_id: str, change: TaskChange) -> None:
        """Hand in a change of a task. Raises CaseClosedError."""

    async def report(self, case_id: str, event: PurchaseEvent) -> None:
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

    async def start(self, request: messages.PurchaseInput) -> None:
        requisition = request.requisition
        try:
            await self._client.start_workflow(
                messages.WORKFLOW_NAME,
                request,
                id=request.case_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                memo={messages.MEMO_FINGERPRINT: request.request_sha256},
                search_attributes=search_attributes.at_start(
                    "procure-to-pay", requisition.facility, requisition.urgency
                ),
                static_summary=_summary(request),
                static_details=self._details(request),
                rpc_timeout=START_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            raise CaseExistsError(request.case_id) from None
        except RPCError as error:
            raise _outside(error) from error

    async def fingerprint(self, case_id: str) -> str | None:
        try:
            description = await self._handle(case_id).describe(rpc_timeout=DESCRIBE_TIMEOUT)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise _outside(error) from error
        known = await description.memo_value(messages.MEMO_FINGERPRINT, None, type_hint=str)
        return known if known is None else str(known)

    async def decide(self, case_id: str, decision: Decision) -> None:
        await self._signal(case_id, messages.DECISION_MADE, decision)

    async def request_action(self, case_id: str, request: ActionRequest) -> None:
        await self._signal(case_id, messages.ACTION_REQUESTED, request)

    async def change_task(self, case_id: str, change: TaskChange) -> None:
        await self._signal(case_id, messages.TASK_CHANGED, change)

    async def report(self, case_id: str, event: PurchaseEvent) -> None:
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
            raise _outside(error) from error

    async def _query(self, case_id: str, name: str, key: str | None, kind: type[R], within: timedelta) -> R | None:
        arguments = [] if key is None else [key]
        try:
            answer = await self._handle(case_id).query(name, args=arguments, rpc_timeout=within)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            if error.status in _SLOW:
                raise NoAnswerYetError(case_id) from None
            raise _outside(error) from error
        except (RPCTimeoutOrCancelledError, WorkflowQueryFailedError):
            raise NoAnswerYetError(case_id) from None
        return None if answer is None else kind.model_validate(answer)

    def _details(self, request: messages.PurchaseInput) -> str:
        requisition = request.requisition
        lines = [
            f"- Needed by {requisition.need_by.isoformat()}, {len(requisition.lines)} line(s), {requisition.urgency}",
            f"- Policy {request.policy.version}, effective from {request.policy.effective_from.isoformat()}",
        ]
        if self._base_url:
            lines.append(f"- [Case in the API]({self._base_url}/v1/cases/{request.case_id})")
        return "\n".join(lines)


# Both the missing worker and the busy one show as one of these.
_SLOW = (
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.RESOURCE_EXHAUSTED,
)


def _summary(request: messages.PurchaseInput) -> str:
    return f"Requisition {request.requisition.number} of {request.policy.facility.name}"


def _outside(error: RPCError) -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(SYSTEM, error.status.name.lower(), error.message)
