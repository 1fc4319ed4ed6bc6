"""Hires that do not take place: what was done is taken back, and what is left is somebody's task."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.hire import HireEnd
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.hire_rules import row
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld
from tests.fixtures.world import Case
from workflows.messages import hire_to_provision as messages


async def clean(hires: HireWorld, case: HireCase) -> None:
    worker = await case.worker()
    assert worker is None or worker.status == "rescinded"
    assert not [held for held in hires.access._accounts.values() if held.case_id == case.name]
    number = worker.worker_number if worker else "-"
    assert not [each for each in hires.identity.everything if each.worker_number == number]
    assert worker is None or not await hires.access.held(worker.worker_id)
    assert not [task for task in case.tasks() if task.status == "open"]


async def test_whoever_does_not_come_is_taken_back_after_the_account_is_closed(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    await case.decide("arrival", "no-show", "mia", comment="did not come, did not call")
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "no-show"
    await clean(hires, case)
    kinds = case.kinds()
    assert kinds.index("account.disabled") < kinds.index("access.revoked") < kinds.index("worker.rescinded")
    told = [who for each in hires.evidence.notices_of(case.name) if each.event == "case.closed" for who in each.people]
    assert "mia" in told
    assert len(told) == len(set(told))


@pytest.mark.parametrize("kind", ["rescinded", "no-show", "wrong-person"])
async def test_hr_reports_that_nobody_comes_once(hires: HireWorld, kind: str) -> None:
    case = await hires.start_hire(hires.hire())
    await case.task("owner")
    end = HireEnd.model_validate(
        {"change_id": "hr-1", "kind": kind, "reason": "told by HR", "by": "hanna", "received_at": datetime.now(UTC)}
    )
    await case.handle.signal(messages.HIRE_ENDED, end)
    result = await case.outcome()
    assert result.status == ("no-show" if kind == "no-show" else "rescinded")
    await clean(hires, case)


async def test_a_rejected_position_leaves_nothing(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.decide("owner", "reject")
    assert (await case.outcome()).status == "rejected"
    await clean(hires, case)


async def test_ordered_equipment_is_cancelled_and_delivered_equipment_goes_into_stock(hires: HireWorld) -> None:
    second = row("masks", "equipment", -2, catalogue_item="MASKS", usual_days=8)
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, LAPTOP, second)})
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.until(lambda: len(case.purchases()) == 2)
    came, ordered = (Case(hires, hires.client.get_workflow_handle(each)) for each in case.purchases())
    for purchase in (came, ordered):
        await purchase.decide("owner", "approve")
    (order,) = await came.ordered()
    await came.acknowledge(order)
    await case.until(lambda: case.expected(came.name) is not None)
    await came.receive(order)
    await case.until(lambda: "done" in {each.state for each in case.equipment()})
    await ordered.ordered()
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    into_stock = await case.task("fulfilment")
    assert into_stock.role == "store-keeper"
    await case.answer(into_stock, "complete", "stan")
    result = await case.outcome()
    assert result.status == "rescinded"
    assert [each.status for each in ordered.orders()] == ["cancelled"]
    await clean(hires, case)


async def test_a_system_that_is_down_while_it_is_taken_back_is_tried_until_it_is_clean(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    hires.faults.fail("delete", TemporarilyUnavailableError("identity", "down", "no answer"), times=8)
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    await case.skip(timedelta(minutes=30))
    assert (await case.outcome()).status == "rescinded"
    await clean(hires, case)
