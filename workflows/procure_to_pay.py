"""Procure-to-pay: from a requisition to orders that are received, settled and closed.

    check -> reserve -> approve -> issue stock | per supplier: order -> acknowledge -> receive -> settle -> close

Whatever a person must decide is a task; whatever was done is undone, last first, when the case is ended early.
"""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow

from domain.business_time import local_day
from domain.case_actions import ActionRefusal, ActionRequest
from domain.erp_changes import ErpChange
from domain.intake import faults_of
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, Settlement, StockIssue
from domain.requisition import Requisition
from domain.sourcing import order_drafts, stock_issue
from workflows.authorisation import Authorisation
from workflows.case import CaseEnded, CaseWorkflow
from workflows.compensation import Compensations
from workflows.duty_conflicts import DutyConflicts
from workflows.erp_news import ErpNews
from workflows.errors import StepFailure
from workflows.fulfilment import Fulfilment
from workflows.messages.invoice_to_payment import InvoiceProgress
from workflows.messages.procure_to_pay import WORKFLOW_NAME, EventRecord, OrderOutcome, PurchaseInput, PurchaseResult
from workflows.questions import ask_about_failure
from workflows.retrospective import approve_afterwards
from workflows.starting import first_snapshot, requesters_of
from workflows.steps.inputs import StockInput, UndoStockInput
from workflows.steps.purchasing import PurchasingSteps
from workflows.telling_hire import TellingHire

MOST_LINKED = 200
_REPORTED = {
    "order.acknowledged": "The supplier's answer",
    "goods.received": "Delivery reported",
    "goods.returned": "Return reported",
    "order.settled": "Settlement reported",
}
OrderReport = Acknowledgement | GoodsReceipt | GoodsReturn | Settlement


@workflow.defn(name=WORKFLOW_NAME)
class ProcureToPay(CaseWorkflow):
    @workflow.init
    def __init__(self, case: PurchaseInput) -> None:
        super().__init__(first_snapshot(case), case.policy, requesters_of(case.requisition))
        self.undo = Compensations(self)
        self.authorisation = Authorisation(self, self.undo, case.requisition, case.ordered_for)
        self.orders: list[Fulfilment] = []
        self.conflicts = DutyConflicts(self)
        self.hire = TellingHire(case.case_id, case.ordered_for, lambda: self.orders)
        self.erp = ErpNews(
            self, lambda: [order.hand for order in self.orders], self._report, self.authorisation.authorise_change
        )
        self._fulfilling = False
        self._reason = ""
        self._events: dict[str, EventRecord] = {}

    @workflow.run
    async def run(self, case: PurchaseInput) -> PurchaseResult:
        self.file.note("case.submitted", f"Submitted: {self.file.snapshot.title}", actor=case.submitted_by.person)
        telling = asyncio.create_task(self.hire.run())
        try:
            await self.authorisation.obtain()
            await self._fulfil()
            status = "closed-short" if any(order.hand.short_closed for order in self.orders) else "completed"
            self.file.show(status=status)
        except CaseEnded as ended:
            await self._undo_all(ended)
        await self._close_case()
        await self.hire.ended(self.file.snapshot.status)
        await telling
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._result()

    # Stages

    async def _fulfil(self) -> None:
        """Hand out what the store room has, and see every order through, side by side."""
        self._fulfilling = True
        await self._issue_stock()
        shot = self.file.snapshot
        drafts = order_drafts(
            self.file.case_id,
            shot.facility,
            shot.requester,
            self.authorisation.requisition.currency,
            local_day(workflow.now(), self.policy.facility.calendar),
            self.authorisation.lines,
        )
        self.orders = [
            Fulfilment(
                self,
                self.undo,
                draft,
                self.authorisation.fiscal_year,
                self.authorisation.authorise_change,
                self.authorisation.authorise_correction,
            )
            for draft in drafts
        ]
        branches = [order.run() for order in self.orders]
        if shot.emergency:
            branches.append(approve_afterwards(self, self.authorisation.route(), self.authorisation.subject()))
        branches.append(self.erp.run(lambda: not all(order.hand.over for order in self.orders)))
        await self._all(branches)
        await self.conflicts.answered()

    async def _all(self, branches: list[Any]) -> None:
        """Run side by side; when the case is ended every branch comes to its end before anything is undone."""
        results = await asyncio.gather(*branches, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, CaseEnded):
                raise result
        self.check_ended()

    async def _issue_stock(self) -> None:
        issue = stock_issue(self.file.case_id, self.authorisation.requisition.facility, self.authorisation.lines)
        if issue is None:
            return
        self.undo.register(
            "issue from stock",
            PurchasingSteps.return_stock,
            lambda journal, seq: UndoStockInput(
                journal=journal, seq=seq, external_id=issue.external_id, reason="the case was ended"
            ),
        )
        seq = self.file.next_seq()
        while not await self._issued(issue, seq):
            pass

    async def _issued(self, issue: StockIssue, seq: int) -> bool:
        result = await self.try_step(
            PurchasingSteps.issue_stock,
            lambda journal, seq: StockInput(journal=journal, seq=seq, issue=issue),
            "Issue from the store room",
            seq,
        )
        if not isinstance(result, StepFailure):
            return True
        decision = await ask_about_failure(
            self, result, "Issue from the store room", "stock", ("retry", "skip", "cancel")
        )
        return decision is not None and decision.action == "skip"

    # The end

    async def _undo_all(self, ended: CaseEnded) -> None:
        self.undoing = True
        self.file.cancel_open_tasks(f"the case was {ended.status}")
        self.file.show(stage="compensation", held=False, next_step="What was done is undone")
        await self.undo.run()
        self.file.show(status=ended.status)
        self._reason = ended.reason

    async def _close_case(self) -> None:
        shot = self.file.snapshot
        self.undoing = True
        self.file.cancel_open_tasks("the case is closed")
        self.file.show(stage="closed", awaiting="", awaiting_since=None, next_step="", closed_at=workflow.now())
        self.file.note("case.closed", f"Closed: {shot.status}" + (f" ({self._reason})" if self._reason else ""))
        self.file.tell(
            "case.closed",
            f"{shot.title}: {shot.status}",
            self._reason or "Everything that was ordered is received and settled.",
            people=self.requesters,
            status=shot.status,
        )
        self.file.tell_watchers("case.closed", f"{shot.title}: {shot.status}", self._reason or "The case is closed.")
        self.closed = True
        await self.close(f"{self.file.case_id}:close")

    def _result(self) -> PurchaseResult:
        placed = [order.hand.order for order in self.orders if order.hand.order is not None]
        return PurchaseResult(
            case_id=self.file.case_id,
            status=self.file.snapshot.status,
            reason=self._reason,
            orders=tuple(
                OrderOutcome(number=each.number, supplier=each.supplier, status=each.status, total=each.total)
                for each in placed
            ),
        )

    # What people and systems report

    def perform(self, request: ActionRequest) -> ActionRefusal | None:
        match request.action:
            case "amend":
                return self._amend(request.requisition)
            case "cancel-line":
                return self._cancel_line(request.line or 0)
            case "close-short":
                return self._close_short(request.comment)
            case "add-approver":
                return self.authorisation.approval.add(request)
            case "withdraw" | "cancel" if any(order.hand.goods_came for order in self.orders):
                return self._close_short(request.comment)
            case _:
                return super().perform(request)

    def _amend(self, amended: Requisition | None) -> ActionRefusal | None:
        """Until the first order is placed, another version of the request takes the place of the first."""
        if amended is None:
            return "requisition-required"
        was = self.authorisation.requisition
        if (amended.number, amended.facility, amended.requester) != (was.number, was.facility, was.requester):
            return "key-changed"
        today = local_day(workflow.now(), self.policy.facility.calendar)
        if self._fulfilling or faults_of(amended, self.policy.facility, today):
            return "not-in-this-stage" if self._fulfilling else "requisition-required"
        self.run_on_duty_of(requesters_of(amended))
        linked = tuple(dict.fromkeys((*self.file.snapshot.linked, *amended.linked_cases)))
        self.file.show(on_behalf_of=amended.on_behalf_of, linked=linked, duties=self.file.duties())
        self.authorisation.amend(amended)
        return None

    def _cancel_line(self, line: int) -> ActionRefusal | None:
        if line not in self.authorisation.remaining_lines():
            return "line-unknown"
        if self._fulfilling:
            return self._cancel_ordered_line(line)
        self.authorisation.cancel_line(line)
        if not self.authorisation.remaining_lines():
            self.end("cancelled", "every line was cancelled")
        return None

    def _cancel_ordered_line(self, line: int) -> ActionRefusal | None:
        for order in self.orders:
            if order.hand.order is not None and not order.hand.over and order.hand.cancel_line(line):
                return None
        return "not-in-this-stage"

    def _close_short(self, comment: str) -> ActionRefusal | None:
        under_way = [order for order in self.orders if order.hand.order is not None and not order.hand.closing]
        if not under_way:
            return "not-in-this-stage"
        for order in under_way:
            order.hand.short_closed = comment or "closed short"
        return None

    @workflow.signal
    def order_acknowledged(self, answer: Acknowledgement) -> None:
        """The supplier answered to an order."""
        self._report(answer, "order.acknowledged")

    @workflow.signal
    def goods_received(self, receipt: GoodsReceipt) -> None:
        self._report(receipt, "goods.received")

    @workflow.signal
    def goods_returned(self, goods_return: GoodsReturn) -> None:
        self._report(goods_return, "goods.returned")

    @workflow.signal
    def erp_changed(self, change: ErpChange) -> None:
        """Somebody worked on one of the orders in the ERP itself."""
        self.erp.heard(change)

    @workflow.signal
    def settlement_reported(self, settlement: Settlement) -> None:
        self._report(settlement, "order.settled")

    @workflow.signal
    def invoice_progressed(self, progress: InvoiceProgress) -> None:
        """An invoice of one of the orders says how far it is."""
        order = next((each for each in self.orders if each.hand.is_order(progress.order_number)), None)
        because = "case-closed" if self.closed else "unknown-order" if order is None else None
        if order is not None and because is None and not order.hand.billed(progress):
            return
        summary = f"Invoice {progress.invoice_number} {progress.kind} for {progress.order_number}"
        self.file.note(
            f"invoice.{progress.kind}",
            summary if because is None else f"Ignored ({because}): {summary}",
            invoice_case=progress.invoice_case,
            event_id=progress.event_id,
            amount=None if progress.amount is None else str(progress.amount),
            text=progress.text,
            because=because,
        )
        if because is None and progress.invoice_case not in self.file.snapshot.linked:
            linked = (*self.file.snapshot.linked, progress.invoice_case)
            self.file.show(linked=linked[:MOST_LINKED])

    @workflow.query
    def event_record(self, event_id: str) -> EventRecord | None:
        """What became of an event; None when it has not arrived."""
        return self._events.get(event_id)

    def _report(self, report: OrderReport, kind: str) -> None:
        """Give an event to the order that it concerns, once; keep the reason when it does not count."""
        if report.event_id in self._events:
            return
        because = self._hand_in(report)
        self._events[report.event_id] = EventRecord(
            event_id=report.event_id,
            status="ignored" if because else "applied",
            because=because,
            recorded_at=workflow.now(),
        )
        if because is None and isinstance(report, GoodsReceipt):
            self.conflicts.exercised(report.received_by, "receiver")
        summary = f"{_REPORTED.get(kind, kind)} for {report.order_number}"
        self.file.note(
            kind,
            summary if because is None else f"Ignored ({because}): {summary}",
            event_id=report.event_id,
            because=because,
            report=report.model_dump(mode="json"),
        )

    def _hand_in(self, report: OrderReport) -> Any:
        if self.closed:
            return "case-closed"
        for order in self.orders:
            if order.hand.order is not None and order.hand.order.number == report.order_number:
                return order.hand.take(report)
        return "unknown-order"
