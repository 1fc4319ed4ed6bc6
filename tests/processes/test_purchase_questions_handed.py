"""To whom a question may be handed, and who is kept from it when a request is amended, on the real server."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.policy.model import ApprovalLevel, AuthorityLimit, FrozenPolicy, RoutingRule
from tests.fixtures.small_hospital import policy
from tests.fixtures.world import World

OWNER = ApprovalLevel(name="owner", role="cost-centre-owner", escalate_to="department-director")
FINANCE = ApprovalLevel(name="finance", role="finance-controller", escalate_to="process-owner")


def levels(*each: ApprovalLevel, **over: Any) -> FrozenPolicy:
    """A policy that asks these levels of every request."""
    names = tuple(level.name for level in each)
    rule = RoutingRule(name="every", reason="every purchase", owner="finance", levels=names)
    return policy(levels=each, routing=(rule,), **over)


async def test_a_superiors_question_goes_to_those_above_them_alone(world: World) -> None:
    chain = OWNER.model_copy(update={"name": "line", "approvers": "management-chain"})
    limits = tuple(AuthorityLimit(job_level=level, amount=Decimal(limit)) for level, limit in ((3, 10), (5, 100_000)))
    world.policy = levels(chain, authority=limits)
    case = await world.start(world.requisition())
    first = await case.task("approval")
    assert await case.hand_over(first.task_id, "mia", "carla", "change-0001") == "assignee-lacks-authority"
    await case.decide("approval", "approve", by="mia")
    second = await case.task("approval")
    for number, junior in enumerate(("mia", "carla"), start=2):
        assert await case.hand_over(second.task_id, "max", junior, f"change-000{number}") == "assignee-lacks-authority"
    assert await case.hand_over(second.task_id, "max", "moira", "change-0009") == "applied"
    assert (await case.answer(await case.task("approval"), "approve", "moira")).status == "applied"
    await case.ordered()


async def test_who_was_added_by_name_is_replaced_by_anybody_but_a_requester(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    assert await case.ask_for("add-approver", "carla", person="stan") == "applied"
    await case.decide("approval", "approve", by="carla")
    task = await case.task("approval")
    assert await case.hand_over(task.task_id, "paul", "nina", "change-0001") == "requester-may-not-decide"
    assert await case.hand_over(task.task_id, "paul", "rosa", "change-0002") == "applied"
    assert (await case.answer(await case.task("approval"), "approve", "stan")).because == "not-authorised"
    assert (await case.answer(await case.task("approval"), "approve", "rosa")).status == "applied"
    await case.ordered()


async def test_a_task_is_handed_to_somebody_with_the_same_authority_only(world: World) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    assert await case.hand_over(task.task_id, "carla", "stan", "change-0001") == "assignee-lacks-authority"
    assert await case.hand_over(task.task_id, "bo", "dora", "change-0002") == "not-authorised"
    assert await case.hand_over(task.task_id, "carla", "nina", "change-0003") == "requester-may-not-decide"
    assert await case.hand_over(task.task_id, "carla", "dora", "change-0004") == "applied"
    await case.until(lambda: case.tasks()[0].people == ("dora",))
    assert (await case.answer(task, "approve", "carla")).because == "not-authorised"
    assert (await case.answer(task, "approve", "dora")).status == "applied"
    await case.ordered()


async def test_for_whom_a_request_is_amended_neither_decides_nor_has_decided(world: World) -> None:
    world.policy = levels(OWNER, FINANCE)
    request = world.requisition()
    case = await world.start(request)
    await case.decide("owner", "approve", by="carla")
    await case.task("finance")
    for_carla = request.model_copy(update={"on_behalf_of": "carla"})
    assert await case.ask_for("amend", "nina", requisition=for_carla) == "applied"
    again = await case.task("owner")
    assert again.excluded == ("nina", "carla")
    assert (await case.answer(again, "approve", "carla")).because == "requester-may-not-decide"
    assert (await case.answer(again, "approve", "dora")).status == "applied"
    await case.task("finance")
    assert await case.ask_for("amend", "nina", requisition=request) == "applied"
    await case.until(lambda: any(task.subject_version == 3 for task in case.tasks()))
    last = await case.task("finance")
    assert (last.subject_version, last.excluded) == (3, ("nina", "carla"))
    assert (await case.answer(last, "approve", "frida")).status == "applied"
    await case.ordered()
