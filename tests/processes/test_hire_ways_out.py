"""Nobody keeps access or gets another's, and no case waits for ever, when people and systems do what nobody planned."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from domain.hire import PersonName
from domain.outside_errors import RefusedError
from tests.fixtures.hire_rules import row
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld
from tests.fixtures.small_hris import FORMER_BIRTH
from tests.fixtures.world import PATIENCE_SECONDS, Case

UNTIL_ARRIVAL = tuple(each for each in PLAN if each.item not in ("i9-2", "check"))


async def started(hires: HireWorld) -> HireCase:
    """A hire whose account is open, and whose arrival is asked."""
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    await case.task("arrival")
    return case


async def test_an_account_that_others_deleted_holds_no_rescission_up(hires: HireWorld) -> None:
    case = await started(hires)
    await hires.identity.delete(case.account().account_id)
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"


async def test_whoever_rescinds_while_the_case_closes_is_heard(
    hires: HireWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    hires.rules = hires.rules.model_copy(update={"plan": UNTIL_ARRIVAL})
    settling, go_on, leave = asyncio.Event(), asyncio.Event(), hires.hire_register.leave

    async def slow(case_id: str, state: str) -> None:
        settling.set()
        await go_on.wait()
        await leave(case_id, state)

    monkeypatch.setattr(hires.hire_register, "leave", slow)
    case = await started(hires)
    await case.decide("arrival", "confirm-arrival", "mia")
    await asyncio.wait_for(settling.wait(), PATIENCE_SECONDS)
    assert await case.ask_for("rescind", "hanna") == "applied"
    go_on.set()
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    assert not hires.identity.everything


async def test_what_the_hris_does_not_take_of_somebody_who_is_here_takes_nothing_back(hires: HireWorld) -> None:
    hires.rules = hires.rules.model_copy(update={"plan": UNTIL_ARRIVAL})
    case = await started(hires)
    hires.faults.fail("begin", RefusedError("hris", "target-refused", "the payroll is closed"))
    await case.decide("arrival", "confirm-arrival", "mia")
    task = await case.task("target-refused")
    assert task.actions == ("retry", "skip")
    await case.decide("target-refused", "skip")
    assert (await case.outcome()).status == "completed"
    assert case.account().active


async def test_a_door_is_not_opened_by_a_question_of_a_start_that_was_moved_away(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    hires.faults.fail("enable", RefusedError("identity", "login-not-possible", "a login is refused"))
    await case.to_start_day()
    asked = await case.task("login-not-possible")
    later = hire.model_copy(update={"start_on": hires.start_on + timedelta(days=21)})
    assert await case.ask_for("correct-hire", "hanna", hire=later) == "applied"
    await case.until(lambda: any(t.task_id == asked.task_id and t.status == "cancelled" for t in case.tasks()))
    await case.until(lambda: case.kinds().count("plan.changed") == 1)
    await case.reached(identity_account="done", arrival="planned")
    assert len(hires.faults.calls_of("enable")) == 1
    assert not case.account().active


async def test_a_correction_does_not_wait_for_an_answer_about_what_it_takes_out(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    hires.faults.fail("join", RefusedError("identity", "target-refused", "no"), times=9)
    await case.decide("owner", "approve")
    await case.task("target-refused")
    clerk = hire.model_copy(update={"job_family": "administration", "title": "Ward clerk", "licences": ()})
    assert await case.ask_for("correct-hire", "hanna", hire=clerk) == "applied"
    await case.decide("owner", "approve")
    await case.until(lambda: "plan.changed" in case.kinds())
    hires.faults.heal()
    await case.decide("target-refused", "retry")
    await case.until(lambda: case.account().groups == ("g-staff",))


# Whose account it is


async def test_a_correction_makes_no_other_person_of_a_hire(hires: HireWorld) -> None:
    hire = hires.hire()
    hire = hire.model_copy(update={"person": hire.person.model_copy(update={"birth_date": date(1990, 1, 1)})})
    case = await hires.start_hire(hire)
    await case.prepared()
    other = PersonName(given="Quentin", family="Zebrowski")
    person = hire.person.model_copy(update={"name": other, "birth_date": date(1971, 9, 9)})
    assert await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"person": person})) == (
        "another-person"
    )
    for slip in ({"name": other}, {"birth_date": date(1990, 1, 11)}):
        corrected = hire.model_copy(update={"person": hire.person.model_copy(update=slip)})
        assert await case.ask_for("correct-hire", "hanna", hire=corrected) == "applied"


async def test_a_corrected_birth_date_that_is_a_former_workers_is_a_question(hires: HireWorld) -> None:
    hire = hires.hire(given="María", family="González", birth_date=date(1999, 9, 9))
    case = await hires.start_hire(hire)
    await case.prepared()
    person = hire.person.model_copy(update={"birth_date": FORMER_BIRTH})
    corrected = hire.model_copy(update={"person": person})
    assert await case.ask_for("correct-hire", "hanna", hire=corrected) == "applied"
    task = await case.task("identity-conflict")
    assert task.actions == ("create", "cancel")
    before = await case.worker()
    await case.decide("identity-conflict", "create")
    await case.until(lambda: "plan.changed" in case.kinds())
    await case.until(lambda: case.kinds().count("worker.prepared") == 2)
    after = await case.worker()
    assert before is not None and after is not None
    assert (after.worker_id, after.birth_date) == (before.worker_id, FORMER_BIRTH)
    former = await hires.hris.worker("wid-100001")
    assert former is not None and former.status == "ended"


# Equipment


async def test_a_requisition_of_somebody_else_is_not_taken_for_the_equipment(hires: HireWorld) -> None:
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, LAPTOP)})
    hire = hires.hire()
    foreign = await hires.start(hires.requisition(number=f"{hire.number}-E1"))
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.until(lambda: len(case.purchases()) == 1)
    assert case.purchases() == [f"{foreign.name.removesuffix('1')}2"]
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    assert (await foreign.task("owner")).status == "open"


async def test_equipment_is_withdrawn_in_the_name_of_whoever_asked_for_it(hires: HireWorld) -> None:
    mouse = row("mouse", "equipment", -2, catalogue_item="MASKS", usual_days=8)
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, mouse)})
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.until(lambda: len(case.purchases()) == 1)
    (purchase,) = (Case(hires, hires.client.get_workflow_handle(each)) for each in case.purchases())
    await purchase.task("owner")
    other = hire.model_copy(update={"requester": "hanna"})
    assert await case.ask_for("correct-hire", "hanna", hire=other) == "applied"
    await case.until(lambda: "plan.changed" in case.kinds())
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    assert hires.evidence.snapshot_of(purchase.name).status == "withdrawn"
