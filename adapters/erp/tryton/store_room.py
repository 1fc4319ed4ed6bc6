"""What the store room hands out and takes back: internal shipments of Tryton, from a facility's storage to the place
where goods go that are used."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from adapters.erp.tryton import order_checks, wire
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import ZERO, IssueDocument, issue_key
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.goods import TrytonGoods
from domain.outside_errors import RefusedError
from domain.ports.erp_claims import ClaimTurn
from domain.purchase import StockIssue

INTERNAL = "stock.shipment.internal"
ISSUED = "ISSUED"
"""The code of the place where goods go that the store room hands out."""


class TrytonStoreRoom(TrytonGoods):
    async def issue_stock(self, issue: StockIssue) -> str:
        async with self._claims.turn(f"issue:{issue.external_id}") as turn:
            known = await self._known_issue(turn, issue.external_id)
            if known is None:
                await self._check_issue(issue)
                known = IssueDocument()
                await turn.write({issue_key(issue.external_id): known.model_dump_json()})
            if not known.number:
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
        known = await self._product_keys({line.item for line in issue.lines})
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
            shipment = await self._ensure(INTERNAL, "reference", issue.external_id, await self._issue_values(issue))
            await self._move_on(shipment)
        except RefusedError:
            await turn.write({issue_key(issue.external_id): None})
            raise
        row = await self._row(wire.InternalShipment, shipment)
        done = IssueDocument(shipment=shipment, number=row.number or "")
        await turn.write({issue_key(issue.external_id): done.model_dump_json()})
        return done

    async def _issue_values(self, issue: StockIssue) -> dict[str, Any]:
        place, target = await self._location(issue.facility), await self._location(ISSUED)
        if place is None or target is None:
            raise drifted(f"the places of goods: {issue.facility}, {ISSUED}")
        products = await self._product_keys({line.item for line in issue.lines})
        wanted: dict[str, Decimal] = {}
        for line in issue.lines:
            wanted[line.item] = wanted.get(line.item, ZERO) + line.quantity
        return {
            "from_location": place.storage_location,
            "to_location": target.id,
            "moves": [
                [
                    "create",
                    [
                        {
                            "product": products[item].id,
                            "unit": products[item].default_uom,
                            "quantity": float(count),
                            "from_location": place.storage_location,
                            "to_location": target.id,
                        }
                        for item, count in sorted(wanted.items())
                    ],
                ]
            ],
        }

    async def _move_on(self, shipment: int) -> None:
        await self._advance(INTERNAL, shipment, "wait", ("request", "draft"))
        await self._assign(INTERNAL, shipment)
        await self._advance(INTERNAL, shipment, "do", ("assigned", "packed", "shipped"))

    async def _take_in(self, external_id: str, shipment: int) -> None:
        """The same goods the other way; an issue that was never finished is only taken out of the books."""
        row = await self._row(wire.InternalShipment, shipment)
        if row.state != "done":
            await self._drop(INTERNAL, shipment, ("request", "draft", "waiting", "assigned"))
            return
        back = [
            {
                "product": move.product,
                "unit": move.unit,
                "quantity": float(move.quantity),
                "from_location": row.to_location,
                "to_location": row.from_location,
            }
            for move in row.moves
            if move.state == "done"
        ]
        values = {
            "from_location": row.to_location,
            "to_location": row.from_location,
            "moves": [["create", back]],
        }
        await self._move_on(await self._ensure(INTERNAL, "reference", f"{external_id}:return", values))
