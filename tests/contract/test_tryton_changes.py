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


def said(change: ErpChange) -> tuple[str, str, str, dict[int, Decimal]]:
    return change.kind, change.order_number, change.by, {each.line: each.quantity for each in change.lines}


async def held(erp: TrytonErp) -> PlacedOrder:
    order = await erp.find_order("first")
    assert order is not None
    return order


async def test_what_corridor_did_itself_is_no_news(tryton_erp: TrytonErp) -> None:
    order = await tryton_erp.place_order(order_draft("first"))
    await tryton_erp.change_order(order.number, "c", [order_line(price="13.00")])
    await tryton_erp.post_receipt("r", goods_receipt(order.number, {1: "8"}))
    await tryton_erp.post_return("b", goods_return(order.number, {1: "2"}))
    await tryton_erp.close_order(order.number, True, "complete")
    assert await Poller(tryton_erp).sweep() == ()


async def test_goods_that_the_store_moves_are_told_once_with_what_was_moved(
    tryton_erp: TrytonErp, hands: TrytonHands
) -> None:
    order, poller = await tryton_erp.place_order(order_draft("first")), Poller(tryton_erp)
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
    assert ((await held(tryton_erp)).status, (await held(tryton_erp)).received) == ("received", {1: Decimal(10)})

    await hands.send_back(order, "3")
    (back,) = await poller.sweep()
    assert said(back) == ("goods-returned", order.number, "buyer", {1: Decimal(3)})
    assert await poller.sweep() == ()

    everything = {change.change_id, second.change_id, back.change_id}
    for limit in (1, 2, 100):  # from an old place, in pages of any length
        assert {each.change_id for each in await Poller(tryton_erp, limit).sweep()} == everything
    assert (await held(tryton_erp)).received == {1: Decimal(7)}  # what went back is deducted once


async def test_an_order_that_somebody_amends_draws_less_and_is_cancelled_with_its_last_quantity(
    tryton_erp: TrytonErp, hands: TrytonHands
) -> None:
    line = order_line(contract="C-1")
    order, poller = await tryton_erp.place_order(order_draft("first", line)), Poller(tryton_erp)
    before = await drawn(tryton_erp)
    await hands.amend(order, "4")
    (smaller,) = await poller.sweep()
    assert said(smaller) == ("order-changed", order.number, "buyer", {1: Decimal(4)})
    assert smaller.total == line.unit_price.times(4)
    assert before - await drawn(tryton_erp) == line.unit_price.amount * 6

    await hands.amend(order, "0")
    (none,) = await poller.sweep()
    assert said(none) == ("order-changed", order.number, "buyer", {1: Decimal(0)})
    assert (await held(tryton_erp)).status == "cancelled"
    assert before - await drawn(tryton_erp) == line.unit_price.amount * 10
    assert (await tryton_erp.cancel_order(order.number, "as in the ERP")).status == "cancelled"


async def test_a_stopped_delivery_and_bills_are_told_with_their_order_where_they_have_one(
    tryton_erp: TrytonErp, hands: TrytonHands
) -> None:
    order, poller = await tryton_erp.place_order(order_draft("first")), Poller(tryton_erp)
    await hands.receive(order, "4")
    await hands.stop_delivery(order)
    _, stopped = await poller.sweep()
    assert said(stopped) == ("delivery-cancelled", order.number, "buyer", {1: Decimal(6)})
    await hands.post_bill("MEDIX", "B-1", "50.00", order)
    await hands.post_bill("MEDIX", "B-2", "20.00")
    of_order, beside = await poller.sweep()
    assert said(of_order) == ("bill-posted", order.number, "buyer", {})
    assert (of_order.supplier, of_order.reference, str(of_order.amount)) == ("MEDIX", "B-1", "50.00 USD")
    assert (beside.kind, beside.order_number, beside.case_id, beside.reference) == ("bill-posted", "", "", "B-2")
