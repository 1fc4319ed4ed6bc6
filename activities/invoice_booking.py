"""The steps of an invoice from its posting on: books, commitments, payment offers, and answers to the supplier."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities.errors import classified, own_store
from activities.invoice_ports import InvoicePorts
from activities.invoice_reads import account_duties
from activities.order_news import MatchedInvoice, OrderNews
from activities.recording import Recorder
from domain.business_time import fiscal_year
from domain.capture import InvoiceCopy
from domain.exceptions import Finding
from domain.invoice_commitments import of_coding, of_order
from domain.invoice_control import ControlFacts, control
from domain.matching import MatchResult, posting_lines
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.payables import InvoicePosting, OrderPosition, PayableSupplier, PostedInvoice, SupplierQuery
from domain.payment import PayableInvoice
from domain.payment_terms import agreed_terms, due_date
from domain.ports.commitments import CommitmentLine
from domain.supplier_answers import InvoiceAnswer
from domain.supplier_responses import clarifications_for
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

ACCOUNT_CHANGED = "account-changed"
DUPLICATE = "duplicate-suspected"


OVER = ("paid", "rejected", "cancelled")


class InvoiceBooking:
    def __init__(self, ports: InvoicePorts, recorder: Recorder) -> None:
        self._ports, self._recorder = ports, recorder
        self._news = OrderNews(ports.messenger, recorder.clock)

    @activity.defn(name="post_invoice")
    async def post_invoice(self, step: PostInput) -> PostOutcome:
        async with classified():
            copy, result = await self._stored(step.case_id, step.version, step.round)
            if not result.gate:
                raise RefusedError("corridor", "not-matched", "an invoice that does not match is not booked")
            await self._require_open(step.case_id)
            supplier = await self._supplier(step.supplier)
            _require_account(step, supplier)
            posting = _posting(step, copy, result, supplier)
            offered = bool(result.payable)
            offer = _offer(step, copy, supplier, posting) if offered else None
            posted = await self._ports.payables.post_invoice(posting)
            _require_same(posted, posting)
            await self._consume(step, posting)
            await self._require_open(step.case_id)
            await self._ports.register.set_state(step.case_id, "posted")
            if offer is not None:
                await self._ports.ledger.offer(offer)
                await self._ports.register.set_state(step.case_id, "payable")
            orders = await self._ports.payables.order_positions(_orders_of(result))
            await self._news.tell(_matched(step.case_id, copy, result, orders), "posted", "posted", posted.amount)
            await self._recorder.record(
                step,
                "invoice.posted",
                f"Booked as {posted.number}: {posted.amount}, due on {posting.due_on}",
                voucher=posted.number,
                amount=str(posted.amount),
                withheld=str(result.withheld),
                variance=str(Money.total((each.variance for each in posting.lines), posting.currency)),
                due_on=posting.due_on.isoformat(),
                round=step.round,
            )
        return PostOutcome(posted=posted, due_on=posting.due_on, offered=offered)

    async def _require_open(self, case_id: str) -> None:
        """An attempt that was believed dead and wakes up after the invoice has ended books and offers nothing."""
        entry = await self._ports.register.entry(case_id)
        if entry is not None and entry.state in OVER:
            raise RefusedError("register", "invoice-over", f"the invoice is {entry.state}: it is not booked any more")

    async def _stored(self, case_id: str, version: int, round_: int) -> tuple[InvoiceCopy, MatchResult]:
        copy = await self._ports.documents.copy(case_id, version)
        result = await self._ports.matches.result(case_id, round_)
        if copy is None or result is None:
            raise RefusedError("documents", "copy-missing", f"version {version}, round {round_} is not stored")
        return copy, result

    async def _supplier(self, code: str) -> PayableSupplier:
        found = await self._ports.payables.payable_suppliers(SupplierQuery(codes=(code,)))
        supplier = next((each for each in found if each.code == code), None)
        if supplier is None:
            raise RefusedError("erp", "supplier-unknown", f"the supplier master has no {code}")
        return supplier

    async def _consume(self, step: PostInput, posting: InvoicePosting) -> None:
        """What was committed is spent now; a credit note gives it back."""
        orders = await self._ports.payables.order_positions(
            sorted({each.order_number for each in posting.lines} - {""})
        )
        for order in orders:
            ordered = await self._ports.commitments.ordered(order.case_id) if order.case_id else ()
            lines = of_order(posting.lines, order, ordered, step.fiscal_year)
            await self._spend(f"{step.key}:{order.number}", order.case_id or step.case_id, lines, posting)
        coded = of_coding(posting.lines, posting.facility, step.fiscal_year)
        await self._spend(f"{step.key}:coded", step.case_id, coded, posting)

    async def _spend(self, key: str, case_id: str, lines: Sequence[CommitmentLine], posting: InvoicePosting) -> None:
        if not lines:
            return
        if posting.kind == "credit-note":
            await self._ports.commitments.credit(key, case_id, lines)
        else:
            await self._ports.commitments.invoice(key, case_id, lines)

    @activity.defn(name="reverse_invoice")
    async def reverse_invoice(self, step: ReverseInput) -> None:
        async with classified():
            if await self._ports.payables.find_posted(step.key) is None:
                await self._recorder.record(step, "invoice.never-posted", "There is no posting to take back")
                return
            if not await self._ports.ledger.withdraw_offer(step.case_id):
                raise RefusedError("payments", "claimed", "a payment run has taken the invoice up")
            reversed_ = await self._ports.payables.reverse_invoice(step.key, step.reason, step.on)
            await self._give_back(step)
            number = reversed_.number if reversed_ is not None else ""
            await self._recorder.record(step, "invoice.reversed", f"Posting taken back: {number}", voucher=number)

    async def _give_back(self, step: ReverseInput) -> None:
        copy = await self._ports.documents.copy(step.case_id)
        result = await self._ports.matches.result(step.case_id)
        if copy is None or result is None:
            return
        lines = posting_lines(copy.invoice, result)
        orders = await self._ports.payables.order_positions(_orders_of(result))
        for order in orders:
            parts = of_order(lines, order, (), fiscal_year(step.on))
            await self._unspend(f"{step.key}:{order.number}:undo", order.case_id or step.case_id, parts, copy)
        coded = of_coding(lines, step.journal.snapshot.facility, fiscal_year(step.on))
        await self._unspend(f"{step.key}:coded:undo", step.case_id, coded, copy)
        await self._news.tell(_matched(step.case_id, copy, result, orders), "rejected", "reversed")

    async def _unspend(self, key: str, case_id: str, lines: Sequence[CommitmentLine], copy: InvoiceCopy) -> None:
        """The other way round than it was booked. What a credit note gave back stays free: the next bill takes it."""
        if lines and copy.invoice.kind != "credit-note":
            await self._ports.commitments.credit(key, case_id, lines)

    @activity.defn(name="tell_orders")
    async def tell_orders(self, step: TellOrdersInput) -> None:
        async with classified():
            if step.kind == "paid":
                await self._ports.register.set_state(step.case_id, "paid")
            copy, result = await self._stored(step.case_id, step.version, step.round)
            orders = await self._ports.payables.order_positions(_orders_of(result))
            await self._news.tell(
                _matched(step.case_id, copy, result, orders), step.kind, step.event_id, text=step.text
            )
            await self._recorder.record(step, f"invoice.{step.kind}", f"Invoice {step.kind}: {step.text}")

    @activity.defn(name="hold_payment")
    async def hold_payment(self, step: HoldInput) -> HoldOutcome:
        async with classified(), own_store():
            done = True
            if step.held:
                done = await self._ports.ledger.hold(step.case_id, step.reason)
            else:
                await self._ports.ledger.resume(step.case_id)
            what = "held" if step.held else "resumed"
            await self._recorder.record(step, f"payment.{what}", f"Payment {what}" if done else "Held too late")
        return HoldOutcome(done=done)

    @activity.defn(name="offer_again")
    async def offer_again(self, step: OfferAgainInput) -> OfferAgainOutcome:
        async with classified():
            supplier = await self._supplier(step.supplier)
            payments = await self._ports.ledger.payments_for(step.case_id)
            copy, result = await self._stored_last(step.case_id)
            duties = account_duties(supplier, step.case_id)
            finding = await self._unconfirmed(step, copy, supplier)
            if finding is not None:
                await self._recorder.record(step, "payment.not-offered", finding.message, code=finding.code)
                return OfferAgainOutcome(finding=finding, account_duties=duties)
            posted = await self._ports.payables.find_posted(f"{step.case_id}:post")
            if posted is None:
                raise RefusedError("erp", "not-posted", "the ERP does not know the invoice any more")
            await self._ports.register.set_state(step.case_id, "payable")
            await self._ports.ledger.offer(_offered_again(step, copy, result, supplier, posted))
            await self._recorder.record(
                step, "payment.offered-again", f"Offered again after {len(payments)} payment(s)", open=str(posted.open)
            )
        return OfferAgainOutcome(account_duties=duties)

    async def _unconfirmed(self, step: OfferAgainInput, copy: InvoiceCopy, supplier: PayableSupplier) -> Finding | None:
        """Money that comes back is a reason to change the account, and a pretext: a new one is confirmed first."""
        facts = ControlFacts(
            copy_=copy,
            document=step.document,
            suppliers=(supplier,),
            chosen_supplier=supplier.code,
            confirmations=await self._ports.register.confirmations(supplier.code),
            today=step.today,
        )
        findings = control(facts, step.policy).findings
        return next((each for each in findings if each.code == "bank-account-changed"), None)

    async def _stored_last(self, case_id: str) -> tuple[InvoiceCopy, MatchResult]:
        copy = await self._ports.documents.copy(case_id)
        result = await self._ports.matches.result(case_id)
        if copy is None or result is None:
            raise RefusedError("documents", "copy-missing", f"no working copy of {case_id} is stored")
        return copy, result

    @activity.defn(name="answer_supplier")
    async def answer_supplier(self, step: AnswerInput) -> str:
        async with classified():
            supplier = await self._supplier(step.supplier)
            copy = await self._ports.documents.copy(step.case_id, step.version)
            if copy is None:
                raise RefusedError("documents", "copy-missing", f"version {step.version} is not stored")
            proof = await self._ports.answers.answer_invoice(
                InvoiceAnswer(
                    key=step.key,
                    status=step.status,
                    supplier=supplier,
                    facility=step.facility,
                    number=copy.invoice.number,
                    kind=copy.invoice.kind,
                    issued_on=copy.invoice.issued_on,
                    answered_on=step.on,
                    clarifications=tuple(clarifications_for(code) for code in step.codes),
                    text=step.text,
                    disputed=step.disputed,
                    duplicate=step.status == "RE" and step.codes == (DUPLICATE,),
                )
            )
            await self._recorder.record(
                step,
                "supplier.answered",
                f"Answered {step.status} to {proof.recipient}",
                proof=proof.model_dump(mode="json"),
                codes=list(step.codes),
            )
        return proof.recipient


def _require_account(step: PostInput, supplier: PayableSupplier) -> None:
    """Between control and posting weeks may pass: an account that nobody judged is judged before it is offered."""
    now = supplier.accounts[0].account.fingerprint if supplier.accounts else ""
    if step.account and now != step.account:
        raise RefusedError("erp", ACCOUNT_CHANGED, f"the account of {supplier.code} is not the one that was controlled")


def _require_same(posted: PostedInvoice, posting: InvoicePosting) -> None:
    """The ERP knows a posting by its key: one whose answer was lost may be that of an earlier version."""
    if (posted.supplier, posted.amount, posted.status == "reversed") != (posting.supplier, posting.amount, False):
        message = f"{posted.number} is booked as {posted.amount} to {posted.supplier}, not {posting.amount}"
        raise RefusedError("erp", "posted-otherwise", f"{message} to {posting.supplier}")


def _posting(step: PostInput, copy: InvoiceCopy, result: MatchResult, supplier: PayableSupplier) -> InvoicePosting:
    """Amounts are negative in a credit note; the tax is what the lines leave of the amount."""
    invoice, credit = copy.invoice, copy.invoice.kind == "credit-note"
    lines = posting_lines(invoice, result)
    withheld = -result.withheld if credit else result.withheld
    amount = (-result.payable if credit else result.payable) + withheld
    return InvoicePosting(
        external_id=step.key,
        case_id=step.case_id,
        facility=step.policy.facility.code,
        supplier=supplier.code,
        number=step.number,
        kind=invoice.kind,
        currency=invoice.currency,
        issued_on=invoice.issued_on,
        posted_on=step.posted_on,
        due_on=due_date(invoice, supplier.terms),
        lines=lines,
        tax=amount - Money.total((each.amount for each in lines), invoice.currency),
        amount=amount,
        withheld=withheld,
        document_sha256=copy.document_sha256,
    )


def _offer(step: PostInput, copy: InvoiceCopy, supplier: PayableSupplier, posting: InvoicePosting) -> PayableInvoice:
    offer = _payable(copy, supplier, step.case_id, posting.facility, posting.amount - posting.withheld)
    return offer.model_copy(
        update={
            "due_on": posting.due_on,
            "duties": step.duties,
            "order_cases": step.journal.snapshot.linked[:50],
            "urgent": step.urgent,
            "external_id": step.key,
            "number": step.number,
        }
    )


def _offered_again(
    step: OfferAgainInput, copy: InvoiceCopy, result: MatchResult, supplier: PayableSupplier, posted: PostedInvoice
) -> PayableInvoice:
    credit = copy.invoice.kind == "credit-note"
    amount = -result.payable if credit else result.payable
    facility = step.journal.snapshot.facility
    return _payable(copy, supplier, step.case_id, facility, amount).model_copy(
        update={
            "duties": tuple(dict.fromkeys((*step.duties, *account_duties(supplier, step.case_id)))),
            "order_cases": step.journal.snapshot.linked[:50],
            "external_id": posted.external_id,
            "number": posted.supplier_number,
        }
    )


def _payable(
    copy: InvoiceCopy, supplier: PayableSupplier, case_id: str, facility: str, amount: Money
) -> PayableInvoice:
    invoice = copy.invoice
    if not supplier.accounts:
        raise RefusedError("erp", "no-account", f"the supplier master has no account of {supplier.code}")
    return PayableInvoice(
        case_id=case_id,
        facility=facility,
        supplier=supplier.code,
        supplier_name=supplier.name,
        number=invoice.number,
        kind=invoice.kind,
        amount=amount,
        issued_on=invoice.issued_on,
        due_on=due_date(invoice, supplier.terms),
        terms=agreed_terms(invoice, supplier.terms),
        method=supplier.method,
        account=supplier.accounts[0].account,
        external_id=f"{case_id}:post",
        payment_reference=invoice.payment_reference or invoice.number,
    )


def _matched(case_id: str, copy: InvoiceCopy, result: MatchResult, orders: Sequence[OrderPosition]) -> MatchedInvoice:
    credit = copy.invoice.kind == "credit-note"
    return MatchedInvoice(case_id, copy.invoice.number, credit, result, orders)


def _orders_of(result: MatchResult) -> list[str]:
    return sorted({each.order_number for each in result.lines if each.order_number})
