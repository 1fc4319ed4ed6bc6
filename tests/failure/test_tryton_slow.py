"""A Tryton that lets each call wait holds up what asks it, and nothing else: no thread, and no other process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

import httpx
from pydantic import SecretStr
from temporalio.testing import WorkflowEnvironment

from adapters.erp.tryton import encoding
from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from adapters.memory.erp import MemoryErp
from adapters.memory.erp_claims import MemoryErpClaims
from cli.queue_workers import Bulkheads
from domain.bulkheads import Limit
from tests.fixtures.hire_world import HireWorld
from tests.fixtures.small_hospital import reference_system
from tests.fixtures.tryton import TrytonTestServer
from tests.fixtures.world import PATIENCE_SECONDS, Case, World
from worker import build_workers

AT_ONCE, PURCHASES = 4, 6
BULKHEADS = Bulkheads(limits={"erp": Limit(at_once=AT_ONCE)})
NOBODY = TrytonSettings(
    url="http://127.0.0.1:8000", database="tryton", bot=TrytonLogin(user="corridor", password=SecretStr("made up"))
)


class Slow(httpx.AsyncBaseTransport):
    """Holds every call but the login until `release`; then asks `through`, or answers that a lock was not free."""

    def __init__(self, through: httpx.AsyncBaseTransport | None = None) -> None:
        self._through, self.release = through, asyncio.Event()
        self.waiting, self._changed = 0, asyncio.Condition()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method = encoding.decode(request.content)["method"].rpartition(".")[2]
        if method not in {"login", "get_preferences"}:
            await self._hold()
        if self._through is not None:
            return await self._through.handle_async_request(request)
        if method in {"login", "get_preferences"}:
            result = [7, "token"] if method == "login" else {}
            return httpx.Response(200, content=encoding.encode({"id": 1, "result": result}))
        return httpx.Response(503)

    async def _hold(self) -> None:
        await self._count(1)
        await self.release.wait()
        await self._count(-1)

    async def _count(self, more: int) -> None:
        async with self._changed:
            self.waiting += more
            self._changed.notify_all()

    async def until_waiting(self, calls: int) -> None:
        async with self._changed, asyncio.timeout(PATIENCE_SECONDS):
            await self._changed.wait_for(lambda: self.waiting == calls)


@asynccontextmanager
async def working_on(world: World, settings: TrytonSettings, slow: Slow) -> AsyncIterator[None]:
    system = reference_system(datetime.now(UTC).date())
    async with httpx.AsyncClient(base_url=settings.url, transport=slow, timeout=60) as http:
        erp = TrytonErp(TrytonClient(http, settings, settings.bot), MemoryErpClaims(), system, extension=True)
        world.erp = cast(MemoryErp, erp)
        async with build_workers(world.client, world.ports(), BULKHEADS, world.task_queue):
            try:
                yield
            finally:
                slow.release.set()


async def purchases_waiting(world: World, slow: Slow) -> list[Case]:
    """More purchases than are checked at once, all of them held by Tryton."""
    cases = [await world.start(world.requisition()) for _ in range(PURCHASES)]
    await slow.until_waiting(AT_ONCE)
    return cases


async def test_other_processes_go_on_while_every_call_waits(temporal: WorkflowEnvironment) -> None:
    world, slow = HireWorld(temporal), Slow()
    async with working_on(world, NOBODY, slow):
        threads = threading.active_count()
        cases = await purchases_waiting(world, slow)
        assert threading.active_count() <= threads + 1, "a call that waits holds no thread; one may begin for the SDK"
        hire = await world.start_hire(world.hire())
        await hire.decide("owner", "approve")
        await hire.reached(worker="done")
        assert slow.waiting == AT_ONCE, "the others wait in their queue, where no time runs"
        assert [case.kinds() for case in cases] == [[]] * PURCHASES
        for case in (*cases, hire):
            await case.handle.terminate()


async def test_a_real_one_that_was_slow_checks_them_all(
    temporal: WorkflowEnvironment, tryton_hospital: TrytonTestServer
) -> None:
    world, slow = HireWorld(temporal), Slow(httpx.AsyncHTTPTransport())
    async with working_on(world, tryton_hospital.settings, slow):
        cases = await purchases_waiting(world, slow)
        hire = await world.start_hire(world.hire())
        await hire.decide("owner", "approve")
        await hire.reached(worker="done")
        assert slow.waiting == AT_ONCE
        slow.release.set()
        for case in cases:
            assert (await case.task("approval")).level == "owner"
        for case in (*cases, hire):
            await case.handle.terminate()
