"""Recorded work of people in the ERP itself: an order that they change, deliver and bill there, and what is found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from activities.ports import ErpFollowing
from adapters.memory.erp_changes import MemoryErpChanges, MemorySweepPlaces
from domain.erp_changes import SweepPlace
from tests.fixtures.followed_world import ThePolicy
from tests.fixtures.small_hospital import usd
from tests.fixtures.world import PATIENCE_SECONDS, Case
from tests.replay.recorded import IDENTITY
from tests.replay.scripts import RecordedWorld, at_rest, decide, only_order, script
from worker import build_worker
from workflows.messages.erp_changes import COLLECT_ERP_CHANGES, ERP_CHANGED

EVER = datetime(2000, 1, 1, tzinfo=UTC)
QUEUE = "recorded-erp-changes"


@script
async def worked_on_in_erp(world: RecordedWorld) -> Case:
    """Fewer are ordered, they come in, and the bill is posted: all of it in the ERP."""
    case = await world.approved("WORKED-ON")
    order = only_order(case)
    by_hand = MemoryErpChanges(world.erp, "recorded")
    await case.acknowledge(order)
    await at_rest(case.handle)
    await by_hand.change(order.number, {1: "8"})
    await _tell(case, by_hand)
    await decide(case, "order-changed-outside", "accept", by="bo")
    await by_hand.receive(order.number, {1: "8"})
    await _tell(case, by_hand)
    by_hand.post_bill(order.supplier, "B-1", usd("72.00"), order=order)
    await _tell(case, by_hand)
    await case.decide("bill-posted-outside", "accept")
    await case.result()
    return case


async def _tell(case: Case, by_hand: MemoryErpChanges) -> None:
    """The latest change."""
    *_, change = (await by_hand.changes(EVER, "", 100)).changes
    await case.handle.signal(ERP_CHANGED, change)
    await at_rest(case.handle)


@script
async def erp_changes_collected(world: RecordedWorld) -> Case:
    """A bill that no case knows."""
    by_hand, places = MemoryErpChanges(world.erp, "recorded"), MemorySweepPlaces()
    by_hand.post_bill("S-1", "B-1", usd("5.00"))
    await places.keep(by_hand.name, SweepPlace(until=EVER))
    ports = replace(world.ports(), following=ErpFollowing(by_hand, places, ThePolicy(world.policy)))
    async with build_worker(world.client, ports, QUEUE, identity=IDENTITY):
        with world.temporal.with_time_skipping_disabled():
            handle = await world.client.start_workflow(COLLECT_ERP_CHANGES, id=QUEUE, task_queue=QUEUE)
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
    return Case(world, handle)
