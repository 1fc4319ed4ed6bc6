"""What people do by hand in the ERP in memory, and places in its changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.memory.erp import MemoryErp
from domain.erp_changes import ChangedLine, ChangeKind, ErpChange, ErpChangesPage, SweepPlace
from domain.money import Money
from domain.purchase import GoodsReceipt, GoodsReturn, PlacedOrder, ReceivedLine, ReturnedLine


class MemoryErpChanges:
    """`domain.ports.erp_changes.ErpChanges` over a MemoryErp, and the hands of the people who work in it. Changes are
    named after `name`."""

    overlap = timedelta(minutes=15)

    def __init__(self, erp: MemoryErp, name: str = "memory") -> None:
        self._erp, self.name = erp, name
        self._changes: list[ErpChange] = []

    async def changes(self, since: datetime, page: str, limit: int) -> ErpChangesPage:
        begin = int(page or 0)
        found = [each for each in self._changes if each.at >= since][begin:]
        return ErpChangesPage(
            changes=tuple(found[:limit]),
            latest=max((each.at for each in found[:limit]), default=None),
            next_page=str(begin + limit) if len(found) > limit else "",
        )

    async def receive(self, number: str, quantities: Mapping[int, str], by: str = "rosa") -> str:
        """Somebody books a delivery; returns the change's id."""
        at = datetime.now(UTC)
        receipt = GoodsReceipt(
            event_id=f"by-hand-{len(self._changes)}",
            order_number=number,
            received_at=at,
            received_by=by,
            delivery_note="by hand",
            lines=tuple(ReceivedLine(line=line, accepted=Decimal(count)) for line, count in quantities.items()),
        )
        return self._noted(
            "goods-received", await self._erp.post_receipt(receipt.event_id, receipt), quantities, at, by
        )

    async def give_back(self, number: str, quantities: Mapping[int, str], by: str = "rosa") -> str:
        """Somebody sends goods back; returns the change's id."""
        at = datetime.now(UTC)
        lines = tuple(
            ReturnedLine(line=line, quantity=Decimal(count), reason="damaged") for line, count in quantities.items()
        )
        report = GoodsReturn(
            event_id=f"by-hand-{len(self._changes)}",
            order_number=number,
            returned_at=at,
            returned_by=by,
            lines=lines,
        )
        return self._noted("goods-returned", await self._erp.post_return(report.event_id, report), quantities, at, by)

    async def change(self, number: str, quantities: Mapping[int, str], by: str = "bo") -> str:
        """Somebody orders other quantities; zero for every line cancels the order. Returns the change's id."""
        at = datetime.now(UTC)
        (before,) = (each for each in self._erp.orders if each.number == number)
        lines = [
            line.model_copy(update={"quantity": line.quantity.of(Decimal(quantities[line.line]))})
            for line in before.lines
            if line.line in quantities
        ]
        order = await self._erp.change_order(number, f"by-hand-{len(self._changes)}", lines)
        return self._noted("order-changed", order, quantities, at, by)

    def cancel_delivery(self, order: PlacedOrder, by: str = "bo") -> str:
        """Somebody stops what is still to come; returns the change's id."""
        return self._noted("delivery-cancelled", order, {}, datetime.now(UTC), by)

    def post_bill(
        self, supplier: str, reference: str, amount: Money, by: str = "ann", order: PlacedOrder | None = None
    ) -> str:
        """Somebody books a bill, of an order or of none; returns the change's id."""
        bill = ErpChange(
            change_id=self._next_id(),
            kind="bill-posted",
            at=datetime.now(UTC),
            by=by,
            supplier=supplier,
            reference=reference,
            amount=amount,
        )
        self._changes.append(bill if order is None else bill.model_copy(update=_of_order(order)))
        return bill.change_id

    def _noted(self, kind: ChangeKind, order: PlacedOrder, quantities: Mapping[int, str], at: datetime, by: str) -> str:
        change = ErpChange(
            change_id=self._next_id(),
            kind=kind,
            at=at,
            by=by,
            lines=tuple(ChangedLine(line=line, quantity=Decimal(count)) for line, count in quantities.items()),
            total=order.total,
            supplier=order.supplier,
        ).model_copy(update=_of_order(order))
        self._changes.append(change)
        return change.change_id

    def _next_id(self) -> str:
        return f"{self.name},{len(self._changes)}"


def _of_order(order: PlacedOrder) -> dict[str, str]:
    case_id, _, _ = order.external_id.partition(":")
    return {"case_id": case_id, "order_number": order.number, "order_id": order.external_id}


class MemorySweepPlaces:
    """`domain.ports.erp_changes.SweepPlaces`."""

    def __init__(self) -> None:
        self._places: dict[str, SweepPlace] = {}

    async def place(self, erp: str) -> SweepPlace | None:
        return self._places.get(erp)

    async def keep(self, erp: str, place: SweepPlace) -> None:
        self._places[erp] = place
