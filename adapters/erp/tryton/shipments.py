"""Shipments of Tryton: made once for an external id, moved on by their states, and emptied where they are refused.

Nobody but a stock administrator may delete one: a refused shipment stays as an empty draft, and is filled again when
its external id comes back.
"""

from __future__ import annotations

from typing import Any, NoReturn

from adapters.erp.tryton import wire
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.orders import TrytonOrders

IN, BACK, INTERNAL = "stock.shipment.in", "stock.shipment.in.return", "stock.shipment.internal"
ISSUED = "/issued"
"""What the code of a facility's place ends in where goods are that were delivered or handed out."""
_MOVES = {IN: "incoming_moves", BACK: "moves", INTERNAL: "moves"}
_TO_DRAFT = {"request": "draft", "waiting": "draft", "assigned": "wait", "cancelled": "draft"}
_HANDING_OVER = {
    "request": "draft",
    "draft": "wait",
    "waiting": "assign_try",
    "assigned": "do",
    "packed": "ship",
    "shipped": "do",
}
Commands = list[list[Any]]


class TrytonShipments(TrytonOrders):
    async def _shipment(
        self, model: str, external_id: str, values: dict[str, Any], moves: Commands
    ) -> tuple[int, bool]:
        """The shipment of this external id, with `moves`, and whether it was made now."""
        field = _MOVES[model]
        shipment, new = await self._ensured(model, "reference", external_id, {**values, field: moves})
        if new:
            return shipment, True
        rows = await self._client.read(model, [shipment], ["state", field])
        if len(rows) != 1:
            raise drifted(f"{model}, which is gone")
        if rows[0]["state"] in ("draft", "cancelled") and not rows[0][field]:
            await self._drive(model, shipment, _TO_DRAFT)
            await self._client.call(f"model.{model}.write", [shipment], {**values, field: moves}, again=True)
        return shipment, False

    async def _empty(self, model: str, shipment: int) -> None:
        """Take back what was not done: Tryton waits again for what it waited for."""
        state = await self._drive(model, shipment, _TO_DRAFT)
        field = _MOVES[model]
        rows = await self._client.read(model, [shipment], [field])
        if state == "draft" and rows and rows[0][field]:
            await self._client.call(
                f"model.{model}.write", [shipment], {field: [["delete", rows[0][field]]]}, again=True
            )

    async def _hand_over(self, model: str, shipment: int, new: bool) -> None:
        """Reserve what is there and move it; Tryton locks its stock for that. Refuses when there is too little: then
        reserving leaves the shipment waiting."""
        if new:
            await self._press_on(model, shipment, "wait", "assign_try", "do")
        if await self._drive(model, shipment, _HANDING_OVER) != "done":
            await self._refuse_short(model, shipment)

    async def _refuse_short(self, model: str, shipment: int) -> NoReturn:
        await self._empty(model, shipment)
        refuse("stock-short", "The store room has less than is asked for.")

    async def _warehouse(self, warehouse: int | None) -> wire.Location:
        if warehouse is None:
            raise drifted("an order for goods without a warehouse")
        if warehouse not in self._warehouses:
            self._warehouses[warehouse] = await self._row(wire.Location, warehouse)
        return self._warehouses[warehouse]

    async def _delivered_to(self, place: wire.Location) -> int:
        """Where what was ordered goes: not into the store room, unless the warehouse has no other place."""
        issued = await self._location(f"{place.code}{ISSUED}")
        found = place.storage_location if issued is None else issued.id
        if found is None:
            raise drifted(f"warehouse {place.code}, which has no place for goods")
        return found
