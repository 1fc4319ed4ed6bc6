"""The ERP is away for ten minutes: cases wait, support is told once patience is over, and afterwards everything is done
once. With a memory ERP always, and with a real Tryton that takes calls and answers none where one is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, cast

import pytest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from adapters.memory.erp import MemoryErp
from domain.outside_errors import TemporarilyUnavailableError
from domain.purchase import PlacedOrder
from tests.fixtures.tryton_world import TrytonWorld
from tests.fixtures.world import Case, World

OUTAGE, STRIDE = timedelta(minutes=10), timedelta(seconds=30)
GIVEN_UP = "target-unavailable"


class Switched:
    """An ERP that cannot be reached while it is `away`; counts who tried."""

    def __init__(self, erp: MemoryErp) -> None:
        self._erp, self.away, self.tried = erp, False, 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._erp, name)
        return self._switched(method) if asyncio.iscoroutinefunction(method) else method

    def _switched(self, method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            if self.away:
                self.tried += 1
                raise TemporarilyUnavailableError("erp", "unreachable", "nobody answers")
            return await method(*arguments, **named)

        return call


class House:
    """A world whose ERP goes away and comes back."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def go(self) -> None:
        raise NotImplementedError

    async def come(self) -> None:
        raise NotImplementedError

    async def orders_and_receipts(self) -> tuple[int, Decimal]:
        """How many orders the ERP itself holds, and how much it received on them."""
        raise NotImplementedError


class MemoryHouse(House):
    def __init__(self, temporal: WorkflowEnvironment) -> None:
        super().__init__(World(temporal))
        self.memory = self.world.erp
        self.switched = Switched(self.memory)
        self.world.erp = cast(MemoryErp, self.switched)

    async def go(self) -> None:
        self.switched.away = True

    async def come(self) -> None:
        self.switched.away = False

    async def orders_and_receipts(self) -> tuple[int, Decimal]:
        received = [sum(order.received.values(), Decimal(0)) for order in self.memory.orders]
        return len(self.memory.orders), sum(received, Decimal(0))


class TrytonHouse(House):
    def __init__(self, world: TrytonWorld) -> None:
        super().__init__(world)
        self.tryton = world.tryton

    async def go(self) -> None:
        self.tryton.stand_still()

    async def come(self) -> None:
        self.tryton.go_on()

    async def orders_and_receipts(self) -> tuple[int, Decimal]:
        ((orders,),) = await self.tryton.rows("SELECT count(*) FROM purchase_purchase WHERE state <> 'draft'")
        ((received,),) = await self.tryton.rows(
            """SELECT coalesce(sum(m.quantity), 0) FROM stock_move m JOIN stock_location l ON l.id = m.from_location
            WHERE m.state = 'done' AND l.type = 'supplier'"""
        )
        return int(orders), Decimal(received)


@pytest.fixture
async def memory_house(temporal: WorkflowEnvironment) -> AsyncIterator[House]:
    house = MemoryHouse(temporal)
    async with house.world.working():
        yield house


@pytest.fixture
async def tryton_house(tryton_world: TrytonWorld) -> AsyncIterator[House]:
    house = TrytonHouse(tryton_world)
    yield house
    await house.come()


@pytest.fixture(params=["memory", "tryton"])
def house(request: pytest.FixtureRequest) -> House:
    found: House = request.getfixturevalue(f"{request.param}_house")
    return found


def _knows(case: Case, kind: str) -> bool:
    return kind in case.kinds()


async def _let_pass(case: Case) -> None:
    """One stride of its time; what has ended meanwhile has no time left to pass."""
    try:
        await case.skip(STRIDE)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise


class Cases:
    """One purchase for each thing that an ERP is asked: to check, to order, to receive and to close."""

    def __init__(self, house: House) -> None:
        self.house, self.world = house, house.world
        self.placed: dict[str, PlacedOrder] = {}

    async def begin(self) -> None:
        """Bring all but the first to where they ask the ERP next."""
        self.approved, self.sent, self.received = [await self.world.start(self.world.requisition()) for _ in range(3)]
        await self.approved.task("approval")
        for case in (self.sent, self.received):
            await case.decide("approval", "approve", by="carla")
            (self.placed[case.name],) = await case.ordered()
            await case.acknowledge(self.placed[case.name])
            await case.until(partial(_knows, case, "order.acknowledged"))
        await self.received.receive(self.placed[self.received.name])
        await self.received.until(partial(_knows, self.received, "goods.booked"))

    async def go_on(self) -> None:
        """What people and suppliers do while the ERP is away."""
        self.new = await self.world.start(self.world.requisition())
        await self.approved.decide("approval", "approve", by="carla")
        await self.sent.receive(self.placed[self.sent.name])
        await self.received.settle(self.placed[self.received.name])

    @property
    def all(self) -> tuple[Case, ...]:
        return (self.new, self.approved, self.sent, self.received)

    async def wait(self, duration: timedelta) -> None:
        """Let the time pass for all of them, so that each tries again and again."""
        for _ in range(duration // STRIDE):
            for case in self.all:
                await _let_pass(case)

    async def finish(self) -> None:
        """What is left to do once the ERP is back."""
        await self.new.decide("approval", "approve", by="carla")
        for case in (self.new, self.approved):
            (order,) = await case.ordered()
            await case.fulfil(order)
        await self.sent.settle(self.placed[self.sent.name])
        for case in self.all:
            assert (await case.result()).status == "completed"


async def test_after_ten_minutes_support_is_told_and_everything_is_done_once(house: House) -> None:
    cases = Cases(house)
    await cases.begin()
    before = await house.orders_and_receipts()
    await house.go()
    await cases.go_on()
    await cases.wait(OUTAGE)
    for case in cases.all:
        task = await case.task(GIVEN_UP)
        assert (task.role, "retry" in task.actions) == ("integration-support", True)
    if isinstance(house, MemoryHouse):
        assert await house.orders_and_receipts() == before
    await house.come()
    for case in cases.all:
        await case.decide(GIVEN_UP, "retry", by="ines")
    await cases.finish()
    assert await house.orders_and_receipts() == (4, Decimal(40))


async def test_a_pause_within_patience_asks_nobody(memory_house: House) -> None:
    cases = Cases(memory_house)
    await cases.begin()
    await memory_house.go()
    await cases.go_on()
    await cases.wait(timedelta(minutes=1))
    await memory_house.come()
    await cases.wait(timedelta(minutes=1))
    await cases.finish()
    assert await memory_house.orders_and_receipts() == (4, Decimal(40))
    assert [task.exception_code for case in cases.all for task in case.tasks() if task.exception_code] == []
