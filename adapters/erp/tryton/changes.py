"""What people did in Tryton themselves: found by when each record was changed last.

Tryton dates a record by the beginning of the transaction that wrote it. What the integration user made is Corridor's
own, and is left out: nobody else may work under its login.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.erp.tryton import documents
from adapters.erp.tryton.documents import ZERO, MovementDocument, OrderDocument, movement_key, order_key
from adapters.erp.tryton.mapping import plain
from adapters.erp.tryton.orders import TrytonOrders
from adapters.erp.tryton.wire_changes import (
    Amendment,
    Bill,
    CancelledMove,
    CancelledPurchase,
    Changed,
    GoodsMove,
    LineOf,
    OriginOf,
    Receipt,
    Return,
)
from domain.erp_changes import ChangedLine, ChangeKind, ErpChange, ErpChangesPage
from domain.money import Money
from domain.outside_errors import RefusedError

LINE, MOVE = "purchase.line", "stock.move"
_ROOT = "root"
"""Tryton's own user, which is no person."""
Place = tuple[datetime, int]


@dataclass(frozen=True)
class OurLine:
    """A line of an order that Corridor placed."""

    document: OrderDocument
    number: int


class TrytonChanges(TrytonOrders):
    """`domain.ports.erp_changes.ErpChanges`. What goes back to a supplier by hand is noted with the order's claim,
    since Tryton does not deduct it; and contracts are drawn anew for what an order became."""

    name = "tryton"
    overlap = timedelta(minutes=15)

    async def changes(self, since: datetime, page: str, limit: int) -> ErpChangesPage:
        number, after = _place(page)
        found: list[ErpChange] = []
        instants: list[datetime] = []
        left = limit
        while number < len(_SOURCES) and left > 0:
            source = _SOURCES[number]
            rows = await self._changed(source, since, after, left)
            found += await source.told(self, rows)
            instants += [row.last_modified_at for row in rows]
            if len(rows) < left:
                number, after = number + 1, None
            else:
                after = (rows[-1].last_modified_at, rows[-1].id)
            left -= len(rows)
        return ErpChangesPage(changes=tuple(found), latest=max(instants, default=None), next_page=_page(number, after))

    async def _changed(self, source: Source, since: datetime, after: Place | None, limit: int) -> list[Any]:
        """Records of people, in order of their last change; `after` is the last one that was read."""
        domain = [
            *source.where,
            [f"{source.whose}.login", "not in", [self._client.user, _ROOT]],
            ["last_modified_at", ">=", _naive(since)],
        ]
        if after is not None:
            at = _naive(after[0])
            same = [["last_modified_at", "=", at], ["id", ">", after[1]]]
            domain.append(["OR", ["last_modified_at", ">", at], same])
        order = [("last_modified_at", "ASC"), ("id", "ASC")]
        return await self._rows(source.kind, domain, limit=limit, order=order)

    # What the rows say

    async def _receipts(self, rows: Sequence[Receipt]) -> list[ErpChange]:
        lines = await self._our_lines(move.origin for row in rows for move in row.moves)
        found = []
        for row in rows:
            for document, came in _by_order(row.moves, lines, lambda move: move.origin):
                found.append(_of_order("goods-received", row, document, came, row.number, row.reference))
        return found

    async def _returns(self, rows: Sequence[Return]) -> list[ErpChange]:
        """A movement back to the supplier has the movement as origin that brought the goods."""
        moves = [move for row in rows for move in row.moves]
        arrivals = _ids(MOVE, (move.origin for move in moves))
        brought = {
            f"{MOVE},{each.id}": each.origin
            for each in (await self._rows(OriginOf, [["id", "in", arrivals]]) if arrivals else [])
        }
        lines = await self._our_lines((*brought.values(), *(move.origin for move in moves)))
        found = []
        for row in rows:
            for document, went in _by_order(row.moves, lines, lambda move: brought.get(move.origin or "", move.origin)):
                change = _of_order("goods-returned", row, document, went, row.number, row.reference)
                await self._note_return(change)
                found.append(change)
        return found

    async def _note_return(self, change: ErpChange) -> None:
        """Once: under the external id by which the case would book it."""
        claim = movement_key(f"{change.order_id}:{change.change_id}")
        async with self._order_turn(change.order_number) as (turn, document):
            if await turn.read(claim.kind, claim.key) is not None:
                return
            returned = dict(document.returned)
            for each in change.lines:
                returned[each.line] = returned.get(each.line, ZERO) + each.quantity
            noted = document.model_copy(update={"returned": returned})
            movement = MovementDocument(kind="return", order=change.order_number, booked=True)
            await turn.write({order_key(change.order_id): noted.model_dump_json(), claim: movement.model_dump_json()})

    async def _amendments(self, rows: Sequence[Amendment]) -> list[ErpChange]:
        lines = await self._our_lines(f"{LINE},{each.line}" for row in rows for each in row.lines if each.line)
        numbers = await self._numbers(row.purchase for row in rows)
        ours = await self._documents(numbers.values())
        found = []
        for row in rows:
            document = ours.get(numbers.get(row.purchase, ""))
            if document is None:
                continue
            changed: dict[int, Decimal] = {}
            for each in row.lines:
                line = lines.get(f"{LINE},{each.line}")
                if each.action == "line" and line is not None and each.quantity is not None:
                    changed[line.number] = plain(each.quantity)
            change = _of_order("order-changed", row, document, changed, row.description, None)
            found.append(change.model_copy(update={"total": await self._drawn_anew(document.number)}))
        return found

    async def _cancelled(self, rows: Sequence[CancelledPurchase]) -> list[ErpChange]:
        ours = await self._documents(row.number or "" for row in rows)
        found = []
        for row in rows:
            document = ours.get(row.number or "")
            if document is None:
                continue
            change = _of_order("order-changed", row, document, dict.fromkeys(document.lines, ZERO), row.number, None)
            found.append(change.model_copy(update={"total": await self._drawn_anew(document.number)}))
        return found

    async def _drawn_anew(self, number: str) -> Money:
        """The order's total as it is now. Contracts are drawn for that; one that is exhausted stays as it was drawn."""
        async with self._order_turn(number) as (turn, document):
            held = await self._held_purchase(document)
            now = documents.view(document, held)
            if not document.ended:
                stands = document.model_copy(update={"lines": documents.standing_lines(document, held)})
                came = documents.received(document, held) if now.status == "cancelled" else None
                with suppress(RefusedError):
                    await self._draw(turn, stands, stands.draws(came))
        return now.total

    async def _stopped(self, rows: Sequence[CancelledMove]) -> list[ErpChange]:
        lines = await self._our_lines(row.origin for row in rows)
        return [
            _of_order("delivery-cancelled", row, line.document, {line.number: plain(row.quantity)}, None, None)
            for row in rows
            if (line := lines.get(row.origin or "")) is not None
        ]

    async def _bills(self, rows: Sequence[Bill]) -> list[ErpChange]:
        """Each bill once, with the first of its orders that is ours."""
        lines = await self._our_lines(each.origin for row in rows for each in row.lines)
        found = []
        for row in rows:
            orders = [lines[each.origin].document for each in row.lines if each.origin in lines]
            change = _change("bill-posted", row, row.number, row.reference).model_copy(
                update={
                    "supplier": row.party.code or "",
                    "amount": Money(amount=row.total_amount, currency=row.currency.code),
                }
            )
            found.append(change if not orders else change.model_copy(update=_named(orders[0])))
        return found

    # Which orders are ours

    async def _our_lines(self, origins: Iterable[str | None]) -> dict[str | None, OurLine]:
        """Those origins that are lines of Corridor's orders."""
        wanted = _ids(LINE, origins)
        rows = await self._rows(LineOf, [["id", "in", wanted]]) if wanted else []
        ours = await self._documents(row.purchase.number or "" for row in rows)
        return {
            f"{LINE},{row.id}": OurLine(ours[row.purchase.number], row.sequence)
            for row in rows
            if row.purchase.number in ours and row.sequence is not None
        }

    async def _numbers(self, purchases: Iterable[int]) -> dict[int, str]:
        rows = await self._client.read("purchase.purchase", sorted(set(purchases)), ["number"])
        return {int(row["id"]): str(row["number"]) for row in rows if row.get("number")}

    async def _documents(self, numbers: Iterable[str]) -> dict[str | None, OrderDocument]:
        """By Tryton's number; none of those that Corridor did not place."""
        named = await self._claims.read_all("order-number", tuple(sorted({each for each in numbers if each})))
        ids = {number: str(json.loads(body)) for number, body in named.items()}
        bodies = await self._claims.read_all("order", tuple(sorted(ids.values())))
        return {
            number: OrderDocument.model_validate_json(bodies[name]) for number, name in ids.items() if name in bodies
        }


@dataclass(frozen=True)
class Source:
    """One sort of record, and what its rows tell. `whose` is the field that says whose work it is."""

    kind: type[Changed]
    where: tuple[Any, ...]
    told: Callable[[TrytonChanges, Sequence[Any]], Awaitable[list[ErpChange]]]
    whose: str = "create_uid"


_SOURCES = (
    Source(Receipt, (["state", "in", ["received", "done"]],), TrytonChanges._receipts),
    Source(Return, (["state", "=", "done"],), TrytonChanges._returns),
    Source(Amendment, (["state", "=", "validated"],), TrytonChanges._amendments),
    Source(CancelledPurchase, (["state", "=", "cancelled"],), TrytonChanges._cancelled, "write_uid"),
    Source(
        CancelledMove,
        (["state", "=", "cancelled"], ["origin", "like", f"{LINE},%"]),
        TrytonChanges._stopped,
        "write_uid",
    ),
    Source(Bill, (["type", "=", "in"], ["state", "in", ["posted", "paid"]]), TrytonChanges._bills),
)


def _place(page: str) -> tuple[int, Place | None]:
    """Which source a page begins in, and after which of its records."""
    if not page:
        return 0, None
    number, at, record = json.loads(page)
    return number, None if at is None else (datetime.fromisoformat(at), record)


def _page(number: int, after: Place | None) -> str:
    if number == len(_SOURCES):
        return ""
    return json.dumps([number, *((None, 0) if after is None else (after[0].isoformat(), after[1]))])


def _naive(instant: datetime) -> datetime:
    """As Tryton writes it: UTC, without saying so."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def _ids(model: str, origins: Iterable[str | None]) -> list[int]:
    found = (each.partition(",") for each in origins if each)
    return sorted({int(record) for name, _, record in found if name == model})


def _by_order(
    moves: Sequence[GoodsMove],
    lines: dict[str | None, OurLine],
    origin: Callable[[GoodsMove], str | None],
) -> list[tuple[OrderDocument, dict[int, Decimal]]]:
    """What was moved of each of our orders, by line."""
    found: dict[str, tuple[OrderDocument, dict[int, Decimal]]] = {}
    for move in moves:
        line = lines.get(origin(move))
        if line is not None and move.state == "done" and move.quantity:
            _, sums = found.setdefault(line.document.number, (line.document, {}))
            sums[line.number] = sums.get(line.number, ZERO) + plain(move.quantity)
    return list(found.values())


def _of_order(
    kind: ChangeKind,
    row: Changed,
    document: OrderDocument,
    lines: dict[int, Decimal],
    number: str | None,
    reference: str | None,
) -> ErpChange:
    """A record may concern several orders: each hears of its own part."""
    change = _change(kind, row, number, reference)
    return change.model_copy(
        update={
            **_named(document),
            "change_id": f"{change.change_id}/{document.number}",
            "lines": tuple(ChangedLine(line=each, quantity=lines[each]) for each in sorted(lines)),
        }
    )


def _change(kind: ChangeKind, row: Changed, number: str | None, reference: str | None) -> ErpChange:
    return ErpChange(
        change_id=f"{row.model},{row.id}",
        kind=kind,
        at=row.last_modified_at,
        by=row.by,
        document=number or "",
        reference=reference or "",
    )


def _named(document: OrderDocument) -> dict[str, str]:
    return {
        "case_id": document.draft.case_id,
        "order_number": document.number,
        "order_id": document.draft.external_id,
        "supplier": document.draft.supplier,
    }
