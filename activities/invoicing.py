"""The steps of an invoice before it is booked: control, corrections, matching, and what people decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from temporalio import activity

from activities.approver_reads import approver_directory
from activities.errors import classified, own_store
from activities.invoice_booking import InvoiceBooking
from activities.invoice_ports import InvoicePorts
from activities.invoice_reads import CodingCheck, account_duties, coded_lines, coded_part, in_orders, suggestions_for
from activities.order_news import MatchedInvoice
from activities.recording import Recorder
from domain.authority import ApproverDirectory
from domain.capture import InvoiceCopy
from domain.coding_checks import coding_findings, owner_of
from domain.duplicates import registered
from domain.faults import InvalidRequestError
from domain.invoice import Invoice, normalised_number
from domain.invoice_acceptances import still_accepted_codes
from domain.invoice_control import (
    AccountConfirmation,
    ControlFacts,
    ControlResult,
    RegisteredInvoice,
    control,
    resolve_supplier,
    supplier_query,
)
from domain.invoice_corrections import corrected
from domain.matching import MatchResult, match
from domain.outside_errors import RefusedError
from domain.payables import OrderPosition, PayableSupplier
from domain.ports.erp import MasterDataQuery
from domain.ports.evidence import EvidenceWriter
from domain.ports.invoice_register import Registration
from workflows.messages.invoice_to_payment import header_of
from workflows.steps.invoice_inputs import (
    ConfirmAccountInput,
    ControlInput,
    ControlOutcome,
    CorrectInput,
    CorrectOutcome,
    LearnInput,
    MatchInput,
    MatchOutcome,
    StateInput,
)
from workflows.steps.invoicing import InvoicingSteps

Clock = Callable[[], datetime]
OPEN_ORDERS_LOOKED_AT = 50
_NOBODY = ApproverDirectory()


class InvoicingActivities(InvoiceBooking, InvoicingSteps):
    """`clock` gives the instant (UTC) at which a step is recorded; decisions use the workflow's time."""

    def __init__(self, ports: InvoicePorts, evidence: EvidenceWriter, clock: Clock) -> None:
        super().__init__(ports, Recorder(evidence, clock))

    @activity.defn(name="control_invoice")
    async def control_invoice(self, step: ControlInput) -> ControlOutcome:
        async with classified():
            copy = await self._copy(step.case_id)
            suppliers = await self._ports.payables.payable_suppliers(supplier_query(copy.invoice, step.supplier))
            supplier = _chosen(step.supplier, suppliers) or resolve_supplier(copy, suppliers)[0]
            entry, registration = await self._registered(step, copy, supplier)
            similar = (*registration.similar, *((registration.holder,) if registration.holder else ()))
            facts = ControlFacts(
                copy_=copy,
                document=step.document,
                suppliers=suppliers,
                chosen_supplier=step.supplier,
                similar=tuple({each.case_id: each for each in similar if each.case_id != step.case_id}.values()),
                confirmations=await self._ports.register.confirmations(supplier.code) if supplier else (),
                today=step.today,
                accepted=step.accepted,
            )
            result = control(facts, step.policy)
            outcome = await self._controlled(step, copy, supplier, result, entry)
            await self._recorder.record(
                step,
                "invoice.controlled",
                f"Controlled: {len(result.findings)} finding(s)",
                supplier=outcome.supplier,
                findings=[each.model_dump(mode="json") for each in result.findings],
                notes=list(result.notes),
                version=copy.version,
            )
        return outcome

    async def _registered(
        self, step: ControlInput, copy: InvoiceCopy, supplier: PayableSupplier | None
    ) -> tuple[RegisteredInvoice | None, Registration]:
        """Enter the number. Where a person said that it is not the invoice that holds the number, it gets a suffix."""
        if supplier is None:
            return None, Registration(registered=False)
        since = step.today - timedelta(days=step.policy.invoice.duplicate_days)
        entry = _entry(step, copy, supplier, self._recorder.clock())
        result = await self._ports.register.register(entry, since)
        if not result.registered and "duplicate-suspected" in step.accepted:
            entry = entry.model_copy(update={"number": f"{entry.number}-{entry.document_sha256[:4].upper()}"})
            result = await self._ports.register.register(entry, since)
        return entry, result

    async def _controlled(
        self,
        step: ControlInput,
        copy: InvoiceCopy,
        supplier: PayableSupplier | None,
        result: ControlResult,
        entry: RegisteredInvoice | None,
    ) -> ControlOutcome:
        return ControlOutcome(
            version=copy.version,
            header=header_of(copy.invoice),
            supplier=supplier.code if supplier is not None else "",
            supplier_name=supplier.name if supplier is not None else "",
            risk=supplier.risk if supplier is not None else "new",
            findings=result.findings,
            notes=result.notes,
            booked_number=entry.number if entry is not None else copy.invoice.number,
            account=supplier.accounts[0].account.fingerprint if supplier is not None and supplier.accounts else "",
            account_duties=account_duties(supplier, step.case_id),
            suggestions=await suggestions_for(
                self._ports.assistant, step.policy, result.findings, supplier.code if supplier else "", copy.invoice
            ),
        )

    async def _copy(self, case_id: str, version: int | None = None) -> InvoiceCopy:
        copy = await self._ports.documents.copy(case_id, version)
        if copy is None:
            raise RefusedError("documents", "copy-missing", f"no working copy of {case_id} is stored")
        return copy

    @activity.defn(name="correct_invoice")
    async def correct_invoice(self, step: CorrectInput) -> CorrectOutcome:
        async with classified():
            before = await self._copy(step.case_id, step.version)
            try:
                after = corrected(before, step.correction, step.by, step.why, step.at)
            except InvalidRequestError as error:
                faults = tuple(f"{each.pointer}: {each.message}" for each in error.faults)
                await self._recorder.record(
                    step, "invoice.correction-refused", "The correction does not fit", faults=list(faults)
                )
                return CorrectOutcome(version=before.version, faults=faults, accepted=step.accepted)
            await self._ports.documents.keep_copy(after)
            same = not step.supplier or step.correction.supplier in (None, "", step.supplier)
            accepted = tuple(still_accepted_codes(before, after, step.accepted, same))
            await self._recorder.record(
                step,
                "invoice.corrected",
                f"Corrected: version {after.version} by {step.by}",
                version=after.version,
                correction=step.correction.model_dump(mode="json", exclude_defaults=True, exclude={"invoice"}),
                keyed=step.correction.invoice is not None,
                why=step.why,
            )
        return CorrectOutcome(version=after.version, accepted=accepted)

    @activity.defn(name="confirm_account")
    async def confirm_account(self, step: ConfirmAccountInput) -> None:
        async with classified():
            for fingerprint in step.account_fingerprints:
                await self._ports.register.confirm_account(
                    AccountConfirmation(
                        supplier=step.supplier,
                        account_fingerprint=fingerprint,
                        confirmed_by=step.confirmed_by,
                        call_back=step.call_back,
                        case_id=step.case_id,
                        at=step.at,
                    )
                )
            await self._recorder.record(
                step,
                "account.confirmed",
                f"Account of {step.supplier} confirmed by {', '.join(step.confirmed_by)}",
                call_back=step.call_back.model_dump(mode="json"),
                accounts=list(step.account_fingerprints),
            )

    @activity.defn(name="match_invoice")
    async def match_invoice(self, step: MatchInput) -> MatchOutcome:
        async with classified():
            invoice = (await self._copy(step.case_id, step.version)).invoice
            orders = await self._orders(invoice, step)
            credited = await self._credited(invoice, step.supplier)
            result = match(invoice, step.supplier, orders, step.policy, step.accepted, credited)
            coding = await self._coding(step, invoice, result)
            result = coding.applied(result)
            await self._ports.matches.keep(step.case_id, step.round, result)
            if result.gate:
                await self._ports.register.set_state(step.case_id, "matched")
            outcome = await self._outcome(step, invoice, orders, result, coding.owner)
            credit = invoice.kind == "credit-note"
            matched = MatchedInvoice(step.case_id, invoice.number, credit, result, orders)
            await self._news.tell(matched, "matched" if result.gate else "captured", f"round.{step.round}")
            await self._recorder.record(
                step,
                "invoice.matched" if result.gate else "invoice.match-tried",
                f"Matched: {result.first_pass} of {result.order_lines} order line(s) without exception"
                if result.gate
                else f"Not matched yet: {', '.join(each.code for each in result.findings) or 'undecided'}",
                round=step.round,
                order_lines=result.order_lines,
                first_pass=result.first_pass,
                payable=str(result.payable),
                withheld=str(result.withheld),
                findings=[each.model_dump(mode="json") for each in result.findings],
                notes=list(result.notes),
            )
        return outcome

    async def _orders(self, invoice: Invoice, step: MatchInput) -> tuple[OrderPosition, ...]:
        """Those that the invoice names; where it names none, open ones of the supplier that could be meant."""
        numbers = {number for number in invoice.order_numbers if number}
        numbers |= {line.order_number for line in invoice.lines if line.order_number}
        if numbers:
            return await self._ports.payables.order_positions(sorted(numbers))
        if any(line.costs for line in invoice.lines):
            return ()
        facility = step.policy.facility.code
        return await self._ports.payables.open_order_positions(step.supplier, facility, OPEN_ORDERS_LOOKED_AT)

    async def _credited(self, invoice: Invoice, supplier: str) -> tuple[Invoice, ...]:
        if invoice.kind != "credit-note" or not invoice.credited:
            return ()
        known = await self._ports.register.find(supplier, invoice.credited)
        copies = [await self._ports.documents.copy(each.case_id) for each in known]
        return tuple(each.invoice for each in copies if each is not None)

    async def _coding(self, step: MatchInput, invoice: Invoice, result: MatchResult) -> CodingCheck:
        """What the system of record says about the lines that people coded."""
        lines = coded_lines(invoice, result)
        if not lines:
            return CodingCheck()
        shares = [share for line in lines for share in line.costs]
        master = await self._ports.erp.master_data(
            MasterDataQuery(
                facility=step.policy.facility.code,
                on=step.today,
                cost_centres=tuple(sorted({share.cost_centre for share in shares})),
                items=(),
                suppliers=(),
                accounts=tuple(sorted({share.account for share in shares if share.account})),
            )
        )
        owner = owner_of(lines, master, step.owner)
        return CodingCheck(owner, coding_findings(lines, master, step.policy.facility.code, owner))

    async def _outcome(
        self, step: MatchInput, invoice: Invoice, orders: Sequence[OrderPosition], result: MatchResult, owner: str
    ) -> MatchOutcome:
        coded = coded_part(invoice, result)
        used = {line.order_number for line in result.lines if line.order_number}
        cases = tuple(dict.fromkeys(each.case_id for each in orders if each.number in used and each.case_id))
        centres, categories = in_orders(orders, result)
        duties = [await self._ports.reader.family_duties(case) for case in cases[:20]]
        return MatchOutcome(
            findings=result.findings,
            notes=result.notes,
            gate=result.gate,
            payable=result.payable,
            withheld=result.withheld,
            waiting_for=result.waiting_for,
            order_lines=result.order_lines,
            first_pass=result.first_pass,
            order_numbers=tuple(sorted(used))[:50],
            order_cases=cases[:50],
            cost_centres=tuple(sorted({*centres, *(coded.cost_centres if coded else ())}))[:50],
            categories=tuple(sorted({*categories, *(coded.categories if coded else ())}))[:50],
            coded=coded,
            owner=owner,
            approvers=await approver_directory(self._ports.directory, step.policy, owner) if coded else _NOBODY,
            family_duties=tuple(sorted({done for each in duties for done in each}, key=str)),
            suggestions=await suggestions_for(
                self._ports.assistant, step.policy, result.findings, step.supplier, invoice
            ),
        )

    @activity.defn(name="set_invoice_aside")
    async def set_invoice_aside(self, step: StateInput) -> None:
        async with classified(), own_store():
            if step.perhaps_booked and await self._still_booked(step.case_id):
                text = "It stands in the books: its number stays taken"
                await self._recorder.record(step, "invoice.number-kept", text)
                return
            await self._ports.register.set_state(step.case_id, step.state)
            await self._recorder.record(step, "invoice.set-aside", f"Not taken up: {step.state}")

    async def _still_booked(self, case_id: str) -> bool:
        """Whether a posting was not taken back, be it that it was paid or that somebody took the reversal over: the
        same bill must not be taken up once more."""
        posted = await self._ports.payables.find_posted(f"{case_id}:post")
        return posted is not None and posted.status != "reversed"

    @activity.defn(name="learn_decisions")
    async def learn_decisions(self, step: LearnInput) -> None:
        async with classified(), own_store():
            for record in step.records:
                await self._ports.assistant.learn(record)
            agreed = sum(1 for each in step.records if each.agreed)
            suggested = sum(1 for each in step.records if each.suggestion is not None)
            await self._recorder.record(
                step,
                "assistant.compared",
                f"{len(step.records)} decision(s), {suggested} with a suggestion, {agreed} as suggested",
                records=[each.model_dump(mode="json", exclude={"case_id"}) for each in step.records],
            )


def _chosen(code: str, suppliers: Sequence[PayableSupplier]) -> PayableSupplier | None:
    return next((each for each in suppliers if code and each.code == code), None)


def _entry(step: ControlInput, copy: InvoiceCopy, supplier: PayableSupplier, at: datetime) -> RegisteredInvoice:
    """A number without any letter or digit cannot be told from another one: then the document's hash stands for it."""
    entry = registered(copy, step.policy.facility.code, supplier.code, "registered", at)
    if normalised_number(entry.number):
        return entry
    return entry.model_copy(update={"number": copy.document_sha256[:12].upper()})
