"""Invoice-to-payment: from a document that came in to money that the bank has booked.

    control -> match (goods may come) -> approve what no order backs -> post -> payment run -> booked -> final -> close

Whatever a person must decide is a task. What the bank has booked is not undone: before that a case that is ended early
takes its posting back.
"""

from __future__ import annotations

from temporalio import workflow

from domain.case_actions import ActionRefusal, ActionRequest
from domain.money import Money
from domain.supplier_answers import ResponseStatus
from workflows.bill import Bill
from workflows.case import CaseEnded, CaseWorkflow
from workflows.closing import close_case
from workflows.compensation import Compensations
from workflows.invoice_payment import Booking, Settling, answer_supplier
from workflows.invoice_stages import CodedApproval, Matching, control
from workflows.messages.invoice_to_payment import (
    WORKFLOW_NAME,
    GoodsBooked,
    InvoiceInput,
    InvoiceResult,
    PaymentProgress,
)
from workflows.starting import invoice_snapshot
from workflows.steps.invoice_inputs import LearnInput, StateInput
from workflows.steps.invoicing import InvoicingSteps


@workflow.defn(name=WORKFLOW_NAME)
class InvoiceToPayment(CaseWorkflow):
    @workflow.init
    def __init__(self, case: InvoiceInput) -> None:
        super().__init__(invoice_snapshot(case), case.policy, ())
        if case.submitted_by.has_role("accounts-payable"):
            self.file.ledger.note_duty(case.submitted_by.person, "invoice-entry", case.submitted_at)
        self.bill = Bill(self, case)
        self.undo = Compensations(self)
        self.booking = Booking(self.bill, self.undo)
        self.settling = Settling(self.bill, self.booking)
        self._goods_came = False
        self._events: set[str] = set()
        self._reason = ""
        self._touchless = False
        self._first_pass = (0, 0)

    @workflow.run
    async def run(self, case: InvoiceInput) -> InvoiceResult:
        self.file.note(
            "invoice.captured",
            f"Captured: {self.file.snapshot.title}, {case.format} by {case.document.channel}",
            actor=case.submitted_by.person,
            document_sha256=case.document.sha256,
            sender=case.document.sender,
            name=case.document.name,
        )
        try:
            await self._book()
            await self._pay()
            self.file.show(status="completed")
        except CaseEnded as ended:
            await self._undo_all(ended)
        await self._close()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._result()

    # Stages

    async def _book(self) -> None:
        """Until the bill stands in the ERP's books; whatever corrects it begins anew."""
        matching = Matching(self.bill, lambda: self._goods_came, self._hear)
        approval = CodedApproval(self.bill)
        while True:
            await control(self.bill)
            if not await matching.run():
                continue
            self._note_first_pass()
            await approval.obtain()
            if await self.booking.run():
                break
        self._touchless = not self.file.ledger.records()
        matched = self.bill.matched
        if matched is not None and matched.withheld:
            await answer_supplier(self.bill, "CA", f"{matched.withheld} is disputed and not paid", "disputed")

    def _hear(self) -> None:
        self._goods_came = False

    def _note_first_pass(self) -> None:
        matched = self.bill.matched
        if self.bill.round == 1 and matched is not None:
            self._first_pass = (matched.first_pass, matched.order_lines)

    async def _pay(self) -> None:
        posted = self.booking.posted
        if posted is not None and posted.offered:
            await self.settling.run()
        elif posted is not None:
            await self.settling.nothing_to_pay()

    # The end

    async def _undo_all(self, ended: CaseEnded) -> None:
        self.undoing = True
        self.file.cancel_open_tasks(f"the case was {ended.status}")
        self.file.show(stage="compensation", held=False, next_step="What was done is undone")
        self._reason = ended.reason
        if ended.status == "rejected" and self.bill.answer_supplier:
            status: ResponseStatus = "RE"
            await answer_supplier(self.bill, status, ended.reason, "rejected")
        await self.undo.run()
        state = self.bill.end_state if ended.status == "rejected" else "cancelled"
        await self.own_step(
            InvoicingSteps.set_invoice_aside,
            lambda journal, seq: StateInput.model_validate(
                {"journal": journal, "seq": seq, "state": state, "perhaps_booked": self.booking.tried}
            ),
            "Free the invoice's number",
        )
        self.file.show(status=ended.status)

    async def _close(self) -> None:
        if self.bill.lessons.learned:
            await self.own_step(
                InvoicingSteps.learn_decisions,
                lambda journal, seq: LearnInput(journal=journal, seq=seq, records=self.bill.lessons.learned),
                "Put decisions beside suggestions",
            )
        text = self._reason or ("Paid, and confirmed by the bank." if self.settling.paid else "Nothing is left to pay.")
        await close_case(self, text)

    def _result(self) -> InvoiceResult:
        posted, matched = self.booking.posted, self.bill.matched
        paid: Money | None = matched.payable if matched is not None and self.settling.paid else None
        return InvoiceResult(
            case_id=self.file.case_id,
            status=self.file.snapshot.status,
            reason=self._reason,
            voucher=posted.posted.number if posted is not None else "",
            paid=paid,
            touchless=self._touchless,
            first_pass_lines=self._first_pass[0],
            order_lines=self._first_pass[1],
        )

    # What other cases and people say

    def perform(self, request: ActionRequest) -> ActionRefusal | None:
        match request.action:
            case "withdraw" | "cancel" if self.settling.paid or self.settling.claimed_by is not None:
                return "not-in-this-stage"
            case _:
                return super().perform(request)

    @workflow.signal
    def goods_booked(self, booked: GoodsBooked) -> None:
        """Goods came in, or went back, on one of the invoice's orders."""
        if booked.event_id not in self._events:
            self._events.add(booked.event_id)
            self._goods_came = True

    @workflow.signal
    def payment_progressed(self, progress: PaymentProgress) -> None:
        """A payment run says what became of the payment."""
        if progress.event_id in self._events:
            return
        self._events.add(progress.event_id)
        self.file.note(
            f"payment.{progress.kind}",
            f"Payment {progress.payment_id} {progress.kind}: {progress.amount}"
            + (f" on {progress.on}" if progress.on else "")
            + (f" ({progress.reason} {progress.text})".rstrip() if progress.reason or progress.text else ""),
            run=progress.run_id,
            payment=progress.payment_id,
            discount=str(progress.discount),
            because="case-closed" if self.closed else None,
        )
        if not self.closed:
            self.settling.progress.append(progress)
