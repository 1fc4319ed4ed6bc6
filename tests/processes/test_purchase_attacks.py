"""What somebody might try at a running case to have it approved without the authority, or to lose what was decided."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.case import Journal
from domain.case_actions import MOST_ADDED, MOST_WATCHERS, ActionRequest
from domain.outside_errors import RefusedError
from domain.policy.model import RoutingRule
from domain.purchase import AcknowledgedLine
from domain.requisition import Requisition
from domain.tasks import Decision, DecisionRecord, Task
from tests.fixtures.small_hospital import line, policy, usd
from tests.fixtures.world import Case, World, actor
from workflows.messages import procure_to_pay as messages


async def amend(case: Case, request: Requisition, **over: object) -> Requisition:
    amended = request.model_copy(update=over)
    assert await case.ask_for("amend", "nina", requisition=amended) == "applied"
    return amended


async def test_an_amendment_for_the_approver_takes_the_decision_from_them(world: World) -> None:
    request = world.requisition()
    case = await world.start(request)
    first = await case.task("approval")
    await amend(case, request, on_behalf_of="carla")
    await case.until(lambda: case.tasks()[-1].task_id != first.task_id)
    task = await case.task("approval")
    assert set(task.excluded) == {"nina", "carla"}
    assert (await case.answer(task, "approve", "carla")).because == "requester-may-not-decide"
    assert world.evidence.snapshot_of(case.name).on_behalf_of == "carla"


async def test_whoever_the_goods_were_once_for_does_not_decide_either(world: World) -> None:
    request = world.requisition(on_behalf_of="carla")
    case = await world.start(request)
    await case.task("approval")
    before = len(case.tasks())
    await amend(case, request, on_behalf_of=None)
    await case.until(lambda: len(case.tasks()) > before)
    task = await case.task("approval")
    assert (await case.answer(task, "approve", "carla")).because == "requester-may-not-decide"


async def test_an_approval_falls_when_the_goods_become_those_of_who_gave_it(world: World) -> None:
    request = world.requisition(line(quantity="200"))
    case = await world.start(request)
    await case.decide("approval", "approve", by="carla")
    assert (await case.task("approval")).role == "department-director"
    await amend(case, request, on_behalf_of="carla")
    await case.until(lambda: "approval.anew" in case.kinds())
    task = await case.task("approval")
    assert (task.role, set(task.excluded)) == ("cost-centre-owner", {"nina", "carla"})


async def test_cases_that_an_amendment_links_belong_to_the_family(world: World) -> None:
    request = world.requisition(linked_cases=("procure-to-pay.north.REQ-A",))
    case = await world.start(request)
    await case.task("approval")
    await amend(case, request, linked_cases=("procure-to-pay.north.REQ-B",))
    both = ("procure-to-pay.north.REQ-A", "procure-to-pay.north.REQ-B")
    await case.until(lambda: world.evidence.snapshot_of(case.name).linked == both)


# Answers and amendments that reach the case in one moment


def answer_of(task: Task, action: str, by: str, decision_id: str = "decision-1") -> tuple[str, Decision]:
    given: dict[str, Any] = {
        "decision_id": decision_id,
        "task_id": task.task_id,
        "action": action,
        "actor": actor(by),
        "subject_version": task.subject_version,
        "comment": "because of the test",
    }
    return messages.DECISION_MADE, Decision.model_validate(given)


def amendment(request: Requisition, quantity: str) -> tuple[str, ActionRequest]:
    amended = request.model_copy(update={"lines": (line(quantity=quantity),)})
    asked = ActionRequest(action_id="action-1", action="amend", actor=actor("nina"), requisition=amended)
    return messages.ACTION_REQUESTED, asked


async def at_once(case: Case, *signals: tuple[str, Any]) -> None:
    """What came in while no worker was there reaches the case in one moment, in this order."""
    for name, argument in signals:
        await case.handle.signal(name, argument)


async def record(case: Case, decision_id: str = "decision-1") -> DecisionRecord:
    known: DecisionRecord = await case.handle.query(messages.DECISION_RECORD, decision_id, result_type=DecisionRecord)
    return known


async def test_an_approval_just_before_a_small_amendment_stands(temporal: WorkflowEnvironment) -> None:
    world = World(temporal)
    request = world.requisition(line(quantity="200"))
    async with world.working():
        case = await world.start(request)
        task = await case.task("approval")
    await at_once(case, answer_of(task, "approve", "carla"), amendment(request, "201"))
    async with world.working():
        await case.until(lambda: "approval.stands" in case.kinds())
        assert (await case.task("approval")).role == "department-director"
        assert (await record(case)).status == "applied"


async def test_a_rejection_just_before_an_amendment_stands(temporal: WorkflowEnvironment) -> None:
    world = World(temporal)
    request = world.requisition(line(quantity="200"))
    async with world.working():
        case = await world.start(request)
        task = await case.task("approval")
    await at_once(case, answer_of(task, "reject", "carla"), amendment(request, "201"))
    async with world.working():
        assert (await case.result()).status == "rejected"


async def test_an_answer_just_after_an_amendment_is_about_what_is_no_longer_asked(
    temporal: WorkflowEnvironment,
) -> None:
    world = World(temporal)
    request = world.requisition(line(quantity="200"))
    async with world.working():
        case = await world.start(request)
        task = await case.task("approval")
    await at_once(case, amendment(request, "201"), answer_of(task, "approve", "carla"))
    async with world.working():
        await case.until(lambda: len(case.tasks()) == 2)
        assert (await record(case)).because == "task-closed"
        assert (await case.task("approval")).role == "cost-centre-owner"


# Many messages, and late ones


async def test_a_flood_of_messages_is_recorded_and_stops_no_case(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    asked = [
        ActionRequest(action_id=f"flood-{at:05}", action="provide-information", actor=actor("nina"), comment="x" * 2000)
        for at in range(1200)
    ]
    for at in range(0, len(asked), 100):
        sent = (case.handle.signal(messages.ACTION_REQUESTED, each) for each in asked[at : at + 100])
        await asyncio.gather(*sent)
    assert await case.ask_for("add-watcher", "nina", person="olaf") == "applied"
    await case.decide("approval", "reject", by="carla")
    assert (await case.result()).status == "rejected"
    ids = {entry.detail.get("action_id") for entry in case.entries()}
    assert ids >= {each.action_id for each in asked}


async def test_what_comes_while_the_case_closes_is_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    record, late = world.evidence.record, answer_of(task, "approve", "dora", "decision-late")

    async def slowly(journal: Journal) -> None:
        if journal.snapshot.stage == "closed" and "decision-late" not in str(journal):
            await case.handle.signal(*late)
        await record(journal)

    monkeypatch.setattr(world.evidence, "record", slowly)
    await case.decide("approval", "reject", by="carla")
    assert (await case.result()).status == "rejected"
    (entry,) = [each for each in case.entries() if each.detail.get("decision_id") == "decision-late"]
    assert (entry.kind, entry.actor, entry.detail["because"]) == ("decision.ignored", "dora", "task-closed")


# Whoever is added to a case


async def test_a_friend_of_the_requester_does_not_stand_in_for_a_policy_that_names_nobody(world: World) -> None:
    world.policy = policy(routing=())
    case = await world.start(world.requisition())
    await case.task("approver-missing")
    assert await case.ask_for("add-approver", "nina", person="olaf") == "applied"
    await case.decide("approver-missing", "retry", by="paul")
    await case.until(lambda: len([each for each in case.tasks() if each.exception_code]) == 2)
    assert all(task.kind != "approval" for task in case.tasks())
    assert await case.ask_for("add-approver", "paul", person="dirk") == "applied"
    await case.decide("approver-missing", "retry", by="paul")
    await case.until(lambda: any(task.people == ("dirk",) for task in case.tasks()))


async def test_nobody_adds_people_without_end(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    for at in range(MOST_ADDED):
        assert await case.ask_for("add-approver", "stan", person=f"person{at}") == "applied"
    assert await case.ask_for("add-approver", "stan", person="one-more") == "too-many"
    for at in range(MOST_WATCHERS):
        assert await case.ask_for("add-watcher", "stan", person=f"person{at}") == "applied"
    assert await case.ask_for("add-watcher", "stan", person="one-more") == "too-many"
    assert await case.ask_for("remove-watcher", "stan", person="person0") == "applied"
    assert await case.ask_for("add-watcher", "stan", person="one-more") == "applied"


# Answers by an action


async def test_an_answer_by_an_action_names_who_gave_it_and_counts_or_says_why_not(world: World) -> None:
    case = await world.start(world.requisition(on_behalf_of="olaf"))
    returned = await case.decide("approval", "return", by="carla")
    await case.task("information")
    taken = returned.decision.decision_id
    assert await case.ask_for("provide-information", "olaf", action_id=taken) == "duplicate"
    assert await case.ask_for("provide-information", "olaf") == "applied"
    await case.task("approval")
    (answer,) = [each for each in case.entries() if each.summary.startswith("Decided: answer")]
    assert answer.actor == "olaf"


# Many small increases


async def test_increases_of_several_orders_add_up(world: World) -> None:
    case = await world.start(world.requisition(line(1, "GLOVES", "200"), line(2, "MASKS", "100")))
    await case.decide("owner", "approve", by="carla")
    await case.decide("director", "approve", by="dirk")
    first, second = sorted(await case.ordered(2), key=lambda order: order.supplier)
    for order, number, price in ((first, 1, "9.70"), (second, 2, "19.50")):
        changed = AcknowledgedLine(line=number, status="changed", unit_price=usd(price))
        await case.acknowledge(order, lines=(changed,))
        await case.decide("acknowledgement-differs", "accept", by="bo")
    # 140 and 150 are each within the 250 of the amendment rule, and together they are not.
    await case.decide("owner", "approve", by="carla")
    await case.decide("director", "approve", by="dirk")
    await case.until(lambda: sorted(order.total for order in case.orders()) == [usd("1940.00"), usd("1950.00")])


async def refused_once(world: World) -> Case:
    """An approved request whose order the ERP refuses, so that the buyer may correct it."""
    rules = (
        RoutingRule(name="every", reason="every purchase", owner="finance", levels=("owner",)),
        RoutingRule(name="risky", reason="unknown to us", owner="finance", risks=("new",), levels=("director",)),
        RoutingRule(name="theatre", reason="watched", owner="finance", cost_centres=("N-200",), levels=("director",)),
    )
    world.policy = policy(routing=rules)
    world.faults.fail("place_order", RefusedError("erp", "order-refused", "not like this"))
    case = await world.start(world.requisition())
    await case.decide("owner", "approve", by="carla")
    return case


@pytest.mark.parametrize(
    "correction", [{"supplier": "S-2"}, {"costs": ({"cost_centre": "N-200"},)}, {"supplier": "S-2", "quantity": "1"}]
)
async def test_a_corrected_order_that_goes_elsewhere_is_approved_by_whom_that_concerns(
    world: World, correction: dict[str, Any]
) -> None:
    case = await refused_once(world)
    await case.decide("order-refused", "correct", by="bo", corrections=({"line": 1, **correction},))
    assert (await case.task("director")).role == "department-director"
    assert not case.orders()
    await case.decide("director", "approve", by="dirk")
    (order,) = await case.ordered()
    assert order.supplier == correction.get("supplier", "S-1")
    assert [task.level for task in case.tasks()].count("owner") == 1


async def test_a_corrected_order_that_goes_where_it_was_to_go_asks_nobody(world: World) -> None:
    case = await refused_once(world)
    await case.decide("order-refused", "correct", by="bo", corrections=({"line": 1, "quantity": "9"},))
    await case.ordered()
    assert "director" not in {task.level for task in case.tasks()}
