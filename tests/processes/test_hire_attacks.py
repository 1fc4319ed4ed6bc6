"""What must not come of corrections that arrive at bad moments: work that nobody does any more, and doors left open."""

from __future__ import annotations

from datetime import timedelta

from domain.hire import LicenceClaim, PersonName
from tests.fixtures.hire_rules import row
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld


async def corrected(case: HireCase, hire: object, times: int = 1) -> None:
    assert await case.ask_for("correct-hire", "hanna", hire=hire) == "applied"
    await case.until(lambda: case.kinds().count("plan.changed") == times)


async def test_what_was_asked_before_the_start_was_moved_is_asked_again(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    before = await case.task("badge")
    await corrected(case, hire.model_copy(update={"start_on": hires.start_on + timedelta(days=14)}))
    await case.until(lambda: any(t.task_id == before.task_id and t.status == "cancelled" for t in case.tasks()))
    await case.decide("badge", "complete")
    await case.reached(badge="done")


async def test_the_arrival_is_asked_on_the_new_start_day(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.to_start_day()
    await case.task("arrival")
    await corrected(case, hire.model_copy(update={"start_on": hires.start_on + timedelta(days=14)}))
    await case.until(lambda: not case.account().active)
    await case.skip(timedelta(days=14))
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.reached(arrival="done")


async def test_equipment_on_order_is_not_bought_again_when_the_start_is_moved(hires: HireWorld) -> None:
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, LAPTOP)})
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.until(lambda: len(case.purchases()) == 1)
    await corrected(case, hire.model_copy(update={"start_on": hires.start_on + timedelta(days=14)}))
    (purchase,) = case.purchases()
    await hires.client.get_workflow_handle(purchase).terminate()
    assert case.kinds().count("equipment.requested") == 1
    assert {each.state for each in case.equipment()} == {"waiting"}


async def test_a_question_about_the_old_licence_does_not_hold_the_correction_up(hires: HireWorld) -> None:
    hire = hires.hire()
    good, wrong = hire.licences[0], LicenceClaim(kind="rn", state="NY", number="TYPO")
    case = await hires.start_hire(hire.model_copy(update={"licences": (wrong,)}))
    await case.decide("owner", "approve")
    await case.task("licence-unverified")
    person = hire.person.model_copy(update={"name": PersonName(given="Anna", family="Other")})
    await corrected(case, hire.model_copy(update={"person": person, "licences": (wrong,)}))
    await case.task("licence-unverified")
    await corrected(case, hire.model_copy(update={"person": person, "licences": (good,)}), 2)
    await case.reached(rn_licence="done")


async def test_a_badge_that_is_to_be_given_back_holds_nothing_up(hires: HireWorld) -> None:
    badge = row(
        "vest", "fulfilment", -1, target="vest", done_by="facilities-desk", undo="task", job_families=["nursing"]
    )
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, badge)})
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.decide("vest", "complete")
    await case.reached(vest="done")
    clerk = hire.model_copy(update={"job_family": "administration"})
    assert await case.ask_for("correct-hire", "hanna", hire=clerk) == "applied"
    await case.decide("owner", "approve")
    await case.until(lambda: case.account().groups == ("g-staff",))
    back = await case.task("vest")
    assert back.title.startswith("Take back")
    later = clerk.model_copy(update={"start_on": hires.start_on + timedelta(days=7)})
    await corrected(case, later, 2)


async def test_a_correction_replaces_one_that_people_are_still_asked_about(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    mistaken = hire.model_copy(update={"position": "P-9"})
    assert await case.ask_for("correct-hire", "hanna", hire=mistaken) == "applied"
    asked = await case.task("position-unavailable")
    await corrected(case, hire.model_copy(update={"title": "Senior nurse"}))
    await case.until(lambda: case.account().title == "Senior nurse")
    assert any(task.task_id == asked.task_id and task.status == "cancelled" for task in case.tasks())


async def test_a_correction_that_is_not_approved_yet_changes_no_record(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.until(lambda: case.states().get("access:chart") == "done")
    other = hire.model_copy(update={"position": "P-2"})
    assert await case.ask_for("correct-hire", "hanna", hire=other) == "applied"
    await case.task("owner")
    worker = await case.worker()
    assert worker is not None and worker.position == "P-1"


async def test_another_job_family_in_the_same_position_is_approved_anew(hires: HireWorld) -> None:
    hire = hires.hire(job_family="administration", title="Ward clerk", licences=())
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.reached(identity_account="done")
    assert (
        await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"job_family": "nursing"})) == "applied"
    )
    await case.task("owner")
    assert "plan.changed" not in case.kinds()
