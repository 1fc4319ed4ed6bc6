"""What happens when answers get lost, or come together with other news."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

from domain.outside_errors import TemporarilyUnavailableError
from domain.purchase import AcknowledgedLine
from tests.fixtures.small_hospital import usd
from tests.fixtures.world import World
from workflows.case import STEP_RETRIES

DOWN = TemporarilyUnavailableError("erp", "no-answer", "the ERP does not answer")


async def test_an_order_that_is_corrected_after_its_answer_was_lost_is_in_the_books_once(world: World) -> None:
    world.faults.fail("place_order", DOWN, times=STEP_RETRIES.maximum_attempts, when="after")
    case = await world.start(world.requisition())
    await case.decide("approval", "approve", by="carla")
    await case.skip(timedelta(minutes=5))
    task = await case.task("target-unavailable")
    await case.answer(task, "correct", "ines", corrections=({"line": 1, "quantity": "9"},))
    await case.ordered()
    assert [(order.status, order.lines[0].quantity.value) for order in case.orders()] == [
        ("cancelled", Decimal(10)),
        ("open", Decimal(9)),
    ]
    await case.fulfil(case.orders()[1])
    assert (await case.result()).status == "completed"


async def test_an_answer_that_comes_together_with_the_goods_still_counts(world: World) -> None:
    """The order's sending is repeated while the supplier has answered and delivered already."""
    world.faults.fail("send_order", DOWN, when="after")
    case = await world.start(world.requisition())
    await case.decide("approval", "approve", by="carla")
    (order,) = await case.ordered()
    await asyncio.gather(
        case.acknowledge(order, lines=(AcknowledgedLine(line=1, status="changed", unit_price=usd("9.10")),)),
        case.receive(order),
    )
    await case.settle(order)
    assert (await case.result()).orders[0].total == usd("91.00")
