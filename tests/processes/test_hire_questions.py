"""What people are asked on the way: identity, proofs, names, systems that do not do as they say."""

from __future__ import annotations

from domain.credentials import ExclusionEntry
from domain.hire import ExtraAccess
from domain.outside_errors import RefusedError
from tests.fixtures.hire_world import HireWorld


async def test_a_name_on_a_list_is_cleared_once_with_a_reason(hires: HireWorld) -> None:
    hire = hires.hire()
    name = hire.person.name
    hires.exclusions.entries.append(
        ExclusionEntry(list_name="LEIE", entry_id="1", family=name.family, given=name.given, kind="1128a1")
    )
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    task = await case.task("exclusion-candidate")
    assert task.subject["name"] == name.full, "who compares two persons must know both"
    await case.decide("exclusion-candidate", "clear", "cleo", comment="another birth date by the OIG")
    badge = await case.task("badge")
    assert badge.subject["name"] == name.full
    assert "birth_date" not in badge.subject
    await case.decide("badge", "complete")
    await case.until(lambda: case.states().get("access:chart") == "done")


async def test_whoever_is_on_a_list_does_not_begin(hires: HireWorld) -> None:
    hire = hires.hire()
    name = hire.person.name
    hires.exclusions.entries.append(
        ExclusionEntry(list_name="LEIE", entry_id="1", family=name.family, given=name.given)
    )
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.decide("exclusion-candidate", "stop", "cleo")
    assert (await case.outcome()).status == "rejected"


async def test_clinical_access_waits_for_the_licence_and_the_rest_does_not(hires: HireWorld) -> None:
    hire = hires.hire()
    hires.licences._records.clear()
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.until(lambda: case.states().get("access:staff") == "done")
    assert case.states()["access:chart"] == "planned"
    await case.decide("licence-unverified", "verify", "cora", comment="seen at the board's site")
    await case.until(lambda: case.states().get("access:chart") == "done")


async def test_an_account_that_nobody_can_log_in_to_is_asked_about(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    hires.faults.fail("enable", RefusedError("identity", "login-not-possible", "a login is refused"))
    await case.to_start_day()
    await case.decide("login-not-possible", "retry", "ida")
    await case.until(lambda: case.account().active)


async def test_a_conflict_of_access_is_mitigated_until_a_day_or_removed(hires: HireWorld) -> None:
    extra = (
        ExtraAccess(entitlement="create-suppliers", reason="sets up suppliers"),
        ExtraAccess(entitlement="pay-bills", reason="pays them"),
    )
    case = await hires.start_hire(hires.hire(extra_access=extra))
    until = hires.start_on.isoformat()
    await case.decide("entitlement-conflict", "mitigate", "ivan", hire={"until": until})
    await case.decide("owner", "approve")
    await case.decide("director", "approve")
    await case.until(lambda: case.states().get("access:pay-bills") == "done")


async def test_a_taken_position_is_a_question_to_hr_and_a_correction_answers_it(hires: HireWorld) -> None:
    hire = hires.hire(position="P-9")
    case = await hires.start_hire(hire)
    await case.task("position-unavailable")
    free = hire.model_copy(update={"position": "P-2"})
    assert await case.ask_for("correct-hire", "hanna", hire=free) == "applied"
    await case.decide("owner", "approve")
    await case.reached(worker="done")
