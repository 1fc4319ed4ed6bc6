"""Approvals in full, on the real server: side by side, several of many, up the hierarchy, by substitutes, in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.delegation import DelegatedAuthority, Delegation, DelegationScope
from domain.duties import DutyDone, SegregationOverride
from domain.policy.model import (
    ApprovalLevel,
    AuthorityLimit,
    FrozenPolicy,
    RoutingRule,
    SegregationRule,
    ServiceLevelRule,
)
from tests.fixtures.small_hospital import line, policy
from tests.fixtures.world import Case, World, actor

OWNER = ApprovalLevel(name="owner", role="cost-centre-owner", escalate_to="department-director")
DIRECTOR = ApprovalLevel(name="director", role="department-director", escalate_to="finance-controller")
FINANCE = ApprovalLevel(name="finance", role="finance-controller", escalate_to="process-owner")


def levels(*each: ApprovalLevel, **over: Any) -> FrozenPolicy:
    """A policy that asks these levels of every request."""
    names = tuple(level.name for level in each)
    rule = RoutingRule(name="every", reason="every purchase", owner="finance", levels=names)
    return policy(levels=each, routing=(rule,), **over)


def several(needs: Any) -> ApprovalLevel:
    return FINANCE.model_copy(update={"needs": needs})


async def open_levels(case: Case, count: int) -> set[str]:
    await case.until(lambda: len([task for task in case.tasks() if task.status == "open"]) >= count)
    return {task.level for task in case.tasks() if task.status == "open"}


async def test_levels_of_one_stage_are_asked_side_by_side_and_answered_in_any_order(world: World) -> None:
    world.policy = levels(*(each.model_copy(update={"stage": "money"}) for each in (OWNER, FINANCE)), DIRECTOR)
    case = await world.start(world.requisition())
    assert await open_levels(case, 2) == {"owner", "finance"}
    await case.decide("finance", "approve", by="frida")
    assert not case.orders()
    await case.decide("owner", "approve", by="carla")
    assert (await case.task("director")).role == "department-director"
    await case.decide("director", "approve", by="dirk")
    await case.ordered()


async def test_one_rejection_ends_all_questions_of_a_stage(world: World) -> None:
    world.policy = levels(*(each.model_copy(update={"stage": "money"}) for each in (OWNER, FINANCE)))
    case = await world.start(world.requisition())
    await open_levels(case, 2)
    await case.decide("owner", "reject", by="carla")
    assert (await case.result()).status == "rejected"
    assert all(task.status != "open" for task in case.tasks())


async def test_two_of_three_are_two_different_people(world: World) -> None:
    world.policy = levels(several(2))
    case = await world.start(world.requisition())
    task = await case.task("approval")
    assert task.needs == 2
    assert (await case.answer(task, "approve", "frida", keep=True)).status == "applied"
    assert (await case.answer(task, "approve", "frida", keep=True)).because == "already-approved"
    await case.until(lambda: case.tasks()[0].approved_by == ("frida",))
    assert not case.orders()
    assert (await case.answer(task, "approve", "fiona")).status == "applied"
    await case.ordered()


async def test_all_means_everybody_who_holds_the_role(world: World) -> None:
    world.policy = levels(several("all"))
    case = await world.start(world.requisition())
    task = await case.task("approval")
    assert (task.needs, set(task.people)) == (3, {"fiona", "frida", "fritz"})
    for person in ("frida", "fiona"):
        await case.answer(task, "approve", person, keep=True)
    assert not case.orders()
    await case.answer(task, "approve", "fritz")
    await case.ordered()


async def test_superiors_are_asked_until_one_has_the_authority(world: World) -> None:
    chain = OWNER.model_copy(update={"name": "line", "approvers": "management-chain"})
    limits = tuple(AuthorityLimit(job_level=level, amount=Decimal(limit)) for level, limit in ((3, 10), (5, 100_000)))
    world.policy = levels(chain, authority=limits)
    case = await world.start(world.requisition())
    assert (await case.task("approval")).people == ("mia",)
    await case.decide("approval", "approve", by="mia")
    second = await case.task("approval")
    assert second.people == ("max",)
    assert (await case.answer(second, "approve", "moira")).because == "not-authorised"
    await case.decide("approval", "approve", by="max")
    await case.ordered()


async def test_a_silent_superior_is_passed_over_to_the_next_one(world: World) -> None:
    chain = OWNER.model_copy(update={"name": "line", "approvers": "management-chain"})
    limits = (AuthorityLimit(job_level=3, amount=Decimal(100_000)),)
    world.policy = levels(chain, authority=limits)
    case = await world.start(world.requisition())
    await case.task("approval")
    await case.skip(timedelta(days=8))
    await case.until(lambda: any(task.people == ("max",) for task in case.tasks()))


async def test_the_same_person_in_the_next_stage_decides_once(world: World) -> None:
    world.policy = levels(OWNER, DIRECTOR)
    case = await world.start(world.requisition())
    await case.decide("owner", "approve", by="dora")
    await case.ordered()
    assert "approval.implied" in case.kinds()


async def test_the_same_person_is_asked_again_when_the_policy_says_so(world: World) -> None:
    world.policy = levels(OWNER, DIRECTOR, same_person_decides_once=False)
    case = await world.start(world.requisition())
    await case.decide("owner", "approve", by="dora")
    assert (await case.task("director")).role == "department-director"


async def test_an_added_approver_decides_last(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    assert await case.ask_for("add-approver", "carla", person="nina") == "requester-may-not-decide"
    assert await case.ask_for("add-approver", "carla", person="stan") == "applied"
    assert await case.ask_for("add-approver", "carla", person="stan") == "duplicate"
    await case.decide("approval", "approve", by="carla")
    task = await case.task("approval")
    assert task.people == ("stan",)
    await case.decide("approval", "approve", by="stan")
    await case.ordered()
    assert await case.ask_for("add-approver", "carla", person="bo") == "not-in-this-stage"


async def test_watchers_show_at_once_and_are_told_of_the_end(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    assert await case.ask_for("add-watcher", "carla", person="olaf") == "applied"
    await case.until(lambda: world.evidence.snapshot_of(case.name).watchers == ("olaf",))
    await case.decide("approval", "reject", by="carla")
    await case.result()
    told = [notice for notice in world.evidence.notices_of(case.name) if notice.people == ("olaf",)]
    assert [notice.event for notice in told] == ["case.closed"]


async def test_a_policy_that_names_nobody_never_lets_a_request_pass(world: World) -> None:
    world.policy = policy(routing=())
    case = await world.start(world.requisition())
    await case.decide("approver-missing", "retry")
    await case.until(lambda: len([task for task in case.tasks() if task.exception_code == "approver-missing"]) == 2)
    assert await case.ask_for("add-approver", "nina", person="stan") == "applied"
    await case.decide("approver-missing", "retry")
    await case.until(lambda: len([task for task in case.tasks() if task.exception_code == "approver-missing"]) == 3)
    assert await case.ask_for("add-approver", "paul", person="dirk") == "applied"
    await case.decide("approver-missing", "retry")
    for person in ("dirk", "stan"):
        await case.decide(person, "approve", by=person)
    await case.ordered()


# Substitutes


def on_behalf_of(delegator: str, delegate: str, **over: Any) -> DelegatedAuthority:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "delegation_id": "delegation-1",
        "delegator": delegator,
        "delegate": delegate,
        "valid_from": now - timedelta(days=1),
        "valid_until": now + timedelta(days=400),
        "made_by": delegator,
        "made_at": now - timedelta(days=1),
    }
    return DelegatedAuthority(delegation=Delegation(**{**given, **over}), delegator=actor(delegator))


async def test_a_substitute_decides_on_behalf_of_somebody(world: World) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    assert (await case.answer(task, "approve", "stan")).because == "not-authorised"
    authority = on_behalf_of("carla", "stan")
    record = await case.answer(task, "approve", "stan", on_behalf_of="carla", authority=authority)
    assert record.status == "applied"
    await case.ordered()
    (entry,) = [each for each in case.entries() if each.kind == "decision.applied"]
    assert (entry.actor, entry.on_behalf_of, entry.detail["delegation_id"]) == ("stan", "carla", "delegation-1")
    assert (entry.detail["delegation"]["made_by"], entry.detail["delegation"]["delegator"]) == ("carla", "carla")


@pytest.mark.parametrize(
    ("by", "over"),
    [
        ("stan", {"valid_until": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("stan", {"revoked_at": datetime(2026, 1, 1, tzinfo=UTC), "revoked_by": "carla"}),
        ("stan", {"scope": DelegationScope(facilities=("south",))}),
        ("stan", {"scope": DelegationScope(max_amount=Decimal("0.01"))}),
        ("stan", {"scope": DelegationScope(categories=("linen",))}),
        ("stan", {"scope": DelegationScope(task_id="another-task")}),
        ("olaf", {}),
    ],
)
async def test_a_delegation_that_does_not_cover_the_decision_gives_no_authority(
    world: World, by: str, over: dict[str, Any]
) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    authority = on_behalf_of("carla", "stan", **over)
    record = await case.answer(task, "approve", by, on_behalf_of="carla", authority=authority)
    assert record.because == "delegation-not-valid"
    assert not case.orders()


async def test_nobody_decides_for_the_requester_or_as_one(world: World) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    authority = on_behalf_of("carla", "nina")
    record = await case.answer(task, "approve", "nina", on_behalf_of="carla", authority=authority)
    assert record.because == "requester-may-not-decide"


# Clocks


async def test_the_clock_rests_while_the_requester_is_asked(world: World) -> None:
    case = await world.start(world.requisition())
    first = await case.task("approval")
    await case.decide("approval", "return", by="carla")
    await case.task("information")
    await case.skip(timedelta(days=20))
    assert "approval.escalated" not in case.kinds()
    await case.ask_for("provide-information", "nina", comment="Ward 3")
    again = await case.task("approval")
    assert first.due_at is not None
    assert again.due_at is not None
    assert again.due_at - again.opened_at <= timedelta(days=8)


async def test_a_faster_clock_for_urgent_requests(world: World) -> None:
    rule = ServiceLevelRule(name="urgent", urgencies=("urgent",), remind_after_hours=1, escalate_after_hours=2)
    world.policy = levels(OWNER, service_levels=(rule,))
    slow = await world.start(world.requisition())
    fast = await world.start(world.requisition(urgency="urgent"))
    due = [(await case.task("approval")).due_at for case in (slow, fast)]
    assert due[0] is not None
    assert due[1] is not None
    assert due[1] < due[0]


async def test_when_the_last_authority_is_silent_the_process_owner_gets_a_task(world: World) -> None:
    world.policy = levels(FINANCE.model_copy(update={"escalate_to": "finance-controller"}))
    case = await world.start(world.requisition())
    await case.task("approval")
    await case.skip(timedelta(days=8))
    breach = await case.task("sla-breached")
    assert breach.role == "process-owner"
    await case.decide("approval", "approve", by="frida")
    await case.ordered()
    assert all(task.status != "open" for task in case.tasks() if task.exception_code == "sla-breached")


# Amendments


async def test_an_amendment_asks_only_levels_whose_rule_fires_anew(world: World) -> None:
    rules = (
        RoutingRule(name="all", reason="every purchase", owner="finance", levels=("owner",)),
        RoutingRule(name="urgent", reason="in a hurry", owner="finance", urgencies=("urgent",), levels=("finance",)),
        RoutingRule(
            name="large", reason="1,000 or more", owner="finance", amount_from=Decimal(1000), levels=("director",)
        ),
    )
    world.policy = policy(levels=(OWNER, FINANCE, DIRECTOR), routing=rules)
    request = world.requisition(line(quantity="200"))
    case = await world.start(request)
    await case.decide("owner", "approve", by="carla")
    await case.task("director")
    assert (
        await case.ask_for("amend", "nina", requisition=request.model_copy(update={"urgency": "urgent"})) == "applied"
    )
    assert (await case.task("finance")).role == "finance-controller"
    assert "approval.stands" in case.kinds()
    assert [task.level for task in case.tasks()].count("owner") == 1
    (changed,) = [entry for entry in case.entries() if entry.kind == "request.changed"]
    assert (changed.detail["before"], changed.detail["after"]) == ({"urgency": "routine"}, {"urgency": "urgent"})


# Segregation of duties

APART = SegregationRule(
    name="buyer-is-not-approver", reason="four eyes", owner="compliance-officer", first="buyer", second="approver"
)


async def test_whoever_corrected_as_buyer_does_not_approve(world: World) -> None:
    both = FINANCE.model_copy(update={"role": "buyer"})
    world.policy = levels(both, segregation=(APART,))
    case = await world.start(world.requisition(line(item="NONE")))
    await case.decide("item-unknown", "correct", by="bo", corrections=({"line": 1, "item": "GLOVES"},))
    task = await case.task("approval")
    assert (await case.answer(task, "approve", "bo")).because == "duties-conflict"
    leave = SegregationOverride(
        override_id="override-1",
        person="bo",
        rule=APART.name,
        facility="north",
        reason="holidays",
        approved_by="cleo",
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2099, 1, 1, tzinfo=UTC),
    )
    own = leave.model_copy(update={"approved_by": "bo"})
    assert (await case.answer(task, "approve", "bo", overrides=(own,))).because == "duties-conflict"
    assert (await case.answer(task, "approve", "bo", overrides=(leave,))).status == "applied"
    await case.ordered()
    (used,) = [
        each.detail["leave"] for each in case.entries() if each.detail.get("leave") and not each.detail["because"]
    ]
    assert [(each["override_id"], each["approved_by"]) for each in used] == [("override-1", "cleo")]


async def test_duties_in_linked_cases_count(world: World) -> None:
    world.policy = levels(OWNER, segregation=(APART,))
    case = await world.start(world.requisition())
    task = await case.task("approval")
    bought = DutyDone(person="carla", duty="buyer", case_id="procure-to-pay.north.OTHER", at=datetime.now(UTC))
    assert (await case.answer(task, "approve", "carla", family_duties=(bought,))).because == "duties-conflict"
    assert (await case.answer(task, "approve", "dora", family_duties=(bought,))).status == "applied"


async def test_goods_taken_in_by_their_approver_are_booked_and_looked_into(world: World) -> None:
    rule = APART.model_copy(update={"name": "receiver-is-not-approver", "first": "receiver"})
    world.policy = levels(OWNER, segregation=(rule,))
    case = await world.start(world.requisition())
    await case.decide("approval", "approve", by="carla")
    (order,) = await case.ordered()
    await case.acknowledge(order)
    await case.receive(order, received_by="carla")
    await case.settle(order)
    await case.decide("duties-conflict", "accept", by="cleo")
    assert (await case.result()).status == "completed"
    assert "goods.booked" in case.kinds()
