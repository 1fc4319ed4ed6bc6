"""What HR corrects while a hire runs: what it touches is done anew, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from domain.hire import ExtraAccess, PersonName
from tests.fixtures.hire_world import HireCase, HireWorld


async def corrected(case: HireCase, hire: object) -> None:
    assert await case.ask_for("correct-hire", "hanna", hire=hire) == "applied"
    await case.until(lambda: "plan.changed" in case.kinds())


async def test_a_later_start_moves_what_is_open_and_keeps_the_account_closed(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    later = hires.start_on + timedelta(days=14)
    await corrected(case, hire.model_copy(update={"start_on": later}))
    await case.until(lambda: case.standing is not None and case.standing.start_on == later)
    await case.until(lambda: case.kinds().count("worker.prepared") == 2)
    worker = await case.worker()
    assert worker is not None and worker.start_on == later
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    assert "access.revoked" not in case.kinds()
    assert case.kinds().count("access.granted") == 2


async def test_an_account_that_was_opened_is_closed_again_when_the_start_moves_away(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    await case.task("arrival")
    await corrected(case, hire.model_copy(update={"start_on": hires.start_on + timedelta(days=21)}))
    await case.until(lambda: not case.account().active)
    await case.until(lambda: {task.status for task in case.tasks() if task.kind == "arrival"} == {"cancelled"})


async def test_another_job_takes_back_what_it_does_not_bring(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    clerk = hire.model_copy(update={"job_family": "administration", "title": "Ward clerk"})
    assert await case.ask_for("correct-hire", "hanna", hire=clerk) == "applied"
    await case.decide("owner", "approve")
    await case.until(lambda: "access:chart" not in case.states() or case.states()["access:chart"] == "undone")
    assert case.account().groups == ("g-staff",)
    await case.until(lambda: case.account().title == "Ward clerk")


async def test_a_corrected_name_is_screened_and_proven_again_and_the_account_keeps_its_user_name(
    hires: HireWorld,
) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    user_name = case.account().user_name
    person = hire.person.model_copy(update={"name": PersonName(given="Anna", family="Newname")})
    await corrected(case, hire.model_copy(update={"person": person}))
    await case.until(lambda: case.kinds().count("person.screened") == 2)
    assert case.account().user_name == user_name
    await case.until(lambda: "Newname" in case.account().display_name)


async def test_a_correction_before_the_approval_begins_anew(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    first = await case.task("owner")
    later = hire.model_copy(update={"start_on": hires.start_on + timedelta(days=7)})
    assert await case.ask_for("correct-hire", "hanna", hire=later) == "applied"
    await case.until(lambda: any(t.task_id == first.task_id and t.status == "cancelled" for t in case.tasks()))
    await case.prepared()
    worker = await case.worker()
    assert worker is not None and worker.start_on == later.start_on


async def test_the_same_correction_again_and_another_key_are_refused(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    assert await case.ask_for("correct-hire", "hanna", hire=hire) == "duplicate"
    other = hire.model_copy(update={"number": "H-OTHER"})
    assert await case.ask_for("correct-hire", "hanna", hire=other) == "key-changed"
    assert await case.ask_for("correct-hire", "bo", hire=other) == "not-authorised"


async def test_a_correction_that_is_refused_is_dropped_and_the_hire_goes_on(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.decide("badge", "complete")
    await case.until(lambda: case.states().get("access:chart") == "done")
    more = ExtraAccess(entitlement="pay-bills", reason="pays bills as well")
    assert (
        await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"extra_access": (more,)})) == "applied"
    )
    await case.decide("director", "reject", comment="not her work")
    await case.until(lambda: "correction.rejected" in case.kinds())
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    assert "g-pay-bills" not in case.account().groups
    assert (await hires.hris.find(case.name)) is not None


async def test_nothing_waits_for_the_approval_of_a_correction(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    more = ExtraAccess(entitlement="pay-bills", reason="pays bills as well")
    assert (
        await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"extra_access": (more,)})) == "applied"
    )
    await case.task("director")
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    await case.task("arrival")
