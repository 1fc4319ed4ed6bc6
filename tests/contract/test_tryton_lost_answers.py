"""Whatever call to Tryton loses its answer, or never arrives: the next try goes on, and everything is there once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.erp_contract import drawn, in_stock
from tests.fixtures.purchasing import (
    goods_receipt,
    goods_return,
    order_draft,
    order_line,
    small_system,
    stock_issue,
)
from tests.fixtures.tryton import TrytonTestServer
from tests.fixtures.tryton_cuts import Cut, Cutting, behind


@pytest.fixture(params=["before", "after"])
async def cut(request: pytest.FixtureRequest, tryton: TrytonTestServer) -> AsyncIterator[Cut]:
    transport = Cutting(request.param)
    async with behind(tryton, transport, small_system()) as erp:
        yield Cut(erp, transport)


# An effect whose answer is lost is the harder half; orders show both.
AFTER = pytest.mark.parametrize("cut", ["after"], indirect=True)


async def count(tryton: TrytonTestServer, statement: str, *values: Any) -> Any:
    ((found,),) = await tryton.rows(statement, *values)
    return found


async def test_of_an_order_there_is_one_purchase(cut: Cut, tryton: TrytonTestServer) -> None:
    placed = await cut.at_each_call(
        lambda number: cut.erp.place_order(order_draft(f"o{number}", order_line(price="0.10", contract="C-1")))
    )
    assert len({order.number for order in placed}) == len(placed) > 7  # that many calls were cut, each once
    assert await count(tryton, "SELECT count(*) FROM purchase_purchase") == len(placed)
    assert await count(tryton, "SELECT count(*) FROM purchase_purchase WHERE state <> 'processing'") == 0
    assert await drawn(cut.erp) == 100 + len(placed)


@AFTER
async def test_of_a_receipt_and_a_return_there_is_one_shipment(cut: Cut, tryton: TrytonTestServer) -> None:
    order = await cut.erp.place_order(order_draft("o", order_line(quantity="1000")))
    came = await cut.at_each_call(
        lambda number: cut.erp.post_receipt(f"r{number}", goods_receipt(order.number, {1: "2"}))
    )
    assert came[-1].received == {1: Decimal(2 * len(came))}
    back = await cut.at_each_call(
        lambda number: cut.erp.post_return(f"b{number}", goods_return(order.number, {1: "1"}))
    )
    assert back[-1].received == {1: Decimal(2 * len(came) - len(back))}
    assert await count(tryton, "SELECT count(*) FROM stock_shipment_in WHERE state = 'done'") == len(came)
    assert await count(tryton, "SELECT count(*) FROM stock_shipment_in_return WHERE state = 'done'") == len(back)


@AFTER
async def test_of_a_change_there_is_one_amendment(cut: Cut, tryton: TrytonTestServer) -> None:
    order = await cut.erp.place_order(order_draft())
    changed = await cut.at_each_call(
        lambda number: cut.erp.change_order(order.number, f"c{number}", [order_line(quantity=str(11 + number))])
    )
    assert changed[-1].lines[0].quantity.value == 10 + len(changed)
    assert await count(tryton, "SELECT count(*) FROM purchase_amendment") == len(changed)


@AFTER
async def test_an_order_is_closed_whole(cut: Cut, tryton: TrytonTestServer) -> None:
    async def place_and_close(number: int) -> str:
        order = await cut.erp.place_order(order_draft(f"o{number}", order_line(price="0.10", contract="C-1")))
        return (await cut.erp.close_order(order.number, True, "no more")).status

    closed = await cut.at_each_call(place_and_close)
    assert set(closed) == {"closed-short"}
    assert await count(tryton, "SELECT sum(quantity) FROM purchase_line") == 0
    assert await drawn(cut.erp) == 100


@AFTER
async def test_the_store_room_hands_out_and_takes_back_once(cut: Cut, tryton: TrytonTestServer) -> None:
    async def there_and_back(number: int) -> str:
        issued = await cut.erp.issue_stock(stock_issue(f"i{number}", "3", "1"))
        await cut.erp.return_stock(f"i{number}", "compensation")
        return issued

    issued = await cut.at_each_call(there_and_back)
    assert len(set(issued)) == len(issued)
    assert await in_stock(cut.erp) == Decimal(10)
    assert await count(tryton, "SELECT count(*) FROM stock_shipment_internal WHERE state = 'done'") == 2 * len(issued)
