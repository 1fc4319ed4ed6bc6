"""The steps of a payment run over the ports: claim, send, book, tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from temporalio import activity

from activities.errors import classified, own_store
from activities.invoice_ports import InvoicePorts
from activities.recording import Recorder
from domain.business_time import local_day
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.payables import PaidItem, PayableSupplier, PaymentPosting, SupplierQuery
from domain.payment import BankFact, DebtorAccount, PayableInvoice, Payment, PaymentFile, PaymentState, Proposal
from domain.payment_claim import after_claim
from domain.payment_lapse import postponed
from domain.payment_proposal import approvers_excluded, propose
from domain.ports.evidence import EvidenceWriter
from domain.supplier_answers import Remittance
from workflows.messages.invoice_to_payment import PAYMENT_PROGRESSED, PaymentProgress
from workflows.steps.paying import PayingSteps
from workflows.steps.payment_inputs import (
    BookInput,
    DeliverInput,
    DeliverOutcome,
    FinishInput,
    NoteStatesInput,
    ProposedPayment,
    ProposeInput,
    ProposeOutcome,
    ReleasePaymentsInput,
    ReturnInput,
)

MOST_LOOKED_AT = 5000
MOST_NAMED = 100
MOST_FILES_A_MINUTE = 30
_WITH_THE_BANK: tuple[PaymentState, ...] = ("delivered", "accepted", "booked")
BuildFile = Callable[[str, Sequence[Payment], DebtorAccount, datetime, int], PaymentFile]
"""Builds the file of payments of one method: the run, its payments, the account that pays, the instant (UTC) of its
making, and a number that tells it from files of other runs. The same bytes for the same arguments."""


class PayingActivities(PayingSteps):
    """`clock` gives the instant (UTC) at which a step is recorded and a file is made."""

    def __init__(
        self,
        ports: InvoicePorts,
        evidence: EvidenceWriter,
        build_file: BuildFile,
        clock: Callable[[], datetime],
        positive_pay: BuildFile | None = None,
    ) -> None:
        self._ports, self._build_file, self._positive_pay = ports, build_file, positive_pay
        self._recorder = Recorder(evidence, clock)

    @activity.defn(name="propose_payments")
    async def propose_payments(self, step: ProposeInput) -> ProposeOutcome:
        async with classified():
            known = await self._ports.ledger.payments_of(step.case_id)
            if known:  # the step is repeated: what it claimed stands
                return await self._proposed(step, known, (), step.policy.payment.grouping)
            payable = await self._payable(step)
            held = await self._ports.ledger.held(step.policy.facility.code, step.currency, MOST_LOOKED_AT)
            blocked = await self._blocked(payable)
            proposal = propose(
                step.case_id,
                step.policy.facility.code,
                step.currency,
                payable,
                held,
                step.today,
                step.policy,
                blocked,
            )
            claimed = frozenset((await self._ports.ledger.claim(step.case_id, proposal.payments)).claimed)
            left = after_claim(proposal, claimed)
            return await self._proposed(step, left.payments, _left_out(left), proposal.grouping)

    async def _proposed(
        self, step: ProposeInput, payments: Sequence[Payment], left_out: tuple[str, ...], grouping: str
    ) -> ProposeOutcome:
        """Told and recorded also when the claim stood already: the step may have ended between claiming and telling."""
        held_by_run = await self._ports.ledger.claimed(step.case_id)
        outcome = _outcome(step, payments, left_out, held_by_run, grouping)
        await self._tell(payments, "claimed", step.case_id)
        await self._recorder.record(
            step,
            "payments.proposed",
            f"Proposed: {len(payments)} payment(s), {outcome.total}",
            payments=[each.model_dump(mode="json") for each in outcome.payments],
            left_out=list(outcome.left_out),
        )
        return outcome

    async def _payable(self, step: ProposeInput) -> tuple[PayableInvoice, ...]:
        return await self._ports.ledger.payable(step.policy.facility.code, step.currency, MOST_LOOKED_AT)

    async def _blocked(self, payable: Sequence[PayableInvoice]) -> tuple[str, ...]:
        codes = tuple(sorted({each.supplier for each in payable}))
        suppliers = await self._ports.payables.payable_suppliers(SupplierQuery(codes=codes)) if codes else ()
        return tuple(each.code for each in suppliers if "payment" in each.blocked_for or each.excluded)

    @activity.defn(name="release_payments")
    async def release_payments(self, step: ReleasePaymentsInput) -> None:
        async with classified(), own_store():
            payments = await self._payments(step.case_id, step.payment_ids)
            if not step.payment_ids:  # the claim's answer may have been lost
                payments = list(await self._ports.ledger.payments_of(step.case_id))
            await self._release(step.case_id, payments, step.reason)
            ids = [each.payment_id for each in payments]
            await self._recorder.record(
                step, "payments.released", f"Released: {len(ids)} payment(s), {step.reason}", payments=ids
            )

    async def _release(self, run_id: str, payments: Sequence[Payment], reason: str) -> None:
        """What the bank has it may pay: such a payment keeps its claim, whoever wants to release it."""
        payments = [each for each in payments if each.state not in _WITH_THE_BANK]
        ids = [each.payment_id for each in payments]
        await self._ports.ledger.release(run_id, ids, "withdrawn", reason)
        await self._tell(payments, "released", run_id, reason)

    async def _payments(self, run_id: str, ids: Iterable[str]) -> list[Payment]:
        wanted = frozenset(ids)
        return [each for each in await self._ports.ledger.payments_of(run_id) if each.payment_id in wanted]

    @activity.defn(name="deliver_payment_file")
    async def deliver_payment_file(self, step: DeliverInput) -> DeliverOutcome:
        async with classified():
            proposed = await self._payments(step.case_id, step.payment_ids)
            made_on = local_day(step.made_at, step.policy.facility.calendar)
            payments, lapsed = postponed(proposed, made_on, step.policy)
            if lapsed:
                await self._release(step.case_id, lapsed, "the discount lapsed before the release")
            if not payments:
                raise RefusedError("payment-files", "nothing-left", "every discount lapsed before the release")
            file = await self._kept(step, payments, self._build_file)
            if step.policy.payment.positive_pay and self._positive_pay is not None:
                # First, so that a list that is refused leaves nothing with the bank that it would pay.
                await self._ports.bank.deliver(await self._kept(step, payments, self._positive_pay))
            delivery = await self._ports.bank.deliver(file)
            await self._ports.ledger.set_state([each.payment_id for each in payments], "delivered")
            await self._tell(payments, "delivered", step.case_id)
            await self._recorder.record(
                step,
                "payments.delivered",
                f"Sent {file.name} to the bank: {len(payments)} payment(s), {file.total}",
                message_id=file.message_id,
                sha256=file.sha256,
                total=str(file.total),
                answer=delivery.answer,
            )
        return DeliverOutcome(
            message_id=file.message_id,
            name=file.name,
            sha256=file.sha256,
            total=file.total,
            answer=delivery.answer,
            lapsed=tuple(each.payment_id for each in lapsed),
        )

    async def _kept(self, step: DeliverInput, payments: Sequence[Payment], build: BuildFile) -> PaymentFile:
        """The file as it is stored before it leaves. Banks know NACHA files by company, minute and modifier: where
        another run has that id already, this one takes the next."""
        debtor = await self._debtor(step)
        for number in range(MOST_FILES_A_MINUTE):
            file = build(step.case_id, payments, debtor, step.made_at, number)
            await self._ports.ledger.keep_file(step.case_id, file.message_id, file.name, file.content)
            if await self._ports.ledger.run_of(file.message_id) == step.case_id:
                return file
        raise RefusedError("payment-files", "no-file-id", "too many files of one company in one minute")

    async def _debtor(self, step: DeliverInput) -> DebtorAccount:
        accounts = await self._ports.payables.debtor_accounts(step.facility)
        debtor = next((each for each in accounts if each.currency == step.currency), None)
        if debtor is None:
            raise RefusedError("erp", "no-account", f"{step.facility} has no account in {step.currency} to pay from")
        return debtor

    @activity.defn(name="note_payment_states")
    async def note_payment_states(self, step: NoteStatesInput) -> None:
        async with classified():
            accepted = await self._payments(step.case_id, step.accepted)
            await self._ports.ledger.set_state([each.payment_id for each in accepted], "accepted")
            await self._tell(accepted, "accepted", step.case_id)
            for fact in step.rejected:
                payments = await self._payments(step.case_id, (fact.payment_id,))
                reason = f"{fact.reason} {fact.text}".strip()
                await self._free(step.case_id, payments, "rejected", reason)
                await self._tell_facts(payments, "rejected", step.case_id, fact)
            await self._recorder.record(
                step,
                "payments.answered",
                f"The bank accepted {len(accepted)} and refused {len(step.rejected)} payment(s)",
                accepted=list(step.accepted),
                rejected=[each.model_dump(mode="json", exclude_none=True) for each in step.rejected],
            )

    @activity.defn(name="book_payments")
    async def book_payments(self, step: BookInput) -> None:
        async with classified():
            for fact in step.facts:
                for payment in await self._payments(step.case_id, (fact.payment_id,)):
                    await self._book(step.case_id, payment, fact)
            await self._recorder.record(
                step,
                "payments.booked",
                f"Booked by the bank: {len(step.facts)} payment(s)",
                facts=[each.model_dump(mode="json", exclude_none=True) for each in step.facts],
            )

    async def _book(self, run_id: str, payment: Payment, fact: BankFact) -> None:
        """In the ERP, then on the ledger, then to whoever waits for it. A remittance that cannot be sent holds up
        nothing: the money has left."""
        await self._ports.payables.post_payment(
            PaymentPosting(
                external_id=payment.payment_id,
                case_id=run_id,
                facility=payment.facility,
                supplier=payment.supplier,
                paid_on=fact.on or payment.pay_on,
                amount=payment.amount,
                items=tuple(
                    PaidItem(invoice_external_id=each.external_id, amount=each.amount, discount=each.discount)
                    for each in payment.items
                ),
                reference=payment.payment_id,
            )
        )
        await self._ports.ledger.set_state([payment.payment_id], "booked")
        await self._advise(payment)
        await self._tell_facts([payment], "booked", run_id, fact)

    async def _advise(self, payment: Payment) -> None:
        supplier = await self._supplier(payment.supplier)
        facility = next((each for each in self._ports.policies.facilities() if each.code == payment.facility), None)
        if supplier is None or facility is None:
            return
        try:
            await self._ports.answers.send_remittance(
                Remittance(
                    key=f"{payment.payment_id}:remittance", payment=payment, supplier=supplier, facility=facility
                )
            )
        except RefusedError as error:
            activity.logger.warning("no remittance advice for %s: %s", payment.payment_id, error)

    async def _supplier(self, code: str) -> PayableSupplier | None:
        found = await self._ports.payables.payable_suppliers(SupplierQuery(codes=(code,)))
        return next((each for each in found if each.code == code), None)

    @activity.defn(name="return_payments")
    async def return_payments(self, step: ReturnInput) -> None:
        async with classified():
            for fact in step.facts:
                reason = f"{fact.reason} {fact.text}".strip()
                for payment in await self._payments(step.case_id, (fact.payment_id,)):
                    await self._ports.payables.reverse_payment(
                        payment.payment_id, reason, fact.on or self._recorder.clock().date()
                    )
                    await self._free(step.case_id, [payment], "returned", reason)
                    await self._tell_facts([payment], "returned", step.case_id, fact)
            await self._recorder.record(
                step,
                "payments.returned",
                f"Came back: {len(step.facts)} payment(s)",
                facts=[each.model_dump(mode="json", exclude_none=True) for each in step.facts],
            )

    async def _free(self, run_id: str, payments: Sequence[Payment], state: PaymentState, reason: str) -> None:
        """The invoices belong to no run any more, and no run takes them up before treasury has decided: the register
        closes the gate first, so that there is no moment at which another run could."""
        payments = [each for each in payments if each.state not in ("rejected", "returned")]  # else it is a repetition
        cases = [item.case_id for payment in payments for item in payment.items]
        for case in cases:
            await self._ports.register.set_state(case, "matched")
        await self._ports.ledger.release(run_id, [each.payment_id for each in payments], state, reason)
        for case in cases:
            await self._ports.ledger.withdraw_offer(case)

    @activity.defn(name="finish_payments")
    async def finish_payments(self, step: FinishInput) -> None:
        async with classified():
            payments = await self._payments(step.case_id, step.payment_ids)
            await self._tell(payments, "final", step.case_id)
            await self._recorder.record(step, "payments.final", f"Paid for good: {len(payments)} payment(s)")

    # Telling the invoices

    async def _tell(self, payments: Sequence[Payment], kind: str, run_id: str, text: str = "") -> None:
        for payment in payments:
            fact = BankFact(fact_id=f"{payment.payment_id}:{kind}", kind="payment-accepted", text=text)
            await self._tell_facts([payment], kind, run_id, fact)

    async def _tell_facts(self, payments: Sequence[Payment], kind: str, run_id: str, fact: BankFact) -> None:
        for payment in payments:
            for item in payment.items:
                progress = {
                    "event_id": f"{payment.payment_id}:{kind}:{item.case_id}",
                    "run_id": run_id,
                    "payment_id": payment.payment_id,
                    "kind": kind,
                    "amount": item.amount,
                    "discount": item.discount,
                    "on": fact.on,
                    "reason": fact.reason,
                    "text": fact.text,
                }
                await self._ports.messenger.tell(
                    item.case_id, PAYMENT_PROGRESSED, PaymentProgress.model_validate(progress)
                )


def _outcome(
    step: ProposeInput,
    payments: Sequence[Payment],
    left_out: tuple[str, ...],
    payable: Sequence[PayableInvoice],
    grouping: str,
) -> ProposeOutcome:
    proposal = Proposal(
        run_id=step.case_id,
        facility=step.policy.facility.code,
        currency=step.currency,
        pay_on=step.today,
        payments=tuple(payments),
        discounts=Money.total((item.discount for each in payments for item in each.items), step.currency),
        total=Money.total((each.amount for each in payments), step.currency),
    )
    return ProposeOutcome(
        payments=tuple(_shown(each) for each in payments),
        left_out=left_out,
        excluded=tuple(approvers_excluded(proposal, payable)),
        total=proposal.total,
        discounts=proposal.discounts,
        grouping=grouping,
    )


def _shown(payment: Payment) -> ProposedPayment:
    currency = payment.amount.currency
    return ProposedPayment(
        payment_id=payment.payment_id,
        supplier=payment.supplier,
        supplier_name=payment.supplier_name,
        method=payment.method,
        account=payment.account.masked,
        amount=payment.amount,
        discount=Money.total((item.discount for item in payment.items), currency),
        pay_on=payment.pay_on,
        cases=tuple(item.case_id for item in payment.items)[:MOST_NAMED],
        numbers=tuple(item.number for item in payment.items)[:MOST_NAMED],
    )


def _left_out(proposal: Proposal) -> tuple[str, ...]:
    return tuple(
        f"{each.supplier} {each.number}, {each.amount}: {each.why}"
        for each in proposal.left_out
        if each.why != "not-due"
    )[:MOST_NAMED]
