"""Payments to suppliers: money as payments of Tryton, discounts and credit notes as a move that offsets them.

What a payment settles is claimed with its bills before Tryton has it: two payments never settle the same amount.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from adapters.erp.tryton import settling, wire
from adapters.erp.tryton.bill_documents import BillDocument, PaymentDocument, bill_key, payment_key
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.ledger import LedgerMove
from adapters.erp.tryton.settling import PaidBill
from adapters.erp.tryton.transfers import PAYMENT, TrytonTransfers
from domain import voucher_rules
from domain.outside_errors import RefusedError
from domain.payables import PaymentPosting
from domain.ports.erp_claims import ClaimKey, ClaimTurn


class TrytonPayments(TrytonTransfers):
    async def post_payment(self, payment: PaymentPosting) -> str:
        async with self._claims.turn(f"payment:{payment.external_id}") as turn:
            document = await self._payment(turn, payment.external_id)
            if document is not None and document.number:
                return document.number
            payment = payment if document is None else document.posting
            if document is None:
                await self._check_payment(payment)
            async with turn.also(*_turns(item.invoice_external_id for item in payment.items)):
                if document is None:
                    document = await self._claim_payment(turn, payment)
                return (await self._pay(turn, document)).number

    async def reverse_payment(self, external_id: str, reason: str, on: date) -> None:  # noqa: ARG002 - the case keeps the reason
        async with self._claims.turn(f"payment:{external_id}") as turn:
            document = await self._payment(turn, external_id)
            if document is None or not document.number or document.reversed:
                return
            await self._check_day(document.posting.facility, on)
            async with turn.also(*_turns(each.bill for each in document.shares)):
                await self._undo_offset(document, on)
                await self._fail(document.payments, document.clearing)
                bodies = await self._bills_with(turn, document, -1)
                bodies[payment_key(external_id)] = _json(document.model_copy(update={"reversed": True}))
                await turn.write(bodies)

    async def _payment(self, turn: ClaimTurn, external_id: str) -> PaymentDocument | None:
        body = await turn.read("payment", external_id)
        return None if body is None else PaymentDocument.model_validate_json(body)

    async def _check_payment(self, payment: PaymentPosting) -> None:
        await self._check_supplier(payment.supplier, "payment")
        await self._check_day(payment.facility, payment.paid_on)
        voucher_rules.check_payment(payment)

    async def _claim_payment(self, turn: ClaimTurn, payment: PaymentPosting) -> PaymentDocument:
        bills: dict[str, PaidBill] = {}
        for name in dict.fromkeys(item.invoice_external_id for item in payment.items):
            bill = await self._bill(turn, name)
            if bill is not None and bill.number:
                bills[name] = PaidBill(bill, await self._held_bill(bill))
        settling.check_items(payment, bills)
        shares = settling.shares(payment, bills)
        (party,) = await self._parties((payment.supplier,))
        offset = settling.offset_move(payment, shares, party.id, self._posting_accounts)
        document = PaymentDocument(posting=payment, shares=shares, offset=offset)
        bodies = await self._bills_with(turn, document, 1)
        bodies[payment_key(payment.external_id)] = _json(document)
        await turn.write(bodies)
        return document

    async def _bills_with(self, turn: ClaimTurn, document: PaymentDocument, sign: int) -> dict[ClaimKey, str | None]:
        """The bills after the payment; with -1, after it was taken back."""
        bodies: dict[ClaimKey, str | None] = {}
        for share in document.shares:
            bill = await self._bill(turn, share.bill)
            if bill is None:
                raise drifted(f"the claim of bill {share.bill}, which is gone")
            paid = bill.model_copy(update={"paid": bill.paid + sign * share.amount})
            bodies[bill_key(share.bill)] = _json(paid)
        return bodies

    async def _pay(self, turn: ClaimTurn, document: PaymentDocument) -> PaymentDocument:
        """Money first: Tryton may refuse it, and its refusal leaves nothing."""
        on, name = document.posting.paid_on, document.posting.external_id
        try:
            payments, new = await self._payments_of(document)
            await self._transfer(payments, on, new)
            rows = await self._rows(wire.Payment, [["id", "in", payments]])
            if away := [row.state for row in rows if row.state != "succeeded"]:
                refuse("erp-refused", f"The payment is {', '.join(away)} in Tryton.")
        except RefusedError:
            await self._take_back_payment(turn, document)
            raise
        clearing = [row.clearing_move for row in rows if row.clearing_move is not None]
        await self._post_moves(clearing)
        offset = [] if document.offset is None else await self._book_offset(document.offset, document)
        if offset or any(not share.cash for share in document.shares) or await self._is_in_parts(turn, document):
            await self._reconcile([share.invoice for share in document.shares])
        number = next((row.group.number for row in rows if row.group is not None), None)
        paid = {"payments": tuple(payments), "clearing": tuple(clearing), "number": number or rows[0].number}
        document = document.model_copy(update=paid)
        await turn.write({payment_key(name): _json(document)})
        return document

    async def _is_in_parts(self, turn: ClaimTurn, document: PaymentDocument) -> bool:
        """Whether a bill was paid before: Tryton itself ties only what one payment pays in full."""
        for share in document.shares:
            bill = await self._bill(turn, share.bill)
            if bill is not None and bill.paid == bill.owed != share.amount:
                return True
        return False

    async def _payments_of(self, document: PaymentDocument) -> tuple[list[int], bool]:
        """Their ids, and whether all of them were made now."""
        posting = document.posting
        common = {
            "kind": "payable",
            "party": (await self._parties((posting.supplier,)))[0].id,
            "journal": await self._payment_journal(posting.amount.currency),
            "date": posting.paid_on,
        }
        paid = [share for share in document.shares if share.cash]
        rows = await self._rows(wire.InvoiceToPay, [["id", "in", [share.invoice for share in paid]]])
        owed = {row.id: row for row in rows}
        made = [
            await self._ensured(
                PAYMENT,
                "reference",
                _part(posting, share.bill, len(paid)),
                {**common, "amount": share.cash, "line": _line_of(owed[share.invoice])},
            )
            for share in paid
        ]
        return [each for each, _ in made], all(new for _, new in made)

    async def _take_back_payment(self, turn: ClaimTurn, document: PaymentDocument) -> None:
        """Leave nothing of a payment that Tryton refused; what was handed over stays claimed, as a question."""
        posting, parts = document.posting, [share for share in document.shares if share.cash]
        held = [await self._held(PAYMENT, "reference", _part(posting, each.bill, len(parts))) for each in parts]
        if not await self._withdraw([each for each in held if each is not None]):
            return
        bodies = await self._bills_with(turn, document, -1)
        bodies[payment_key(posting.external_id)] = None
        await turn.write(bodies)

    async def _book_offset(self, move: LedgerMove, document: PaymentDocument) -> list[wire.LedgerLine]:
        """The move's lines on the payables, each tied to its invoice."""
        lines = await self._offset_lines(await self._book_move(move))
        for share in document.shares:
            if mine := [each.id for each in lines if each.description == share.bill and not each.reconciliation]:
                await self._link(share.invoice, mine, "add")
        return lines

    async def _offset_lines(self, move: int) -> list[wire.LedgerLine]:
        payables = (await self._account_ids([self._posting_accounts.payables]))[self._posting_accounts.payables]
        return await self._rows(wire.LedgerLine, [["move", "=", move], ["account", "=", payables]])

    async def _undo_offset(self, document: PaymentDocument, on: date) -> None:
        if document.offset is None:
            return
        name = document.offset.external_id
        lines = await self._offset_lines(await self._book_move(document.offset))
        mirror = await self._offset_lines(await self._book_move(document.offset.mirrored(f"{name}:reversed", on)))
        if {each.reconciliation for each in mirror} - {None}:
            return
        await self._untie(lines)
        for share in document.shares:
            if mine := [each.id for each in lines if each.description == share.bill]:
                await self._link(share.invoice, mine, "remove")
        await self._tie({each.id: each for each in (*lines, *mirror)})


def _line_of(row: wire.InvoiceToPay) -> int:
    """The line that is to be paid; who has split it into several in Tryton pays it there."""
    if len(row.lines_to_pay) != 1:
        refuse("erp-refused", f"Bill {row.number} is to be paid in {len(row.lines_to_pay)} parts in Tryton.")
    return row.lines_to_pay[0].id


def _part(posting: PaymentPosting, bill: str, parts: int) -> str:
    """The external id of the money for one bill."""
    return posting.external_id if parts == 1 else f"{posting.external_id}/{bill}"


def _turns(names: Any) -> list[str]:
    return [f"bill:{name}" for name in sorted(set(names))]


def _json(value: BillDocument | PaymentDocument) -> str:
    return value.model_dump_json()
