"""Checks, money and approval of a purchase, on the real server."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.money import Money
from domain.policy.model import BudgetBehaviourRule, BudgetRule
from domain.requisition import CostShare
from tests.fixtures.small_hospital import line, policy
from tests.fixtures.world import World


async def test_a_small_purchase_goes_from_request_to_close(world: World) -> None:
    case = await world.start(world.requisition())
    record = await case.decide("approval", "approve", by="carla")
    assert record.status == "applied"
    (order,) = await case.ordered()
    await case.fulfil(order)
    result = await case.result()
    assert result.status == "completed"
    assert [outcome.status for outcome in result.orders] == ["closed"]
    assert len(case.orders()) == 1
    assert case.kinds()[-1] == "case.closed"


async def test_a_larger_amount_needs_both_levels_in_order(world: World) -> None:
    case = await world.start(world.requisition(line(quantity="200")))
    first = await case.task("approval")
    assert first.role == "cost-centre-owner"
    await case.decide("approval", "approve", by="carla")
    second = await case.task("approval")
    assert second.role == "department-director"
    assert not case.orders()
    await case.decide("approval", "approve", by="dirk")
    await case.ordered()


async def test_a_rejection_ends_the_case_and_orders_nothing(world: World) -> None:
    case = await world.start(world.requisition())
    await case.decide("approval", "reject", by="carla", comment="Not needed")
    result = await case.result()
    assert (result.status, result.reason) == ("rejected", "Not needed")
    assert not case.orders()
    assert "commitment.released" in case.kinds()


@pytest.mark.parametrize(
    ("by", "over", "because"),
    [
        ("nina", {}, "requester-may-not-decide"),
        ("dirk", {}, "not-authorised"),
        ("carla", {"subject_version": 7}, "stale-version"),
        ("carla", {"action": "skip"}, "action-not-offered"),
        ("carla", {"action": "reject", "comment": " "}, "comment-required"),
        ("carla", {"task_id": "another"}, "unknown-task"),
    ],
)
async def test_a_decision_that_does_not_count_is_kept_with_its_reason(
    world: World, by: str, over: dict[str, Any], because: str
) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    record = await case.answer(task, "approve", by, **over)
    assert (record.status, record.because) == ("ignored", because)
    assert not case.orders()
    await case.decide("approval", "reject", by="carla")
    await case.result()
    assert "decision.ignored" in case.kinds()


async def test_the_same_decision_twice_counts_once(world: World) -> None:
    case = await world.start(world.requisition(line(quantity="200")))
    task = await case.task("approval")
    once = await case.answer(task, "approve", "carla", decision_id="the-same-one")
    again = await case.answer(task, "approve", "carla", decision_id="the-same-one")
    assert once == again
    late = await case.answer(task, "approve", "carla", decision_id="another-one")
    assert late.because == "task-closed"
    assert (await case.task("approval")).role == "department-director"


async def test_an_approver_asks_and_gets_an_answer(world: World) -> None:
    case = await world.start(world.requisition())
    await case.decide("approval", "return", by="carla", comment="Which ward?")
    question = await case.task("information")
    assert question.why == "Which ward?"
    assert await case.ask_for("provide-information", "nina", comment="Ward 3") == "applied"
    task = await case.task("approval")
    assert (task.subject["asked"], task.subject["answered"]) == ("Which ward?", "Ward 3")
    await case.decide("approval", "approve", by="carla")
    await case.ordered()


async def test_silence_reminds_then_escalates_and_never_approves(world: World) -> None:
    case = await world.start(world.requisition())
    task = await case.task("approval")
    await case.skip(timedelta(days=8))
    await case.until(lambda: any(each.escalated_from == "cost-centre-owner" for each in case.tasks()))
    late = await case.answer(task, "approve", "carla")
    assert late.because == "task-closed"
    assert "approval.reminded" in case.kinds()
    assert not case.orders()


async def test_withdrawing_undoes_what_was_done(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    assert await case.ask_for("withdraw", "olaf") == "not-authorised"
    assert await case.ask_for("withdraw", "nina") == "applied"
    result = await case.result()
    assert result.status == "withdrawn"
    assert not case.orders()
    assert all(task.status != "open" for task in case.tasks())


async def test_a_small_amendment_keeps_approvals_and_a_large_one_asks_anew(world: World) -> None:
    request = world.requisition(line(quantity="200"))
    case = await world.start(request)
    await case.decide("approval", "approve", by="carla")
    await case.task("approval")
    slightly = request.model_copy(update={"lines": (line(quantity="201"),)})
    assert await case.ask_for("amend", "nina", requisition=slightly) == "applied"
    await case.until(lambda: "approval.stands" in case.kinds())
    assert (await case.task("approval")).role == "department-director"
    much = request.model_copy(update={"lines": (line(quantity="400"),)})
    assert await case.ask_for("amend", "nina", requisition=much) == "applied"
    await case.until(lambda: "approval.anew" in case.kinds())
    assert (await case.task("approval")).role == "cost-centre-owner"


async def test_a_held_case_goes_on_when_it_is_resumed(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    assert await case.ask_for("hold", "bo") == "applied"
    assert await case.ask_for("hold", "bo") == "already-held"
    await case.decide("approval", "approve", by="carla")
    assert not case.orders()
    assert await case.ask_for("resume", "bo") == "applied"
    await case.ordered()


async def test_findings_go_to_their_owners_side_by_side(world: World) -> None:
    lines = (line(1, "LOOSE"), line(2, "BARRED"), line(3, cost_centre="N-900"))
    case = await world.start(world.requisition(*lines))
    owners = {(await case.task(code)).role for code in ("off-contract", "supplier-blocked", "cost-centre-closed")}
    assert owners == {"category-manager", "supplier-desk", "finance-controller"}
    await case.decide("off-contract", "accept")
    await case.decide("supplier-blocked", "cancel-line")
    corrected = {"line": 3, "costs": (CostShare(cost_centre="N-100"),)}
    await case.decide("cost-centre-closed", "correct", corrections=(corrected,))
    await case.decide("approval", "approve", by="carla")
    (order,) = await case.ordered()
    assert [each.line for each in order.lines] == [1, 3]


async def test_a_correction_that_does_not_fit_is_asked_again(world: World) -> None:
    case = await world.start(world.requisition(line(item="NONE")))
    await case.decide("item-unknown", "correct", corrections=({"line": 9, "item": "GLOVES"},))
    await case.until(lambda: len(case.tasks()) == 2)
    await case.decide("item-unknown", "correct", corrections=({"line": 1, "item": "GLOVES"},))
    await case.task("approval")
    assert "correction.refused" in case.kinds()


async def test_a_budget_stops_until_its_owner_lets_it_pass(world: World) -> None:
    case = await world.start(world.requisition(line(quantity="20", cost_centre="N-200")))
    task = await case.task("budget-exceeded")
    assert task.role == "budget-override-approver"
    await case.decide("budget-exceeded", "accept")
    await case.decide("approval", "approve", by="carla")
    await case.ordered()


async def test_a_warning_budget_does_not_stop(world: World) -> None:
    world.policy = policy(budget=BudgetRule(behaviour="warn"))
    case = await world.start(world.requisition(line(quantity="20", cost_centre="N-200")))
    await case.decide("approval", "approve", by="carla")
    await case.ordered()


async def test_a_row_of_the_budget_table_decides_for_its_cost_centres(world: World) -> None:
    lenient = BudgetBehaviourRule(name="theatre-is-warned", cost_centres=("N-200",), behaviour="warn")
    world.policy = policy(budget_rules=(lenient,))
    case = await world.start(world.requisition(line(quantity="20", cost_centre="N-200")))
    await case.decide("approval", "approve", by="carla")
    await case.ordered()


async def test_an_amended_currency_cannot_slip_in(world: World) -> None:
    request = world.requisition()
    case = await world.start(request)
    await case.task("approval")
    foreign = line().model_copy(update={"unit_price": Money(amount=Decimal(1), currency="EUR")})
    amended = request.model_copy(update={"lines": (foreign,)})
    assert await case.ask_for("amend", "nina", requisition=amended) == "requisition-required"
