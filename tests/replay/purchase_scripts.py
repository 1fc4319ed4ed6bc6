"""Recorded purchases that go otherwise than ordered: a supplier changes lines, a buyer corrects, somebody is late."""

from __future__ import annotations

import asyncio

from domain.case import Journal
from domain.outside_errors import RefusedError
from domain.policy.model import RoutingRule
from domain.purchase import AcknowledgedLine
from tests.fixtures.small_hospital import FACILITY, line, policy, usd
from tests.fixtures.world import PATIENCE_SECONDS, Case
from tests.replay.recorded import IDENTITY
from tests.replay.scripts import (
    AROUND_THE_CLOCK,
    OrderlyEvidence,
    RecordedWorld,
    at_rest,
    decide,
    fulfil,
    only_order,
    script,
)
from worker import build_worker
from workflows.messages.procure_to_pay import WORKFLOW_NAME

SLOW_QUEUE = "recordings-that-linger"
NEAR = FACILITY.model_copy(update={"calendar": AROUND_THE_CLOCK})


@script
async def changed_by_supplier(world: RecordedWorld) -> Case:
    """A price changes beyond what is tolerated, and the approver is asked again."""
    case = await world.approved("CHANGED")
    order = only_order(case)
    dearer = AcknowledgedLine(line=1, status="changed", unit_price=usd("10.00"))
    await case.acknowledge(order, lines=(dearer,))
    await at_rest(case.handle)
    await decide(case, "acknowledgement-differs", "accept", by="bo")
    await decide(case, "approval", "approve", by="carla")
    await case.receive(only_order(case))
    await at_rest(case.handle)
    await case.settle(only_order(case))
    await case.result()
    return case


@script
async def increases_add_up(world: RecordedWorld) -> Case:
    """Two orders become dearer, each by less than the rule for amendments looks at, and together by more."""
    case = await world.submitted("INCREASES", line(1, "GLOVES", "200"), line(2, "MASKS", "100"))
    await decide(case, "approval", "approve", by="carla")
    await decide(case, "approval", "approve", by="dirk")
    first, second = sorted(case.orders(), key=lambda order: order.supplier)
    for order, number, price in ((first, 1, "9.70"), (second, 2, "19.50")):
        dearer = AcknowledgedLine(line=number, status="changed", unit_price=usd(price))
        await case.acknowledge(order, lines=(dearer,))
        await at_rest(case.handle)
        await decide(case, "acknowledgement-differs", "accept", by="bo")
    await decide(case, "approval", "approve", by="carla")
    await decide(case, "approval", "approve", by="dirk")
    await case.ask_for("cancel", "bo")
    await case.result()
    return case


@script
async def order_corrected(world: RecordedWorld) -> Case:
    """The ERP refuses the order; the buyer sends it to a supplier whom nobody looked at, and the director is asked."""
    rules = (
        RoutingRule(name="every", reason="every purchase", owner="finance", levels=("owner",)),
        RoutingRule(name="risky", reason="unknown to us", owner="finance", risks=("new",), levels=("director",)),
    )
    world.policy = policy(routing=rules, facility=NEAR)
    world.faults.fail("place_order", RefusedError("erp", "order-refused", "not like this"))
    case = await world.submitted("CORRECTED")
    await decide(case, "owner", "approve", by="carla")
    await decide(case, "order-refused", "correct", by="bo", corrections=({"line": 1, "supplier": "S-2"},))
    await decide(case, "director", "approve", by="dirk")
    await fulfil(case, only_order(case))
    return case


class LingeringEvidence(OrderlyEvidence):
    """Takes its time to note that a case is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closing, self.let_go = asyncio.Event(), asyncio.Event()

    async def record(self, journal: Journal) -> None:
        if journal.snapshot.stage == "closed" and not self.closing.is_set():
            self.closing.set()
            await asyncio.wait_for(self.let_go.wait(), PATIENCE_SECONDS)
        await super().record(journal)


@script
async def told_too_late(world: RecordedWorld) -> Case:
    """A supplier confirms while the case is being closed: that is kept as well."""
    slow = world.evidence = LingeringEvidence()
    async with build_worker(world.client, world.ports(), SLOW_QUEUE, identity=IDENTITY):
        given = world.input_of(world.requisition(number="REC-LATE"))
        with world.temporal.with_time_skipping_disabled():
            handle = await world.client.start_workflow(WORKFLOW_NAME, given, id=given.case_id, task_queue=SLOW_QUEUE)
        case = Case(world, handle)
        await at_rest(handle)
        await decide(case, "approval", "approve", by="carla")
        order, task = only_order(case), case.tasks()[0]
        await case.ask_for("cancel", "bo")
        await asyncio.wait_for(slow.closing.wait(), PATIENCE_SECONDS)
        await case.acknowledge(order)
        await case.answer(task, "approve", "carla", keep=True)  # its query is answered when both have come in
        slow.let_go.set()
        await case.result()
    return case
