"""What people do in a real Tryton comes back as changes, each once; what Corridor did never does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.erp.tryton.adapter import TrytonErp
from domain.erp_changes import ErpChange, SweepPlace, begun, news, passed, since
from domain.purchase import PlacedOrder
from tests.fixtures.erp_contract import drawn
from tests.fixtures.purchasing import goods_receipt, goods_return, order_draft, order_line
from tests.fixtures.tryton import TrytonTestServer
from tests.fixtures.tryton_hands import TrytonHands


@pytest.fixture
async def hands(tryton: TrytonTestServer) -> AsyncIterator[TrytonHands]:
    async with TrytonHands.of(tryton) as hands:
        yield hands


class Poller:
    """Sweeps as the worker does, in pages of `limit` records."""

    def __init__(self, erp: TrytonErp, limit: int = 100) -> None:
        self._erp, self._limit = erp, limit
        self.place = SweepPlace(until=datetime.now(UTC) - timedelta(hours=1))

    async def sweep(self) -> tuple[ErpChange, ...]:
        found: list[ErpChange] = []
        while True:
            self.place = begun(self.place, datetime.now(UTC))
            asked_from = since(self.place, self._erp.overlap)
            page = await self._erp.changes(asked_from, self.place.page, self._limit)
            found += news(self.place, page.changes)
            self.place = passed(self.place, page, self._erp.overlap)
            if not page.next_page:
                return tuple(found)


async def placed(erp: TrytonErp, name: str = "first") -> PlacedOrder:
    return await erp.place_order(order_draft(name))


def said(change: ErpChange) -> tuple[str, str, str, dict[int, Decimal]]:
    return change.kind, change.order_number, change.by, {each.line: each.quantity for each in change.lines}


async def test_what_corridor_did_itself_is_no_news(tryton_erp: TrytonErp) -> None:
    order = await placed(tryton_erp)
    await tryton_erp.post_receipt("r", goods_receipt(order.number, {1: "10"}))
    await tryton_erp.post_return("b", goods_return(order.number, {1: "2"}))
    other = await placed(tryton_erp, "second")
    await tryton_erp.change_order(other.number, "c", [order_line(price="13.00")])
    await tryton_erp.cancel_order(other.number, "no longer needed")
    assert await Poller(tryton_erp).sweep() == ()


async def test_receipts_of_the_store_are_told_once_each_with_what_came(
    tryton_erp: TrytonErp, hands: TrytonHands
) -> None:
    order, poller = await placed(tryton_erp), Poller(tryton_erp)
    first = await hands.receive(order, "4")
    (change,) = await poller.sweep()
    assert said(change) == ("goods-received", order.number, "buyer", {1: Decimal(4)})
    assert (change.change_id, change.reference) == (f"stock.shipment.in,{first}/{order.number}", "DN-7")
    assert (change.case_id, change.order_id) == (order_draft("first").case_id, "first")
    assert abs(change.at - datetime.now(UTC)) < timedelta(minutes=5)
    await hands.store(first)  # which changes the shipment once more
    await hands.receive(order, "6")
    (second,) = await poller.sweep()
    assert said(second) == ("goods-received", order.number, "buyer", {1: Decimal(6)})
    assert await poller.sweep() == ()
    held = await tryton_erp.find_order("first")
    assert held is not None
    assert (held.status, held.received) == ("received", {1: Decimal(10)})


async def test_an_old_place_tells_the_same_again_in_pages_of_any_length(
    tryton_erp: TrytonErp, hands: TrytonHands
) -> None:
    orders = [await placed(tryton_erp, name) for name in ("first", "second", "third")]
    for order in orders:
        await hands.receive(order, "4")
    await hands.amend(orders[0], "8")
    told = [{each.change_id for each in await Poller(tryton_erp, limit).sweep()} for limit in (1, 2, 100)]
    assert len(told[0]) == 4
    assert told[0] == told[1] == told[2]


async def test_goods_that_went_back_are_deducted_once(tryton_erp: TrytonErp, hands: TrytonHands) -> None:
    order = await placed(tryton_erp)
    await hands.store(await hands.receive(order, "10"))
    await hands.send_back(order, "3")
    changes = await Poller(tryton_erp).sweep()
    assert [said(each) for each in changes if each.kind == "goods-returned"] == [
        ("goods-returned", order.number, "buyer", {1: Decimal(3)})
    ]
    await Poller(tryton_erp).sweep()
    held = await tryton_erp.find_order("first")
    assert held is not None
    assert held.received == {1: Decimal(7)}


async def test_an_order_that_is_amended_to_nothing_is_cancelled(tryton_erp: TrytonErp, hands: TrytonHands) -> None:
    order = await placed(tryton_erp)
    await hands.amend(order, "0")
    (change,) = await Poller(tryton_erp).sweep()
    assert said(change) == ("order-changed", order.number, "buyer", {1: Decimal(0)})
    assert change.total is not None
    assert change.total.amount == 0
    held = await tryton_erp.find_order("first")
    assert held is not None
    assert held.status == "cancelled"
    assert (await tryton_erp.cancel_order(order.number, "as in the ERP")).status == "cancelled"


async def test_a_smaller_order_draws_less_from_its_contract(tryton_erp: TrytonErp, hands: TrytonHands) -> None:
    line = order_line(contract="C-1")
    order = await tryton_erp.place_order(order_draft("first", line))
    before = await drawn(tryton_erp)
    await hands.amend(order, "4")
    await Poller(tryton_erp).sweep()
    assert before - await drawn(tryton_erp) == line.unit_price.amount * 6


async def test_a_delivery_that_somebody_stops_is_told(tryton_erp: TrytonErp, hands: TrytonHands) -> None:
    order = await placed(tryton_erp)
    await hands.stop_delivery(order)
    (change,) = await Poller(tryton_erp).sweep()
    assert said(change) == ("delivery-cancelled", order.number, "buyer", {1: Decimal(10)})


async def test_bills_that_somebody_posts_are_told_with_their_order_where_they_have_one(
    tryton_erp: TrytonErp, hands: TrytonHands
) -> None:
    order, poller = await placed(tryton_erp), Poller(tryton_erp)
    await hands.receive(order, "10")
    await poller.sweep()
    await hands.post_bill("MEDIX", "B-1", "125.00", order)
    (of_order,) = await poller.sweep()
    assert said(of_order) == ("bill-posted", order.number, "buyer", {})
    assert (of_order.supplier, of_order.reference, str(of_order.amount)) == ("MEDIX", "B-1", "125.00 USD")
    await hands.post_bill("MEDIX", "B-2", "20.00")
    (beside,) = await poller.sweep()
    assert (beside.kind, beside.order_number, beside.case_id, beside.reference) == ("bill-posted", "", "", "B-2")
