"""From the posting of an invoice to the money that the bank has booked for good."""

from __future__ import annotations

from temporalio import workflow

from domain.business_time import fiscal_year
from domain.case import Journal
from domain.exceptions import CATALOGUE, Finding
from domain.supplier_answers import ResponseStatus
from domain.tasks import Action
from workflows.bill import Bill
from workflows.compensation import Compensations, Undo
from workflows.errors import REFUSED, StepFailure
from workflows.messages.invoice_to_payment import PaymentProgress, ProgressKind
from workflows.questions import ask, ask_about_failure
from workflows.steps.invoice_inputs import (
    AnswerInput,
    HoldInput,
    HoldOutcome,
    OfferAgainInput,
    OfferAgainOutcome,
    PostInput,
    PostOutcome,
    ReverseInput,
    TellOrdersInput,
)
from workflows.steps.invoicing import InvoicingSteps

# The books have changed since the invoice was matched: it is matched again rather than put to a person at once.
MATCH_AGAIN = frozenset(
    {
        "quantity-over-ordered",
        "amount-over-ordered",
        "order-closed",
        "order-not-found",
        "order-unknown",
        "line-unknown",
        "accrual-differs",
        "credit-over-billed",
        "account-changed",
    }
)
CORRECTED_AND_RESUMED: tuple[Action, ...] = ("retry", "correct", "reject")
MOST_ROUNDS_UNASKED = 3
_AWAITED = {
    "claimed": "approval and release of the payment run",
    "delivered": "the bank's answer",
    "accepted": "the bank's booking",
}


class Booking:
    """The posting in the ERP, once."""

    def __init__(self, bill: Bill, undo: Compensations) -> None:
        self._bill, self._undo = bill, undo
        self._registered: Undo | None = None
        self._refused = 0
        self.tried = False
        self.posted: PostOutcome | None = None

    @property
    def key(self) -> str:
        return f"{self._bill.case.file.case_id}:post"

    async def run(self) -> bool:
        """Post; False when the invoice has to be controlled and matched again. Raises CaseEnded."""
        bill, case = self._bill, self._bill.case
        self._register_reversal()
        case.file.show(stage="posting", next_step="It is booked in the ERP, then a payment run takes it up")
        seq = case.file.next_seq()
        while True:
            result = await case.try_step(
                InvoicingSteps.post_invoice,
                lambda journal, seq: PostInput(
                    journal=journal,
                    seq=seq,
                    key=self.key,
                    policy=case.policy,
                    posted_on=bill.today,
                    fiscal_year=fiscal_year(bill.today),
                    supplier=bill.supplier,
                    version=bill.version,
                    round=bill.round,
                    number=bill.controlled.booked_number if bill.controlled is not None else bill.header.number,
                    duties=case.file.ledger.duties(),
                    urgent=case.file.snapshot.urgency != "routine",
                    account=bill.controlled.account if bill.controlled is not None else "",
                ),
                "Book the invoice",
                seq,
            )
            if isinstance(result, PostOutcome):
                self.posted = result
                return True
            if not await self._try_again(result):
                return False

    async def _try_again(self, failure: StepFailure) -> bool:
        """Whether the same posting is worth another try; False when the invoice is to be matched again."""
        bill, code = self._bill, failure.report.code
        self._refused += 1
        if failure.kind == REFUSED and code in MATCH_AGAIN and self._refused < MOST_ROUNDS_UNASKED:
            return False
        if failure.kind == REFUSED and code not in CATALOGUE:
            failure = failure.model_copy(
                update={"report": failure.report.model_copy(update={"code": "posting-refused"})}
            )
        actions = CATALOGUE[failure.report.code].actions if failure.report.code in CATALOGUE else CORRECTED_AND_RESUMED
        decision = await ask_about_failure(bill.case, failure, "Book the invoice", "posting", actions)
        if decision is None or decision.action == "retry":
            return code not in MATCH_AGAIN
        bill.end_if_asked(Finding(code=failure.report.code, message=failure.report.message), decision)
        if decision.action in ("correct", "code", "link", "map"):
            return not await bill.correct(decision)
        return code not in MATCH_AGAIN

    def _register_reversal(self) -> None:
        self.tried = True
        if self._registered is None:
            self._registered = self._undo.register(
                "the posting",
                InvoicingSteps.reverse_invoice,
                lambda journal, seq: ReverseInput(
                    journal=journal, seq=seq, key=self.key, reason="the case was ended", on=self._bill.today
                ),
            )

    def keep(self) -> None:
        """The money left the bank: the posting stands for good."""
        if self._registered is not None:
            self._undo.forget(self._registered)
            self._registered = None

    def may_be_taken_back(self) -> None:
        """The money came back: a case that ends now takes its posting back after all."""
        self._register_reversal()


class Settling:
    """Waits for the payment, and deals with money that does not arrive or comes back."""

    def __init__(self, bill: Bill, booking: Booking) -> None:
        self._bill, self._booking = bill, booking
        self.progress: list[PaymentProgress] = []
        self.paid = False
        self.claimed_by: str | None = None
        self._held = False

    async def run(self) -> None:
        """Until the payment can no longer come back. Raises CaseEnded."""
        case = self._bill.case
        self._show_waiting()
        await case.announce("Wait for the payment")
        while True:
            await case.until(lambda: bool(self.progress) or case.file.snapshot.held != self._held)
            if case.file.snapshot.held != self._held:
                await self._hold()
            elif await self._heard(self.progress.pop(0)):
                return

    def _show_waiting(self) -> None:
        held = self._bill.case.held_by
        if self._bill.case.file.snapshot.held and held is not None:
            why = f", {held.comment}" if held.comment else ""
            self._bill.case.file.show(
                stage="payment",
                awaiting=f"the end of its hold: held by {held.actor.person}{why}",
                awaiting_since=workflow.now(),
                next_step="No payment run takes it up before somebody resumes it",
            )
            return
        posted = self._booking.posted
        due = f", due on {posted.due_on}" if posted is not None else ""
        self._bill.case.file.show(
            stage="payment",
            awaiting=f"a payment run{due}",
            awaiting_since=workflow.now(),
            next_step="A payment run proposes it, people release it, and the bank confirms it",
        )

    async def _hold(self) -> None:
        held = self._bill.case.file.snapshot.held
        if self.claimed_by is None:
            self._show_waiting()
        outcome: HoldOutcome = await self._bill.case.own_step(
            InvoicingSteps.hold_payment,
            lambda journal, seq: HoldInput(journal=journal, seq=seq, held=held, reason="held by a person"),
            "Hold the payment" if held else "Resume the payment",
        )
        self._held = held
        if not outcome.done:
            self._bill.case.file.note("payment.hold-too-late", f"{self.claimed_by or 'A run'} has taken it up already")

    async def _heard(self, progress: PaymentProgress) -> bool:
        """What the run says of the payment; True at the end."""
        case, amount = self._bill.case, progress.amount
        match progress.kind:
            case "claimed" | "delivered" | "accepted":
                self.claimed_by = progress.run_id
                case.file.show(awaiting=f"{_AWAITED.get(progress.kind, progress.kind)} ({progress.run_id})")
                if progress.kind == "delivered":
                    await case.announce("Show that the payment is with the bank")
            case "released":
                self.claimed_by = None
                self._show_waiting()
                await case.announce("Show that the payment was released")
            case "booked":
                self.paid = True
                self._booking.keep()
                case.file.show(stage="settlement", awaiting="the end of the time in which it can be returned")
                await self._tell("paid", f"{amount} booked by the bank on {progress.on}", progress.event_id)
            case "rejected" | "returned":
                return await self._failed(progress)
            case "final":
                return True
        return False

    async def _failed(self, progress: PaymentProgress) -> bool:
        """The bank refused it, or the money came back: treasury decides."""
        bill, returned = self._bill, progress.kind == "returned"
        self.claimed_by = None
        if self.paid:
            self.paid = False
            self._booking.may_be_taken_back()
            await self._tell("returned", f"{progress.reason} {progress.text}".strip(), progress.event_id)
        finding = Finding(
            code="payment-returned" if returned else "payment-rejected",
            message=f"{progress.amount} to {bill.supplier_name} for {bill.header.number}: "
            f"{progress.reason} {progress.text}".rstrip(),
            evidence={
                "supplier": f"{bill.supplier} {bill.supplier_name}",
                "invoice": bill.header.number,
                "amount": str(progress.amount),
                "payment": progress.payment_id,
                "run": progress.run_id,
                "reason": progress.reason,
                "text": progress.text,
                "bank_day": progress.on.isoformat() if progress.on else None,
            },
        )
        decision = await ask(bill.case, finding, f"payment/{progress.payment_id}")
        if decision.action == "record":
            bill.case.file.note(
                "payment.settled-otherwise", decision.comment, actor=decision.actor.person, payment=progress.payment_id
            )
            self._booking.keep()
            await self._tell("paid", f"Settled otherwise: {decision.comment}", f"{progress.event_id}:settled")
            return True
        self._show_waiting()
        await self._offer_again()
        return False

    async def _offer_again(self) -> None:
        """Raises CaseEnded when nobody confirms the account that would be paid to now."""
        bill = self._bill
        while True:
            outcome: OfferAgainOutcome = await bill.step(
                InvoicingSteps.offer_again,
                lambda journal, seq: OfferAgainInput(
                    journal=journal,
                    seq=seq,
                    supplier=bill.supplier,
                    duties=bill.case.file.ledger.duties(),
                    policy=bill.case.policy,
                    today=bill.today,
                    document=bill.start.document,
                ),
                "Offer it for payment again",
                "payment",
            )
            bill.case.file.ledger.know(outcome.account_duties)
            if outcome.finding is None:
                return
            for finding, decision in await bill.ask((outcome.finding,), "payment", {}):
                await bill.confirm_account(finding, decision)

    async def nothing_to_pay(self) -> None:
        """A bill of nothing waits for no payment, and neither do its orders."""
        self._booking.keep()
        await self._tell("paid", "Nothing is left to pay", "nothing")

    async def _tell(self, kind: ProgressKind, text: str, event_id: str) -> None:
        bill = self._bill
        await bill.step(
            InvoicingSteps.tell_orders,
            lambda journal, seq: TellOrdersInput(
                journal=journal,
                seq=seq,
                kind=kind,
                version=bill.version,
                round=bill.round,
                event_id=event_id,
                text=text,
            ),
            f"Tell the purchase: {kind}",
            "family",
            ("retry", "skip"),
        )


async def answer_supplier(bill: Bill, status: ResponseStatus, text: str, key: str) -> None:
    """Send the standard answer; where there is no supplier to answer to, the case says so."""
    case = bill.case
    if not bill.supplier:
        case.file.note("supplier.not-answered", "Nobody is known whom an answer could go to")
        return
    withheld = bill.matched.withheld if bill.matched is not None else None

    def build(journal: Journal, seq: int) -> AnswerInput:
        return AnswerInput(
            journal=journal,
            seq=seq,
            key=f"{case.file.case_id}:{key}",
            status=status,
            supplier=bill.supplier,
            facility=case.policy.facility,
            version=bill.version,
            on=bill.today,
            codes=tuple(dict.fromkeys(bill.codes))[:20],
            text=text,
            disputed=withheld or None,
        )

    seq = case.file.next_seq()
    while True:
        result = await case.try_step(InvoicingSteps.answer_supplier, build, "Answer the supplier", seq)
        if not isinstance(result, StepFailure):
            return
        decision = await ask_about_failure(case, result, "Answer the supplier", "answer", ("retry", "skip"))
        if decision is not None and decision.action == "skip":
            return
