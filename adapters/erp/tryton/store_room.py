"""What the store room hands out and takes back: internal shipments of Tryton, from a facility's storage to the place
where goods are that were handed out."""

from __future__ import annotations

from decimal import Decimal

from adapters.erp.tryton import order_checks, wire
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import ZERO, IssueDocument, issue_key
from adapters.erp.tryton.encoding import binary
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.goods import TrytonGoods
from adapters.erp.tryton.shipments import INTERNAL, ISSUED, Commands
from domain.outside_errors import RefusedError
from domain.ports.erp_claims import ClaimTurn
from domain.purchase import StockIssue


class TrytonStoreRoom(TrytonGoods):
    async def issue_stock(self, issue: StockIssue) -> str:
        async with self._claims.turn(f"issue:{issue.external_id}") as turn:
            known = await self._known_issue(turn, issue.external_id)
            if known is None:
                await self._check_issue(issue)
                known = IssueDocument()
                await turn.write({issue_key(issue.external_id): known.model_dump_json()})
            if not known.number:
                async with turn.also(f"store-room:{issue.facility}"):  # Tryton would fail who comes second
                    known = await self._hand_out(turn, issue)
        return known.number

    async def return_stock(self, external_id: str, reason: str) -> None:  # noqa: ARG002 - the case keeps the reason
        async with self._claims.turn(f"issue:{external_id}") as turn:
            known = await self._known_issue(turn, external_id)
            if known is None or known.returned:
                return
            shipment = known.shipment or await self._held(INTERNAL, "reference", external_id)
            if shipment is not None:
                await self._take_in(external_id, shipment)
            returned = known.model_copy(update={"shipment": shipment, "returned": True})
            await turn.write({issue_key(external_id): returned.model_dump_json() if shipment is not None else None})

    async def _known_issue(self, turn: ClaimTurn, external_id: str) -> IssueDocument | None:
        body = await turn.read("issue", external_id)
        return None if body is None else IssueDocument.model_validate_json(body)

    async def _check_issue(self, issue: StockIssue) -> None:
        centres = {each.code: each for each in await self._cost_centres(line.cost_centre for line in issue.lines)}
        known = await self._product_keys(line.item for line in issue.lines)
        for line in issue.lines:
            order_checks.check_cost_centre(line.cost_centre, centres)
            if line.quantity <= 0:
                refuse("data-invalid", f"Line {line.line} asks for nothing.")
        for line in issue.lines:
            if line.item not in known:
                refuse("item-unknown", f"Item {line.item} is not in the catalogue.")
        if await self._location(issue.facility) is None:
            refuse("stock-short", f"{issue.facility} has no store room.")

    async def _hand_out(self, turn: ClaimTurn, issue: StockIssue) -> IssueDocument:
        try:
            place, target = await self._places(issue.facility)
            values = {"from_location": place, "to_location": target}
            shipment, new = await self._shipment(
                INTERNAL, issue.external_id, values, await self._issued_moves(issue, place, target)
            )
            await self._hand_over(INTERNAL, shipment, new)
        except RefusedError:
            await turn.write({issue_key(issue.external_id): None})
            raise
        row = await self._row(wire.InternalShipment, shipment)
        done = IssueDocument(shipment=shipment, number=row.number or "")
        await turn.write({issue_key(issue.external_id): done.model_dump_json()})
        return done

    async def _places(self, facility: str) -> tuple[int, int]:
        """From where and to where a facility's store room hands out."""
        place, target = await self._location(facility), await self._location(f"{facility}{ISSUED}")
        if place is None or place.storage_location is None or target is None:
            raise drifted(f"the places of goods of {facility}")
        return place.storage_location, target.id

    async def _issued_moves(self, issue: StockIssue, place: int, target: int) -> Commands:
        products = await self._product_keys(line.item for line in issue.lines)
        wanted: dict[str, Decimal] = {}
        for line in issue.lines:
            wanted[line.item] = wanted.get(line.item, ZERO) + line.quantity
        moves = [
            {
                "product": products[item].id,
                "unit": products[item].default_uom,
                "quantity": binary(count),
                "from_location": place,
                "to_location": target,
            }
            for item, count in sorted(wanted.items())
        ]
        return [["create", moves]]

    async def _take_in(self, external_id: str, shipment: int) -> None:
        """The same goods the other way; an issue that was never finished is emptied."""
        row = await self._row(wire.InternalShipment, shipment)
        if row.state != "done":
            await self._empty(INTERNAL, shipment)
            return
        back = [
            {
                "product": move.product,
                "unit": move.unit,
                "quantity": binary(move.quantity),
                "from_location": row.to_location,
                "to_location": row.from_location,
            }
            for move in row.moves
            if move.state == "done"
        ]
        values = {"from_location": row.to_location, "to_location": row.from_location}
        await self._hand_over(
            INTERNAL, *await self._shipment(INTERNAL, f"{external_id}:return", values, [["create", back]])
        )
