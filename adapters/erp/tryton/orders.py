"""Orders in Tryton: a purchase, confirmed, that only amendments change afterwards.

Each effect has its turn by the order's external id, looks first for what is there, and may stop anywhere: the next try
goes on from the claim and from the state in Tryton.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.erp.tryton import accruals, documents, mapping, order_checks, wire
from adapters.erp.tryton.accruals import TrytonAccruals
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import (
    ZERO,
    ChangeDocument,
    ContractDocument,
    Ending,
    HeldLine,
    HeldPurchase,
    OrderDocument,
    change_key,
    contract_key,
    number_key,
    order_key,
)
from adapters.erp.tryton.encoding import binary
from adapters.erp.tryton.errors import drifted
from domain.master_data import Contract
from domain.model import Value
from domain.outside_errors import RefusedError
from domain.ports.erp_claims import ClaimKey, ClaimTurn
from domain.purchase import OrderDraft, OrderLine, PlacedOrder

PURCHASE, AMENDMENT = "purchase.purchase", "purchase.amendment"
_PLACING = {"draft": "quote", "quotation": "confirm"}
_UNPLACED = frozenset({*_PLACING, "confirmed"})


@dataclass(frozen=True)
class OrderFacts:
    """What Tryton has of all that an order names."""

    known: order_checks.Known
    party: wire.Party | None
    products: Mapping[str, wire.ProductKey]
    centres: Mapping[str, wire.AnalyticAccount]
    place: wire.Location | None


class TrytonOrders(TrytonAccruals):
    async def place_order(self, draft: OrderDraft) -> PlacedOrder:
        async with self._claims.turn(f"order:{draft.external_id}") as turn:
            document = await self._kept(turn, draft.external_id)
            if document is not None and document.number:
                return documents.view(document, await self._held_purchase(document))
            facts = await self._facts(draft if document is None else document.draft)
            if document is None:
                return documents.view(*await self._place(turn, await self._claim(turn, draft, facts), facts))
            return documents.view(*await self._place(turn, document, facts, again=True))

    async def find_order(self, external_id: str) -> PlacedOrder | None:
        body = await self._claims.read("order", external_id)
        document = None if body is None else OrderDocument.model_validate_json(body)
        if document is None or not document.number:
            return None
        return documents.view(document, await self._held_purchase(document))

    async def change_order(self, number: str, external_id: str, lines: Sequence[OrderLine]) -> PlacedOrder:
        async with self._order_turn(number) as (turn, document):
            change = await self._known_change(turn, external_id, number)
            held = await self._held_purchase(document)
            if change is not None and change.applied:
                return documents.view(document, held)
            order_checks.check_running(document, held)
            return documents.view(*await self._change(turn, external_id, document, held, lines))

    async def cancel_order(self, number: str, reason: str) -> PlacedOrder:  # noqa: ARG002 - the case keeps the reason
        async with self._order_turn(number) as (turn, document):
            held = await self._held_purchase(document)
            if documents.status(document, held) == "cancelled" and document.settled:
                return documents.view(document, held)
            if not document.ended:
                if documents.received(document, held):
                    refuse("order-received", f"Goods of order {number} were received already.")
                order_checks.check_not_billed(document)
                order_checks.check_running(document, held)
            elif document.ended != "cancelled":
                order_checks.check_running(document, held)
            return documents.view(await self._end(turn, document, held, "cancelled"), held)

    async def close_order(self, number: str, short: bool, reason: str) -> PlacedOrder:  # noqa: ARG002 - the case keeps the reason
        async with self._order_turn(number) as (turn, document):
            held = await self._held_purchase(document)
            if document.ended in ("closed", "closed-short") and document.settled:
                return documents.view(document, held)
            if document.ended not in ("closed", "closed-short"):
                order_checks.check_running(document, held)
            return documents.view(await self._end(turn, document, held, "closed-short" if short else "closed"), held)

    async def _kept(self, turn: ClaimTurn, external_id: str) -> OrderDocument | None:
        body = await turn.read("order", external_id)
        return None if body is None else OrderDocument.model_validate_json(body)

    @asynccontextmanager
    async def _order_turn(self, number: str) -> AsyncIterator[tuple[ClaimTurn, OrderDocument]]:
        """The turn of an order that Corridor placed, by Tryton's number."""
        external_id = await self._claims.read("order-number", number)
        if external_id is None:
            refuse("order-unknown", f"There is no order {number}.")
        name = str(json.loads(external_id))
        async with self._claims.turn(f"order:{name}") as turn:
            document = await self._kept(turn, name)
            if document is None:
                raise drifted(f"the claim of order {number}, which is gone")
            yield turn, await self._settle(turn, document)

    async def _claim(self, turn: ClaimTurn, draft: OrderDraft, facts: OrderFacts) -> OrderDocument:
        """Check and claim, before anything is in Tryton; a refused order leaves no claim."""
        order_checks.check_order(draft, facts.known)
        document = OrderDocument(draft=draft, lines={line.line: line for line in draft.lines})
        return await self._draw(turn, document, document.draws())

    async def _facts(self, draft: OrderDraft) -> OrderFacts:
        shares = [share for line in draft.lines for share in line.costs]
        items = sorted({line.item for line in draft.lines if line.item is not None})
        period, place = await asyncio.gather(self._period(draft.ordered_on), self._location(draft.facility))
        parties, centres, accounts, keys, contracts = await asyncio.gather(
            self._parties_now((draft.supplier,)),
            self._analytic(share.cost_centre for share in shares),
            self._open_accounts(share.account for share in shares if share.account),
            self._product_keys(items),
            self._agreed(items, any(line.contract for line in draft.lines)),
        )
        known = order_checks.Known(
            supplier=mapping.supplier(parties[0]) if parties else None,
            cost_centres={code: mapping.cost_centre(row, "") for code, row in centres.items()},
            accounts=accounts,
            items=tuple(keys),
            contracts=contracts,
            period_open=self._is_open(draft.facility, draft.ordered_on, period),
        )
        return OrderFacts(
            known=known, party=parties[0] if parties else None, products=keys, centres=centres, place=place
        )

    async def _agreed(self, items: Sequence[str], wanted: bool) -> dict[str, Contract]:
        """The contracts of the items, where a line names one."""
        agreed = {each.number: each for each in self._supplement.contracts}
        found: dict[str, Contract] = {}
        for product in (await self._products(items)).values() if wanted else ():
            found |= mapping.contracts(product, agreed)
        return found

    async def _product_keys(self, codes: Iterable[str]) -> dict[str, wire.ProductKey]:
        wanted = sorted(set(codes))
        rows = await self._rows(wire.ProductKey, [["code", "in", wanted]]) if wanted else []
        return {row.code: row for row in rows if row.code}

    async def _draw(
        self,
        turn: ClaimTurn,
        document: OrderDocument,
        drawn: dict[int, Decimal],
        also: Mapping[ClaimKey, str | None] | None = None,
    ) -> OrderDocument:
        """Draw what the order's contracts owe now in place of what they gave before, and keep the order with it: all,
        or nothing."""
        changes: dict[str, Decimal] = {}
        for number, amount in drawn.items():
            code = document.lines[number].contract or ""
            changes[code] = changes.get(code, ZERO) + amount - document.drawn.get(number, ZERO)
        agreed = {each.number: each for each in self._supplement.contracts}
        async with turn.also(*(f"contract:{code}" for code in sorted(changes))):
            bodies = dict(also or {})
            for code in sorted(changes):
                if code not in agreed:
                    raise drifted(f"contract {code}, which the supplement does not know")
                body, opening = await turn.read("contract", code), agreed[code].drawn
                before = ZERO if opening is None else opening.amount
                if body is not None:
                    before = ContractDocument.model_validate_json(body).drawn
                order_checks.check_draw(agreed[code], before, changes[code])
                bodies[contract_key(code)] = _json(ContractDocument(drawn=before + changes[code]))
            document = document.model_copy(update={"drawn": drawn})
            bodies[order_key(document.draft.external_id)] = _json(document)
            await turn.write(bodies)
        return document

    async def _place(
        self, turn: ClaimTurn, document: OrderDocument, facts: OrderFacts, again: bool = False
    ) -> tuple[OrderDocument, HeldPurchase]:
        external_id = document.draft.external_id
        try:
            values = await self._new_purchase(document.draft, facts)
            purchase, new = await self._ensured(PURCHASE, "reference", external_id, values)
            document = document.model_copy(update={"purchase": purchase})
            if new:
                await self._press_on(PURCHASE, purchase, *_PLACING.values())
            held = await self._held_purchase(document)
            if held.state in _UNPLACED:
                await (self._confirm_anew if again else self._confirm)(purchase)
                held = await self._held_purchase(document)
        except RefusedError:
            await self._take_back(turn, document)
            raise
        document = document.model_copy(update={"number": held.number})
        pointer = number_key(held.number)
        await turn.write({order_key(external_id): _json(document), pointer: json.dumps(external_id)})
        return document, held

    async def _confirm(self, purchase: int) -> None:
        await self._drive(PURCHASE, purchase, _PLACING)

    async def _confirm_anew(self, purchase: int) -> None:
        """Tryton processes an order right after it is confirmed. Where it was stopped in between, the order stays
        confirmed, and only an administrator may have it processed: it is confirmed once more, under the same number."""
        if await self._state(PURCHASE, purchase) == "confirmed":
            with suppress(RefusedError):  # it is being processed just now
                await self._client.press(PURCHASE, "draft", [purchase])
        await self._confirm(purchase)

    async def _take_back(self, turn: ClaimTurn, document: OrderDocument) -> None:
        """Leave nothing of an order that Tryton refused: the same external id is taken once it is corrected."""
        purchase = await self._held(PURCHASE, "reference", document.draft.external_id)
        if purchase is not None:
            await self._drive(PURCHASE, purchase, {"draft": "cancel", "quotation": "cancel"})
            await self._client.call(f"model.{PURCHASE}.delete", [purchase])
        await self._draw(turn, document, dict.fromkeys(document.drawn, ZERO))
        await turn.write({order_key(document.draft.external_id): None})

    async def _new_purchase(self, draft: OrderDraft, facts: OrderFacts) -> dict[str, Any]:
        """A purchase runs no on_change over RPC: what its form would fill in is filled in here."""
        if facts.party is None:
            raise drifted(f"supplier {draft.supplier}, who is gone")
        return {
            "party": facts.party.id,
            "invoice_address": facts.party.addresses[0].id if facts.party.addresses else None,
            "payment_term": facts.party.supplier_payment_term,
            "currency": await self._symbol("currency.currency", "code", draft.currency),
            "warehouse": None if facts.place is None else facts.place.id,
            "purchase_date": draft.ordered_on,
            "description": draft.case_id,
            "invoice_method": "manual",
            "lines": [["create", [await self._new_line(line, facts) for line in draft.lines]]],
        }

    async def _new_line(self, line: OrderLine, facts: OrderFacts) -> dict[str, Any]:
        product = facts.products[line.item] if line.item is not None else None
        unit = await self._symbol("product.uom", "symbol", mapping.unit_symbol(line.quantity))
        values = {
            "type": "line",
            "sequence": line.line,
            "product": None if product is None else product.id,
            "unit": unit if unit is not None or product is None else product.default_uom,
            "quantity": binary(line.quantity.value),
            "unit_price": line.unit_price.amount,
            "description": line.description,
            "delivery_date_edit": True,
            "delivery_date_store": line.need_by,
        }
        if len(line.costs) == 1:  # Tryton charges a line to one cost centre; shares are Corridor's
            centre = facts.centres[line.costs[0].cost_centre]
            values["analytic_accounts"] = [["create", [{"root": centre.root, "account": centre.id}]]]
        return values

    async def _held_purchase(self, document: OrderDocument) -> HeldPurchase:
        if document.purchase is None:
            raise drifted(f"order {document.draft.external_id}, which is in no purchase")
        return mapping.held_purchase(await self._row(wire.Purchase, document.purchase))

    async def _known_change(self, turn: ClaimTurn, external_id: str, number: str) -> ChangeDocument | None:
        body = await turn.read("change", external_id)
        change = None if body is None else ChangeDocument.model_validate_json(body)
        if change is not None and change.order != number:
            refuse("external-id-taken", f"That change belongs to order {change.order}.")
        return change

    async def _change(
        self,
        turn: ClaimTurn,
        external_id: str,
        document: OrderDocument,
        held: HeldPurchase,
        lines: Sequence[OrderLine],
    ) -> tuple[OrderDocument, HeldPurchase]:
        """Contracts are drawn before Tryton is asked, and given back when it refuses; what came in and is not billed is
        owed at the new prices."""
        changed = document.model_copy(update={"lines": order_checks.check_change(document, held, lines)})
        claim = {change_key(external_id): _json(ChangeDocument(order=document.number))}
        changed = await self._draw(turn, changed, changed.draws(), claim)
        try:
            await self._amend(changed, held, external_id, changed.lines)
        except RefusedError:
            await self._draw(turn, _with_drawn(document, changed), document.drawn, {change_key(external_id): None})
            raise
        held = await self._held_purchase(changed)
        if accruals.changes(changed, held):
            draft = changed.draft
            day = await self._first_open_day(draft.facility, changed.moved_on or draft.ordered_on)
            changed = accruals.with_accrual(changed, held, external_id, day, self._posting_accounts)
        applied = ChangeDocument(order=document.number, applied=True)
        await turn.write(
            {change_key(external_id): _json(applied), order_key(changed.draft.external_id): _json(changed)}
        )
        return await self._settle(turn, changed), held

    async def _end(self, turn: ClaimTurn, document: OrderDocument, held: HeldPurchase, how: Ending) -> OrderDocument:
        """Nothing more comes: contracts are drawn for what came in, and Tryton's quantities become that. `settled` says
        that both are done: the next try finishes what this one began."""
        came = documents.received(document, held)
        ended = document
        if not document.ended:
            lines = documents.standing_lines(document, held)
            ended = document.model_copy(update={"lines": lines, "ended": how, "settled": False})
            ended = await self._draw(turn, ended, ended.draws(came))
        kept = {
            number: line.model_copy(update={"quantity": line.quantity.of(came.get(number, ZERO))})
            for number, line in documents.standing_lines(ended.model_copy(update={"ended": ""}), held).items()
        }
        name = document.draft.external_id
        try:
            await self._amend(ended, held, f"{name}:{ended.ended}", kept)
        except RefusedError:
            before = ended.model_copy(update={"ended": "", "settled": True})
            await self._draw(turn, before, before.draws())
            raise
        ended = ended.model_copy(update={"settled": True})
        await turn.write({order_key(name): _json(ended)})
        return ended

    async def _amend(
        self, document: OrderDocument, held: HeldPurchase, external_id: str, lines: Mapping[int, OrderLine]
    ) -> None:
        """Bring Tryton's quantities and prices to those of `lines`; an amendment that is there already is used."""
        if held.state == "confirmed":
            await self._confirm_anew(held.id)
        changed = {number: line for number, line in lines.items() if _differs(line, held.lines.get(number))}
        if not changed:
            return
        domain = [["purchase", "=", held.id], ["description", "=", external_id]]
        found = await self._client.search_read(AMENDMENT, domain, ["id"])
        if found:
            amendment = int(found[0]["id"])
        else:
            values = {
                "purchase": held.id,
                "date": document.draft.ordered_on,
                "description": external_id,
                "lines": [["create", [_amended(held.lines[number], line) for number, line in sorted(changed.items())]]],
            }
            amendment = int((await self._client.call(f"model.{AMENDMENT}.create", [values]))[0])
        await self._drive(AMENDMENT, amendment, {"draft": "validate_amendment"})


def _differs(line: OrderLine, held: HeldLine | None) -> bool:
    if held is None:
        raise drifted(f"an order without its line {line.line}")
    return (held.quantity, held.unit_price) != (line.quantity.value, line.unit_price.amount)


def _amended(held: HeldLine, line: OrderLine) -> dict[str, Any]:
    return {
        "action": "line",
        "line": held.id,
        "product": held.product,
        "unit": held.unit,
        "quantity": binary(line.quantity.value),
        "unit_price": line.unit_price.amount,
        "description": held.description,
    }


def _with_drawn(document: OrderDocument, latest: OrderDocument) -> OrderDocument:
    """`document` as it was, except that its contracts have been drawn as in `latest`."""
    return document.model_copy(update={"drawn": latest.drawn})


def _json(value: Value) -> str:
    return value.model_dump_json()
