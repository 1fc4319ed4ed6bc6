"""Goods that come in and go back, as shipments of Tryton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from adapters.erp.tryton import accruals, documents, order_checks, wire
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import (
    ZERO,
    HeldLine,
    HeldPurchase,
    MovementDocument,
    OrderDocument,
    movement_key,
    order_key,
)
from adapters.erp.tryton.encoding import binary
from adapters.erp.tryton.errors import UserWarningError, drifted
from adapters.erp.tryton.shipments import BACK, IN, Commands, TrytonShipments
from domain.outside_errors import RefusedError
from domain.ports.erp_claims import ClaimTurn
from domain.purchase import GoodsReceipt, GoodsReturn, PlacedOrder

_RECEIVING = {"draft": "receive", "received": "do"}
_OVER = "check_move_quantity"
_MOST_LINES = 200
Quantities = Mapping[int, Decimal]


class TrytonGoods(TrytonShipments):
    async def post_receipt(self, external_id: str, receipt: GoodsReceipt) -> PlacedOrder:
        accepted = _sums((line.line, line.accepted) for line in receipt.lines)
        day = receipt.received_at.astimezone(UTC).date()
        async with self._order_turn(receipt.order_number) as (turn, document):
            known = await self._known_movement(turn, external_id, "receipt", document.number)
            held = await self._held_purchase(document)
            if known is not None and known.booked:
                return documents.view(document, held)
            order_checks.check_running(document, held)
            if not await self._is_begun(IN, external_id):
                await self._check_day(document.draft.facility, day)
                percent = self._supplement.over_receipt_percent
                order_checks.check_receipt(document, held, list(_pairs(receipt)), percent)
            return await self._book(turn, external_id, "receipt", document, held, accepted, day)

    async def post_return(self, external_id: str, goods_return: GoodsReturn) -> PlacedOrder:
        quantities = _sums((line.line, line.quantity) for line in goods_return.lines)
        day = goods_return.returned_at.astimezone(UTC).date()
        async with self._order_turn(goods_return.order_number) as (turn, document):
            known = await self._known_movement(turn, external_id, "return", document.number)
            held = await self._held_purchase(document)
            if known is not None and known.booked:
                return documents.view(document, held)
            await self._check_day(document.draft.facility, day)
            order_checks.check_return(document, held, quantities.items())
            return await self._book(turn, external_id, "return", document, held, quantities, day)

    async def _known_movement(
        self, turn: ClaimTurn, external_id: str, kind: str, number: str
    ) -> MovementDocument | None:
        body = await turn.read("movement", external_id)
        known = None if body is None else MovementDocument.model_validate_json(body)
        if known is not None and (known.kind, known.order) != (kind, number):
            refuse("external-id-taken", "That external id belongs to another movement.")
        return known

    async def _is_begun(self, model: str, external_id: str) -> bool:
        return await self._held(model, "reference", external_id) is not None

    async def _check_day(self, facility: str, day: date) -> None:
        order_checks.check_day(facility, day, self._is_open(facility, day, await self._period(day)))

    async def _book(
        self,
        turn: ClaimTurn,
        external_id: str,
        kind: str,
        document: OrderDocument,
        held: HeldPurchase,
        quantities: Quantities,
        day: date,
    ) -> PlacedOrder:
        """Claim, move the goods in Tryton, keep what Tryton does not, book what is owed: in this order, so that the
        next try goes on."""
        claim = MovementDocument(kind="receipt" if kind == "receipt" else "return", order=document.number)
        await turn.write({movement_key(external_id): claim.model_dump_json()})
        stocked = {number: count for number, count in quantities.items() if held.lines[number].product and count}
        try:
            if stocked and kind == "receipt":
                await self._receive(external_id, held, stocked, day)
            elif stocked:
                await self._send_back(external_id, held, stocked, day)
        except RefusedError:
            await turn.write({movement_key(external_id): None})
            raise
        updated = _with_return(document, quantities) if kind == "return" else _with_unmoved(document, held, quantities)
        updated = updated.model_copy(update={"moved_on": max(day, document.moved_on or day)})
        held = await self._held_purchase(updated)
        updated = accruals.with_accrual(updated, held, external_id, day, self._posting_accounts)
        booked = claim.model_copy(update={"booked": True})
        keys = {order_key(document.draft.external_id): updated, movement_key(external_id): booked}
        await turn.write({key: each.model_dump_json() for key, each in keys.items()})
        return documents.view(await self._settle(turn, updated), held)

    async def _receive(self, external_id: str, held: HeldPurchase, quantities: Quantities, day: date) -> None:
        place = await self._warehouse(held.warehouse)
        values = {
            "supplier": held.party,
            "warehouse": held.warehouse,
            "warehouse_input": place.input_location,
            "warehouse_storage": await self._delivered_to(place),
            "effective_date": day,
        }
        shipment, new = await self._shipment(IN, external_id, values, await self._incoming(held, quantities, place))
        if new:
            await self._press_on(IN, shipment, *_RECEIVING.values())
        try:
            await self._receive_within_tolerance(shipment)
        except RefusedError:
            await self._empty(IN, shipment)
            raise

    async def _receive_within_tolerance(self, shipment: int) -> None:
        """Tryton asks whether more than was ordered may come in. The house has answered that with the percentage that
        may come on top, which `check_receipt` has looked at: this one question is answered for people."""
        for _ in range(_MOST_LINES):
            try:
                await self._drive(IN, shipment, _RECEIVING)
            except UserWarningError as warning:
                if warning.question != _OVER:
                    raise
                await self._client.call("model.res.user.warning.skip", warning.name, False, again=True)
            else:
                return

    async def _incoming(self, held: HeldPurchase, quantities: Quantities, place: wire.Location) -> Commands:
        """What Tryton waits for already, with the quantity that came; and a movement of its own for what it does not
        wait for."""
        commands: Commands = []
        for number, count in sorted(quantities.items()):
            line = held.lines[number]
            if line.pending:
                commands.append(["add", [line.pending[0]]])
                commands.append(["write", [line.pending[0]], {"quantity": binary(count)}])
            else:
                source, origin = await self._supplier_location(held.party), f"purchase.line,{line.id}"
                move = await self._movement(line, count, source, place.input_location, origin)
                commands.append(["create", [move]])
        return commands

    async def _send_back(self, external_id: str, held: HeldPurchase, quantities: Quantities, day: date) -> None:
        place = await self._warehouse(held.warehouse)
        source, target = await self._delivered_to(place), await self._supplier_location(held.party)
        arrivals = await self._arrivals(held, sorted(quantities))
        values = {
            "supplier": held.party,
            "from_location": source,
            "to_location": target,
            "effective_date": day,
        }
        moves = [
            await self._movement(held.lines[number], count, source, target, arrivals[number])
            for number, count in sorted(quantities.items())
        ]
        await self._hand_over(BACK, *await self._shipment(BACK, external_id, values, [["create", moves]]))

    async def _arrivals(self, held: HeldPurchase, numbers: Sequence[int]) -> dict[int, str | None]:
        """The movement by which each line's goods came: where a return has its origin."""
        lines = {held.lines[number].id: number for number in numbers}
        rows = await self._client.search_read(
            "stock.move",
            [["origin", "in", [f"purchase.line,{line}" for line in lines]], ["state", "=", "done"]],
            ["origin"],
            order=[("id", "ASC")],
        )
        found: dict[int, str | None] = dict.fromkeys(numbers)
        for row in rows:
            found[lines[int(str(row["origin"]).rpartition(",")[2])]] = f"stock.move,{row['id']}"
        return found

    async def _supplier_location(self, party: int) -> int:
        rows = await self._client.read("party.party", [party], ["supplier_location"])
        if not rows or not isinstance(rows[0].get("supplier_location"), int):
            raise drifted("a supplier without a location of goods")
        return int(rows[0]["supplier_location"])

    async def _movement(
        self, line: HeldLine, count: Decimal, source: int | None, target: int | None, origin: str | None
    ) -> dict[str, Any]:
        return {
            "product": line.product,
            "unit": line.unit,
            "quantity": binary(count),
            "from_location": source,
            "to_location": target,
            "unit_price": line.unit_price,
            "currency": await self._symbol("currency.currency", "code", await self._currency()),
            "origin": origin,
        }


def _pairs(receipt: GoodsReceipt) -> list[tuple[int, Decimal]]:
    return [(line.line, line.accepted) for line in receipt.lines]


def _sums(pairs: Any) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for number, count in pairs:
        sums[number] = sums.get(number, ZERO) + count
    return sums


def _with_return(document: OrderDocument, quantities: Quantities) -> OrderDocument:
    returned = {**document.returned}
    for number, count in quantities.items():
        returned[number] = returned.get(number, ZERO) + count
    return document.model_copy(update={"returned": returned})


def _with_unmoved(document: OrderDocument, held: HeldPurchase, quantities: Quantities) -> OrderDocument:
    unmoved = {**document.unmoved}
    for number, count in quantities.items():
        if held.lines[number].product is None and count:
            unmoved[number] = unmoved.get(number, ZERO) + count
    return document.model_copy(update={"unmoved": unmoved})
