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
from tests.fixtures.payables_contract import bill, cost_line, item, order_posting_line, paying
from tests.fixtures.purchasing import (
    GLOVES_BUDGET,
    TODAY,
    goods_receipt,
    goods_return,
    order_draft,
    order_line,
    small_system,
)
from tests.fixtures.tryton import TrytonTestServer

T = TypeVar("T")
MOST = {
    "master_data": 2,
    "budgets": 3,
    "place_order": 6,
    "send_order": 0,
    "find_order": 1,
    "change_order": 7,
    "post_receipt": 11,
    "post_return": 11,
    "close_order": 6,
    "changes": 6,
    "order_positions": 2,
    "post_invoice": 6,
    "find_posted": 1,
    "post_payment": 14,
    "reverse_payment": 5,
    "reverse_invoice": 9,
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


async def paid(transport: Counting, erp: TrytonErp, number: str) -> dict[str, int]:
    """The calls of a bill over the order, from its posting to its reversal."""
    await erp.post_invoice(bill("first", cost_line("9.00")))
    await erp.post_payment(paying("p", item("first", "9.00")))  # which learns accounts and journals
    taken: dict[str, int] = {}
    taken["order_positions"], _ = await transport.of(erp.order_positions([number]))
    line = order_posting_line(number, "4", "52.00")
    taken["post_invoice"], _ = await transport.of(erp.post_invoice(bill("second", line)))
    taken["find_posted"], _ = await transport.of(erp.find_posted("second"))
    taken["post_payment"], _ = await transport.of(erp.post_payment(paying("q", item("second", "52.00"))))
    taken["reverse_payment"], _ = await transport.of(erp.reverse_payment("q", "R02", TODAY))
    taken["reverse_invoice"], _ = await transport.of(erp.reverse_invoice("second", "keyed wrong", TODAY))
    return taken


async def test_each_step_takes_few_calls(tryton: TrytonTestServer) -> None:
    transport = Counting()
    settings = tryton.settings.model_copy(update={"remember": 60})
    async with httpx.AsyncClient(base_url=settings.url, transport=transport, timeout=60) as http:
        bot, approver = (TrytonClient(http, settings, login or settings.bot) for login in (None, settings.approver))
        erp = TrytonErp(bot, MemoryErpClaims(), small_system(), None, approver)
        await answering(erp)
        # Which learns places, units, currencies, journals and accounts, and what it remembers for a while.
        await erp.master_data(query("GLOVES", cost_centres=("4100",)))
        first = await erp.place_order(order_draft("first"))
        await erp.post_receipt("first", goods_receipt(first.number, {1: "1"}))
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
        taken |= await paid(transport, erp, order.number)
        taken["close_order"], _ = await transport.of(erp.close_order(order.number, True, "complete"))
    assert {name: count for name, count in taken.items() if count > MOST[name]} == {}
