"""Suppliers' bills and credit notes as invoices of Tryton, posted at once.

What a bill takes of its orders is claimed with them before Tryton has it, and given back when Tryton refuses it: two
bills never take the same goods, and the next try goes on from the claim.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from adapters.erp.tryton import accruals, billing, mapping, order_checks, wire
from adapters.erp.tryton.bill_documents import (
    BillDocument,
    BillLine,
    HeldBill,
    bill_key,
    bill_number_key,
    bill_view,
    open_amount,
    with_taken,
)
from adapters.erp.tryton.billing import BilledOrder
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import OrderDocument, order_key
from adapters.erp.tryton.encoding import binary
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.store_room import TrytonStoreRoom
from domain import voucher_rules
from domain.outside_errors import RefusedError
from domain.payables import BlockedFor, InvoicePosting, PostedInvoice
from domain.ports.erp_claims import ClaimKey, ClaimTurn

INVOICE = "account.invoice"
_POSTING = {"draft": "post", "validated": "post"}
_JOURNAL = "EXP"
Orders = Mapping[str, BilledOrder]


class TrytonBills(TrytonStoreRoom):
    async def post_invoice(self, posting: InvoicePosting) -> PostedInvoice:
        async with self._claims.turn(f"bill:{posting.external_id}") as turn:
            document = await self._bill(turn, posting.external_id)
            if document is not None and document.number:
                return bill_view(document, await self._held_bill(document))
            posting = posting if document is None else document.posting
            if document is None:
                await self._check_bill(posting)
            names = await self._names_of(posting)
            async with turn.also(f"bill-number:{bill_number_key(posting).key}", *_turns(names.values())):
                if document is None:
                    await self._check_new(turn, posting)
                    document = await self._claim_bill(turn, posting, await self._orders(turn, names))
                return bill_view(*await self._post_bill(turn, document))

    async def find_posted(self, external_id: str) -> PostedInvoice | None:
        body = await self._claims.read("bill", external_id)
        document = None if body is None else BillDocument.model_validate_json(body)
        if document is None or not document.number:
            return None
        return bill_view(document, await self._held_bill(document))

    async def reverse_invoice(self, external_id: str, reason: str, on: date) -> PostedInvoice | None:  # noqa: ARG002 - the case keeps the reason
        async with self._claims.turn(f"bill:{external_id}") as turn:
            document = await self._bill(turn, external_id)
            if document is None or not document.number:
                return None
            held = await self._held_bill(document)
            if document.reversed:
                return bill_view(document, held)
            if held.state != "cancelled":
                await self._check_reversible(document, held, on)
            async with turn.also(*_turns(each.order for each in document.taken)):
                return bill_view(*await self._reverse(turn, document, on))

    async def _bill(self, turn: ClaimTurn, external_id: str) -> BillDocument | None:
        body = await turn.read("bill", external_id)
        return None if body is None else BillDocument.model_validate_json(body)

    async def _held_bill(self, document: BillDocument) -> HeldBill:
        if document.invoice is None:
            raise drifted(f"bill {document.posting.external_id}, which is in no invoice")
        row = await self._row(wire.Invoice, document.invoice)
        return HeldBill(number=row.number or "", state=row.state, to_pay=row.amount_to_pay or Decimal(0))

    async def _check_bill(self, posting: InvoicePosting) -> None:
        await self._check_supplier(posting.supplier, "posting")
        await self._check_day(posting.facility, posting.posted_on)
        voucher_rules.check_bill(posting)
        if posting.currency != await self._currency():
            refuse("currency-differs", f"The books are in {await self._currency()}, not in {posting.currency}.")
        await self._check_coding(posting)

    async def _check_supplier(self, code: str, what: BlockedFor) -> None:
        parties = await self._parties_now((code,))
        if not parties:
            refuse("supplier-unknown", f"Supplier {code} is not in the master data.")
        if what in mapping.blocked_for(parties[0]):
            refuse("supplier-blocked", f"Supplier {code} is blocked for {what}.")

    async def _check_coding(self, posting: InvoicePosting) -> None:
        coded = [line for line in posting.lines if line.order_line is None]
        if not coded:
            return
        shares = [share for line in coded for share in line.costs]
        centres, accounts = await asyncio.gather(
            self._analytic(share.cost_centre for share in shares),
            self._open_accounts(share.account for share in shares if share.account),
        )
        known = {code: mapping.cost_centre(row, "") for code, row in centres.items()}
        for line in coded:
            try:
                order_checks.check_costs(line.line, line.costs, known, accounts)
            except RefusedError as error:
                refuse("coding-invalid", error.message)

    async def _names_of(self, posting: InvoicePosting) -> dict[str, str]:
        """The external ids of the bill's orders, by their numbers."""
        numbers = sorted({line.order_number for line in posting.lines if line.order_line is not None})
        known = await self._claims.read_all("order-number", tuple(numbers))
        for number in numbers:
            if number not in known:
                refuse("order-unknown", f"There is no order {number}.")
        return {number: str(json.loads(known[number])) for number in numbers}

    async def _orders(self, turn: ClaimTurn, names: Mapping[str, str]) -> dict[str, BilledOrder]:
        """The orders by number; for who has the turns of them all."""
        found: dict[str, BilledOrder] = {}
        for number, name in names.items():
            document = await self._kept(turn, name)
            if document is None:
                raise drifted(f"the claim of order {number}, which is gone")
            document = await self._settle(turn, document)
            found[number] = BilledOrder(document, await self._held_purchase(document))
        return found

    async def _check_new(self, turn: ClaimTurn, posting: InvoicePosting) -> None:
        key = bill_number_key(posting)
        body = await turn.read(key.kind, key.key)
        twin = None if body is None else await self._bill(turn, str(json.loads(body)))
        if twin is None or twin.reversed:
            return
        if not twin.number or (await self._held_bill(twin)).state != "cancelled":
            name = twin.number or twin.posting.external_id
            refuse("duplicate-suspected", f"Bill {posting.number} of {posting.supplier} is {name}.")

    async def _claim_bill(self, turn: ClaimTurn, posting: InvoicePosting, orders: Orders) -> BillDocument:
        takes = billing.taken(posting, orders)
        lines = billing.bill_lines(posting, takes, orders, self._posting_accounts)
        document = BillDocument(posting=posting, lines=lines, taken=takes)
        bodies: dict[ClaimKey, str | None] = _orders_with(document, (each.document for each in orders.values()), 1)
        bodies[bill_key(posting.external_id)] = document.model_dump_json()
        bodies[bill_number_key(posting)] = json.dumps(posting.external_id)
        await turn.write(bodies)
        return document

    async def _post_bill(self, turn: ClaimTurn, document: BillDocument) -> tuple[BillDocument, HeldBill]:
        name = document.posting.external_id
        try:
            invoice, new = await self._ensured(INVOICE, "description", name, await self._new_invoice(document))
            document = document.model_copy(update={"invoice": invoice})
            row = await self._row(wire.Invoice, invoice)
            if row.total_amount != document.owed:
                refuse("not-balanced", f"Tryton makes {row.total_amount} of this bill, which owes {document.owed}.")
            if new:
                await self._press_on(INVOICE, invoice, "post")
            held = await self._held_bill(document)
            if held.state in _POSTING:
                await self._drive(INVOICE, invoice, _POSTING)
                held = await self._held_bill(document)
            if held.state not in ("posted", "paid"):
                refuse("erp-refused", f"The bill is {held.state} in Tryton.")
        except RefusedError:
            await self._take_back_bill(turn, document)
            raise
        document = document.model_copy(update={"number": held.number})
        await turn.write({bill_key(name): document.model_dump_json()})
        return document, held

    async def _take_back_bill(self, turn: ClaimTurn, document: BillDocument) -> None:
        """Leave nothing of a bill that Tryton refused: the same external id is taken once it is corrected."""
        posting = document.posting
        invoice = await self._held(INVOICE, "description", posting.external_id)
        if invoice is not None:
            if await self._state(INVOICE, invoice) != "draft":
                return  # people have gone on with it: the claim stays, and so does the question
            await self._client.call(f"model.{INVOICE}.delete", [invoice])
        bodies = _orders_with(document, await self._documents_of(turn, document), -1)
        bodies[bill_key(posting.external_id)] = None
        bodies[bill_number_key(posting)] = None
        await turn.write(bodies)

    async def _documents_of(self, turn: ClaimTurn, document: BillDocument) -> list[OrderDocument]:
        found = [await self._kept(turn, name) for name in sorted({each.order for each in document.taken})]
        return [each for each in found if each is not None]

    async def _new_invoice(self, document: BillDocument) -> dict[str, Any]:
        """An invoice runs no on_change over RPC: what its form would fill in is filled in here."""
        posting = document.posting
        parties = await self._parties((posting.supplier,))
        if not parties:
            raise drifted(f"supplier {posting.supplier}, who is gone")
        accounts = self._posting_accounts
        codes = {accounts.payables, accounts.tax, *(line.account for line in document.lines)}
        ids = await self._account_ids(codes)
        centres = await self._analytic(line.cost_centre for line in document.lines if line.cost_centre)
        values = {
            "type": "in",
            "party": parties[0].id,
            "invoice_address": parties[0].addresses[0].id if parties[0].addresses else None,
            "currency": await self._symbol("currency.currency", "code", posting.currency),
            "journal": await self._symbol("account.journal", "code", _JOURNAL),
            "account": ids[accounts.payables],
            "reference": posting.number,
            "comment": f"{posting.case_id}\nSHA-256 {posting.document_sha256}",
            "invoice_date": posting.issued_on,
            "accounting_date": posting.posted_on,
            "payment_term_date": posting.due_on,
            "lines": [["create", [_line(line, ids[line.account], centres) for line in document.lines]]],
        }
        if posting.tax.amount:
            base = (posting.amount - posting.tax).amount
            tax = {"description": "Tax", "account": ids[accounts.tax], "base": base, "manual": True}
            values["taxes"] = [["create", [{**tax, "amount": posting.tax.amount}]]]
        return values

    async def _check_reversible(self, document: BillDocument, held: HeldBill, on: date) -> None:
        if document.paid or open_amount(document, held) != document.owed:
            refuse("invoice-paid", f"Something was paid on bill {document.number}.")
        await self._check_day(document.posting.facility, on)

    async def _reverse(self, turn: ClaimTurn, document: BillDocument, on: date) -> tuple[BillDocument, HeldBill]:
        """Cancelled in Tryton, which mirrors the booking; then its goods are owed without a bill again, at the order's
        price of today."""
        posting, invoice = document.posting, document.invoice or 0
        await self._drive(INVOICE, invoice, {"posted": "cancel"})
        held = await self._held_bill(document)
        if held.state != "cancelled":
            refuse("erp-refused", f"The bill is {held.state} in Tryton.")
        # Its number is free again: Tryton would suspect the next bill that bears it.
        named = {"reference": f"{posting.number} (reversed)"}
        await self._client.call(f"model.{INVOICE}.write", [invoice], named, again=True)
        document = document.model_copy(update={"reversed": True})
        bodies: dict[ClaimKey, str | None] = {bill_key(posting.external_id): document.model_dump_json()}
        orders = []
        for each in await self._documents_of(turn, document):
            given_back = with_taken(each, document.taken, -1)
            purchase = await self._held_purchase(given_back)
            name, accounts = f"{posting.external_id}:reversed:{given_back.number}", self._posting_accounts
            orders.append(accruals.with_accrual(given_back, purchase, name, on, accounts))
            bodies[order_key(each.draft.external_id)] = orders[-1].model_dump_json()
        await turn.write(bodies)
        for order in orders:
            await self._settle(turn, order)
        return document, held


def _turns(names: Iterable[str]) -> list[str]:
    return [f"order:{name}" for name in sorted(set(names))]


def _orders_with(document: BillDocument, orders: Iterable[OrderDocument], sign: int) -> dict[ClaimKey, str | None]:
    return {
        order_key(each.draft.external_id): with_taken(each, document.taken, sign).model_dump_json() for each in orders
    }


def _line(line: BillLine, account: int, centres: Mapping[str, wire.AnalyticAccount]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "type": "line",
        "account": account,
        "quantity": binary(line.quantity),
        "unit_price": line.unit_price,
        "description": line.note or None,
        "product": line.product,
        "unit": line.unit,
    }
    if line.purchase_line is not None:
        values["origin"] = f"purchase.line,{line.purchase_line}"
    if line.cost_centre:
        centre = centres[line.cost_centre]
        values["analytic_accounts"] = [["create", [{"root": centre.root, "account": centre.id}]]]
    return values
