"""A payment run: what is due in one facility and currency, from the proposal to what the bank has booked for good.

propose and claim -> approve -> release (second person) -> file -> accepted -> booked -> (returned) -> final -> close
"""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

from domain.business_time import local_day
from domain.case import Journal
from domain.case_actions import ActionRefusal, ActionRequest
from domain.money import Money
from domain.payables import PaymentMethod
from domain.payment import BankFact
from domain.tasks import Action
from workflows.case import CaseEnded, CaseWorkflow
from workflows.closing import close_case
from workflows.compensation import Compensations, Undo
from workflows.errors import REFUSED, StepFailure
from workflows.messages.payment_run import WORKFLOW_NAME, BankReport, PaymentRunInput, PaymentRunResult
from workflows.payment_confirmation import Confirmation
from workflows.payment_release import PaymentRelease
from workflows.questions import ask_about_failure
from workflows.starting import run_snapshot
from workflows.steps.paying import PayingSteps
from workflows.steps.payment_inputs import (
    DeliverInput,
    DeliverOutcome,
    ProposedPayment,
    ProposeInput,
    ProposeOutcome,
    ReleasePaymentsInput,
)


@workflow.defn(name=WORKFLOW_NAME)
class PaymentRun(CaseWorkflow):
    @workflow.init
    def __init__(self, case: PaymentRunInput) -> None:
        super().__init__(run_snapshot(case), case.policy, ())
        self.start = case
        self.undo = Compensations(self)
        self.proposal: ProposeOutcome | None = None
        self.confirmation = Confirmation(self)
        self._to_take_out: list[ProposedPayment] = []
        self._out: set[str] = set()
        self._made_at: dict[str, datetime] = {}
        self._claims = self._register_release()
        self._reported: list[BankFact] = []
        self._sending = False
        self._reason = ""

    @workflow.run
    async def run(self, case: PaymentRunInput) -> PaymentRunResult:
        self.file.note("run.started", f"Started: {self.file.snapshot.title}", actor=case.submitted_by.person)
        try:
            if await self._propose():
                await PaymentRelease(self).obtain()
                await self._send()
                await self.confirmation.run()
            self.file.show(status="completed")
        except CaseEnded as ended:
            await self._undo_all(ended)
        await close_case(self, self._reason or self.confirmation.in_words)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._result()

    # Stages

    @property
    def proposed(self) -> ProposeOutcome:
        if self.proposal is None:
            raise RuntimeError("nothing is proposed yet")
        return self.proposal

    async def _propose(self) -> bool:
        """Claim what is due; False when there is nothing."""
        self.file.show(stage="checks", next_step="What is due is chosen and claimed for this run")
        seq = self.file.next_seq()
        while True:
            result = await self.try_step(
                PayingSteps.propose_payments,
                lambda journal, seq: ProposeInput(
                    journal=journal,
                    seq=seq,
                    policy=self.policy,
                    currency=self.start.currency,
                    today=local_day(workflow.now(), self.policy.facility.calendar),
                ),
                "Propose payments",
                seq,
            )
            if isinstance(result, ProposeOutcome):
                break
            await ask_about_failure(self, result, "Propose payments", "proposal", ("retry", "cancel"))
        self.proposal = result
        self.file.show(
            amount=result.total,
            suppliers=tuple(sorted({each.supplier for each in result.payments}))[:50],
        )
        if not result.payments:
            self._reason = "Nothing is due."
            self.undo.forget(self._claims)
        return bool(result.payments)

    def _register_release(self) -> Undo:
        return self.undo.register(
            "the claims",
            PayingSteps.release_payments,
            lambda journal, seq: ReleasePaymentsInput(
                journal=journal,
                seq=seq,
                payment_ids=tuple(each.payment_id for each in self.payments) if self.proposal else (),
                reason=self._reason or "the run was ended",
            ),
        )

    @property
    def payments(self) -> tuple[ProposedPayment, ...]:
        """Those of the proposal that nobody took out."""
        return tuple(each for each in self.proposed.payments if each.payment_id not in self._out)

    @property
    def anything_to_take_out(self) -> bool:
        return bool(self._to_take_out)

    async def take_out(self) -> None:
        """Release the payments that somebody took out of the proposal."""
        while self._to_take_out:
            payment = self._to_take_out.pop(0)
            self._out.add(payment.payment_id)

            def build(journal: Journal, seq: int, payment: ProposedPayment = payment) -> ReleasePaymentsInput:
                reason = "taken out of the proposal"
                return ReleasePaymentsInput(journal=journal, seq=seq, payment_ids=(payment.payment_id,), reason=reason)

            await self.own_step(PayingSteps.release_payments, build, f"Take the payment to {payment.supplier} out")
            self.file.show(amount=Money.total((each.amount for each in self.payments), self.start.currency))
        if not self.payments:
            raise self.end("cancelled", "every payment was taken out")

    async def _send(self) -> None:
        """One file per method. From here on nothing is undone: what the bank has it may pay."""
        await self.take_out()
        self._sending = True
        self.undo.forget(self._claims)
        for method in sorted({each.method for each in self.payments}):
            await self.deliver(method)
        self.confirmation.begin(self._reported)

    async def deliver(self, method: PaymentMethod) -> None:
        """Send the file of one method. The same file again has the same id: a bank that has it refuses the second."""
        payments = tuple(each for each in self.payments if each.method == method)
        made_at = self._made_at.setdefault(method, workflow.now())
        self.file.show(stage="payment", next_step="The file goes to the bank, which confirms each payment")
        seq = self.file.next_seq()
        while True:
            result = await self.try_step(
                PayingSteps.deliver_payment_file,
                lambda journal, seq: DeliverInput(
                    journal=journal,
                    seq=seq,
                    made_at=made_at,
                    method=method,
                    payment_ids=tuple(each.payment_id for each in payments),
                    facility=self.start.facility,
                    currency=self.start.currency,
                    policy=self.policy,
                ),
                f"Send the {method} file to the bank",
                seq,
            )
            if isinstance(result, DeliverOutcome):
                self._out |= set(result.lapsed)
                left = tuple(each for each in payments if each.payment_id not in self._out)
                self.confirmation.sent(result.message_id, method, left)
                return
            if await self._given_up(result, method):
                await self._leave_out(payments)
                return

    async def _given_up(self, failure: StepFailure, method: str) -> bool:
        """A file that was refused may be given up. One of which nobody knows whether the bank has it is sent again,
        under the same id, until the bank answers: it is paid once."""
        actions: tuple[Action, ...] = ("retry", "reject") if failure.kind == REFUSED else ("retry",)
        summary = f"Send the {method} file to the bank"
        decision = await ask_about_failure(self, failure, summary, f"file/{method}", actions)
        return decision is not None and decision.action == "reject"

    async def _leave_out(self, payments: tuple[ProposedPayment, ...]) -> None:
        """The bank refused the file, so that nothing of it is paid: its invoices are free for another run."""
        self._out |= {each.payment_id for each in payments}
        await self.own_step(
            PayingSteps.release_payments,
            lambda journal, seq: ReleasePaymentsInput(
                journal=journal,
                seq=seq,
                payment_ids=tuple(each.payment_id for each in payments),
                reason="the file was refused",
            ),
            "Release the payments of a refused file",
        )

    # The end

    async def _undo_all(self, ended: CaseEnded) -> None:
        self.undoing = True
        self._reason = ended.reason
        self.file.cancel_open_tasks(f"the run was {ended.status}")
        self.file.show(stage="compensation", held=False, next_step="The claims are released")
        await self.undo.run()
        self.file.show(status=ended.status)

    def _result(self) -> PaymentRunResult:
        return PaymentRunResult(
            case_id=self.file.case_id,
            status=self.file.snapshot.status,
            reason=self._reason,
            payments=len(self.proposal.payments) if self.proposal else 0,
            total=self.proposal.total if self.proposal else None,
            booked=self.confirmation.booked,
            returned=self.confirmation.returned,
        )

    # What people and the bank say

    def perform(self, request: ActionRequest) -> ActionRefusal | None:
        match request.action:
            case "cancel" | "withdraw" if self._sending:
                return "not-in-this-stage"
            case "cancel-line" if self.proposal is None or self._sending:
                return "not-in-this-stage"
            case "cancel-line":
                return self._take_out(request.line or 0)
            case _:
                return super().perform(request)

    def _take_out(self, place: int) -> ActionRefusal | None:
        """`place` counts the payments of the proposal from 1."""
        if not 1 <= place <= len(self.proposed.payments):
            return "line-unknown"
        payment = self.proposed.payments[place - 1]
        if payment.payment_id in self._out or payment in self._to_take_out:
            return "line-unknown"
        self._to_take_out.append(payment)
        return None

    @workflow.signal
    def bank_reported(self, report: BankReport) -> None:
        """What the bank said, in whatever order. Facts that come before the file is known to be sent wait for it."""
        if self.confirmation.started:
            self.confirmation.hear(report.facts)
        else:
            self._reported += report.facts
