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
    """`domain.ports.erp_changes.ErpChanges` over a MemoryErp, and the hands of the people who work in it."""

    name = "memory"
    overlap = timedelta(minutes=15)

    def __init__(self, erp: MemoryErp) -> None:
        self._erp = erp
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

    def post_bill(self, supplier: str, reference: str, amount: Money, by: str = "ann", number: str = "") -> str:
        """Somebody books a bill; returns the change's id."""
        change = ErpChange(
            change_id=f"memory,{len(self._changes)}",
            kind="bill-posted",
            at=datetime.now(UTC),
            by=by,
            order_number=number,
            supplier=supplier,
            reference=reference,
            amount=amount,
        )
        self._changes.append(change)
        return change.change_id

    def _noted(self, kind: ChangeKind, order: PlacedOrder, quantities: Mapping[int, str], at: datetime, by: str) -> str:
        change = ErpChange(
            change_id=f"memory,{len(self._changes)}",
            kind=kind,
            at=at,
            by=by,
            case_id=order.external_id.partition(":")[0],
            order_number=order.number,
            order_id=order.external_id,
            lines=tuple(ChangedLine(line=line, quantity=Decimal(count)) for line, count in quantities.items()),
            total=order.total,
            supplier=order.supplier,
        )
        self._changes.append(change)
        return change.change_id


class MemorySweepPlaces:
    """`domain.ports.erp_changes.SweepPlaces`."""

    def __init__(self) -> None:
        self._places: dict[str, SweepPlace] = {}

    async def place(self, erp: str) -> SweepPlace | None:
        return self._places.get(erp)

    async def keep(self, erp: str, place: SweepPlace) -> None:
        self._places[erp] = place
