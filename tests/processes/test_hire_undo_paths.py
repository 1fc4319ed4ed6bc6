"""What is taken back of a hire where something else has happened to it meanwhile, or a person does it instead."""

from __future__ import annotations

from domain.credentials import ExclusionEntry
from domain.hire import PersonName
from domain.outside_errors import RefusedError
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld
from tests.fixtures.world import Case

NOT_BY_YOU = RefusedError("identity", "target-refused", "not by you")


async def rescinded(case: HireCase) -> None:
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")


def groups(case: HireCase) -> set[str]:
    return set(case.account().groups)


async def test_equipment_whose_purchase_is_gone_holds_no_rescission_up(hires: HireWorld) -> None:
    """An operator ended it, so that it never said that it had ended."""
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, LAPTOP)})
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.until(lambda: len(case.purchases()) == 1)
    (name,) = case.purchases()
    purchase = Case(hires, hires.client.get_workflow_handle(name))
    await purchase.task("owner")
    await purchase.handle.terminate("ended by an operator")
    await rescinded(case)
    assert f"equipment GLOVES ({name} was cancelled)" in _undone(case, await case.outcome())


def _undone(case: HireCase, result: object) -> list[str]:
    assert getattr(result, "status", None) == "rescinded"
    return [entry.summary.removeprefix("Undone: ") for entry in case.entries() if entry.kind == "undone"]


async def test_what_a_person_takes_over_is_not_said_to_be_undone(hires: HireWorld) -> None:
    """They did it, and what the systems show at the end is clean."""
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    hires.faults.fail("delete", NOT_BY_YOU)
    await rescinded(case)
    await case.decide("target-refused", "skip", comment="the desk deletes it")
    task = await case.task("undo-by-hand")
    assert case.account().account_id in str(task.subject) or "account" in task.why
    await hires.identity.delete(case.account().account_id)
    await case.decide("undo-by-hand", "complete")
    undone = _undone(case, await case.outcome())
    assert "account in identity" not in undone
    assert "employee in the ERP" in undone
    (taken,) = [entry for entry in case.entries() if entry.kind == "undo.taken-over"]
    assert taken.summary.endswith("the desk deletes it")
    assert not hires.identity.everything


async def test_an_account_that_was_left_to_the_desk_is_closed_and_removed_all_the_same(hires: HireWorld) -> None:
    """Whether it was opened by hand nobody knows."""
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    hires.faults.fail("enable", NOT_BY_YOU)
    await case.to_start_day()
    await case.decide("target-refused", "skip")
    await case.until(lambda: "account.not-enabled" in case.kinds())
    await hires.identity.enable(case.account().account_id)
    await rescinded(case)
    _undone(case, await case.outcome())
    assert case.kinds().index("account.closed") < case.kinds().index("undone"), "the doors are closed first"
    assert not hires.identity.everything


async def test_clinical_access_is_taken_back_while_a_corrected_name_is_a_question(hires: HireWorld) -> None:
    hire = hires.hire()
    case = await hires.start_hire(hire)
    await case.prepared()
    assert "g-chart" in groups(case)
    entry = ExclusionEntry(list_name="LEIE", entry_id="e-1", family="ELSEWHERE", given="ZORA", kind="1128a1")
    hires.exclusions.entries.append(entry)
    named = hire.person.model_copy(update={"name": PersonName(family="Elsewhere", given="Zora")})
    assert await case.ask_for("correct-hire", "hanna", hire=hire.model_copy(update={"person": named})) == "applied"
    await case.task("exclusion-candidate")
    await case.until(lambda: "access.revoked" in case.kinds())
    assert "g-chart" not in groups(case)
    assert "g-staff" in groups(case)
    await case.decide("exclusion-candidate", "clear", "cleo", comment="another person")
    await case.until(lambda: case.states().get("access:chart") == "done")
    assert "g-chart" in groups(case)
    await rescinded(case)
    _undone(case, await case.outcome())
    assert not hires.identity.everything
