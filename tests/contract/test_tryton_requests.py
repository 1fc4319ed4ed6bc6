"""How many calls to Tryton each step of a purchase takes: more of them would hold up every case."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx

from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.client import TrytonClient
from adapters.memory.erp_claims import MemoryErpClaims
from tests.fixtures.erp_contract import answering, query
from tests.fixtures.purchasing import GLOVES_BUDGET, goods_receipt, goods_return, order_draft, order_line, small_system
from tests.fixtures.tryton import TrytonTestServer

T = TypeVar("T")
MOST = {
    "master_data": 2,
    "budgets": 3,
    "place_order": 6,
    "send_order": 0,
    "find_order": 1,
    "change_order": 7,
    "post_receipt": 9,
    "post_return": 9,
    "close_order": 6,
    "changes": 6,
}


class Counting(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self._through = httpx.AsyncHTTPTransport()
        self.count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        return await self._through.handle_async_request(request)

    async def aclose(self) -> None:
        await self._through.aclose()

    async def of(self, call: Awaitable[T]) -> tuple[int, T]:
        before = self.count
        result = await call
        return self.count - before, result


async def test_each_step_takes_few_calls(tryton: TrytonTestServer) -> None:
    transport = Counting()
    settings = tryton.settings.model_copy(update={"remember": 60})
    async with httpx.AsyncClient(base_url=settings.url, transport=transport, timeout=60) as http:
        erp = TrytonErp(TrytonClient(http, settings, settings.bot), MemoryErpClaims(), small_system())
        await answering(erp)
        # Which learns places, units and currencies, and what it remembers for a while.
        await erp.master_data(query("GLOVES", cost_centres=("4100",)))
        await erp.place_order(order_draft("first"))
        taken: dict[str, int] = {}
        taken["master_data"], _ = await transport.of(erp.master_data(query("GLOVES", cost_centres=("4100",))))
        taken["budgets"], _ = await transport.of(erp.budgets([GLOVES_BUDGET]))
        taken["place_order"], order = await transport.of(erp.place_order(order_draft("second")))
        taken["send_order"], _ = await transport.of(erp.master_data(query(suppliers=("MEDIX",))))
        taken["find_order"], _ = await transport.of(erp.find_order("second"))
        change = erp.change_order(order.number, "c", [order_line(price="13.00")])
        taken["change_order"], _ = await transport.of(change)
        taken["post_receipt"], _ = await transport.of(erp.post_receipt("r", goods_receipt(order.number, {1: "10"})))
        taken["post_return"], _ = await transport.of(erp.post_return("b", goods_return(order.number, {1: "1"})))
        taken["changes"], _ = await transport.of(erp.changes(datetime.now(UTC) - timedelta(hours=1), "", 100))
        taken["close_order"], _ = await transport.of(erp.close_order(order.number, True, "complete"))
    assert {name: count for name, count in taken.items() if count > MOST[name]} == {}
