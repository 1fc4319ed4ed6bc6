"""Recorded cases about who approves: several, side by side, in place of another, too late, never the same person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.policy.model import ApprovalLevel, AuthorityLimit, FrozenPolicy, RoutingRule, SegregationRule
from domain.tasks import TaskChange
from tests.fixtures.small_hospital import FACILITY, policy
from tests.fixtures.world import Case, actor
from tests.replay.scripts import AROUND_THE_CLOCK, RecordedWorld, at_rest, decide, fulfil, only_order, script
from workflows.messages import procure_to_pay as messages

OWNER = ApprovalLevel(name="owner", role="cost-centre-owner", escalate_to="department-director", stage="first")
BOARD = ApprovalLevel(name="board", role="finance-controller", escalate_to="process-owner", needs=2, stage="first")
SUPERIORS = ApprovalLevel(
    name="superiors", role="department-director", escalate_to="process-owner", approvers="management-chain"
)
ALONE = ApprovalLevel(name="alone", role="finance-controller", escalate_to="finance-controller")
APART = SegregationRule(
    name="receiver-is-not-approver",
    reason="four eyes",
    owner="compliance-officer",
    first="receiver",
    second="approver",
)


def asking(*levels: ApprovalLevel, **over: Any) -> FrozenPolicy:
    """A policy that asks these levels of every request, with offices that never close."""
    rule = RoutingRule(name="every", reason="every purchase", owner="f", levels=tuple(each.name for each in levels))
    facility = FACILITY.model_copy(update={"calendar": AROUND_THE_CLOCK})
    return policy(levels=levels, routing=(rule,), facility=facility, **over)


@script
async def side_by_side(world: RecordedWorld) -> Case:
    """A stage of two levels, one of which needs two persons; then superiors, until one has the authority."""
    limits = (AuthorityLimit(job_level=3, amount=Decimal(10)), AuthorityLimit(job_level=5, amount=Decimal(100_000)))
    world.policy = asking(OWNER, BOARD, SUPERIORS, authority=limits)
    case = await world.submitted("SIDE-BY-SIDE")
    board = await case.task("board")
    await case.answer(board, "approve", "frida", keep=True)
    await at_rest(case.handle)
    await decide(case, "owner", "approve", by="carla")
    await case.answer(board, "approve", "fiona")
    await at_rest(case.handle)
    await decide(case, "superiors", "approve", by="mia")
    await decide(case, "superiors", "approve", by="max")
    await fulfil(case, only_order(case))
    return case


@script
async def handed_over(world: RecordedWorld) -> Case:
    """Watched, asked back, handed to somebody else, and approved by one who was added."""
    case = await world.submitted("HANDED-OVER")
    await case.ask_for("add-watcher", "carla", person="olaf")
    await at_rest(case.handle)
    await decide(case, "approval", "return", by="carla")
    await case.ask_for("provide-information", "nina")
    await at_rest(case.handle)
    task = await case.task("approval")
    change = TaskChange(change_id="change-0001", task_id=task.task_id, actor=actor("carla"), assignee=actor("dora"))
    await case.handle.signal(messages.TASK_CHANGED, change)
    await at_rest(case.handle)
    await case.ask_for("add-approver", "dora", person="stan")
    await at_rest(case.handle)
    await decide(case, "approval", "approve", by="dora")
    await decide(case, "approval", "approve", by="stan")
    await fulfil(case, only_order(case))
    return case


@script
async def breached(world: RecordedWorld) -> Case:
    """Nobody above is left to ask: the process owner hears of it, and the question waits."""
    world.policy = asking(ALONE)
    case = await world.submitted("BREACHED")
    await case.skip(timedelta(hours=24, minutes=30))
    await case.task("sla-breached")
    await at_rest(case.handle)
    await decide(case, "approval", "approve", by="frida")
    await fulfil(case, only_order(case))
    return case


@script
async def duties_combined(world: RecordedWorld) -> Case:
    """Whoever approved takes the goods in: they are booked, and compliance answers before the case closes."""
    world.policy = asking(OWNER, segregation=(APART,))
    case = await world.submitted("DUTIES-COMBINED")
    await decide(case, "approval", "approve", by="carla")
    order = only_order(case)
    await case.acknowledge(order)
    await at_rest(case.handle)
    await case.receive(order, received_by="carla")
    await at_rest(case.handle)
    await case.settle(order)
    await at_rest(case.handle)
    await decide(case, "duties-conflict", "accept", by="cleo")
    await case.result()
    return case
