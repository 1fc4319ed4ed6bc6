"""Tryton is killed while it works on a call, and started again: no second order, no lost receipt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import TypeVar

import httpx
import pytest

from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.client import TrytonClient
from adapters.memory.erp_claims import MemoryErpClaims
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError
from tests.fixtures.erp_contract import answering
from tests.fixtures.purchasing import goods_receipt, order_draft, small_system
from tests.fixtures.tryton import TrytonTestServer

T = TypeVar("T")


class KillingTransport(httpx.AsyncBaseTransport):
    """Kills the server once it has the next call of `method`."""

    def __init__(self, tryton: TrytonTestServer) -> None:
        self._through, self._tryton = httpx.AsyncHTTPTransport(), tryton
        self.method = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.method or json.loads(request.content)["method"] != self.method:
            return await self._through.handle_async_request(request)
        self.method = ""
        sending = asyncio.ensure_future(self._through.handle_async_request(request))
        await asyncio.wait({sending}, timeout=0.03)  # long enough to be heard, too short to be done
        await self._tryton.kill()
        return await sending

    async def aclose(self) -> None:
        await self._through.aclose()


class Killer:
    def __init__(self, erp: TrytonErp, transport: KillingTransport, tryton: TrytonTestServer) -> None:
        self.erp, self._transport, self._tryton = erp, transport, tryton
        self.kills = 0

    async def at_each_of(self, methods: tuple[str, ...], do: Callable[[], Awaitable[T]]) -> T:
        """Do it until it is done, with a kill at the first call of each of `methods`."""
        for method in methods:
            self._transport.method = method
            try:
                return await do()
            except (TemporarilyUnavailableError, ContractDriftError):
                assert not self._tryton.running
                self.kills += 1
                await self._tryton.start()
            finally:
                self._transport.method = ""
        return await do()


@pytest.fixture
async def killer(tryton: TrytonTestServer) -> AsyncIterator[Killer]:
    transport = KillingTransport(tryton)
    settings = tryton.settings
    async with httpx.AsyncClient(base_url=settings.url, transport=transport, timeout=60) as http:
        erp = TrytonErp(TrytonClient(http, settings, settings.bot), MemoryErpClaims(), small_system())
        await answering(erp)
        yield Killer(erp, transport, tryton)


async def test_an_order_and_its_receipt_survive_a_kill_in_each_of_their_calls(
    killer: Killer, tryton: TrytonTestServer
) -> None:
    purchase, shipment = "model.purchase.purchase", "model.stock.shipment.in"
    placed = await killer.at_each_of(
        (f"{purchase}.ensure", f"{purchase}.quote", f"{purchase}.confirm"),
        lambda: killer.erp.place_order(order_draft("order-1")),
    )
    receipt = goods_receipt(placed.number, {1: "4"})
    received = await killer.at_each_of(
        (f"{shipment}.ensure", f"{shipment}.receive", f"{shipment}.do"),
        lambda: killer.erp.post_receipt("receipt-1", receipt),
    )
    assert killer.kills >= 4, "a call may be done before it is killed, and most are not"
    assert (received.status, received.received) == ("open", {1: Decimal(4)})
    orders = await tryton.rows("SELECT number, state FROM purchase_purchase")
    assert [(row["number"], row["state"]) for row in orders] == [(placed.number, "processing")]
    lines = await tryton.rows("SELECT quantity, unit_price FROM purchase_line")
    assert [(row["quantity"], row["unit_price"]) for row in lines] == [(10, Decimal("12.5"))]
    shipments = await tryton.rows("SELECT reference, state FROM stock_shipment_in")
    assert [(row["reference"], row["state"]) for row in shipments] == [("receipt-1", "done")]
