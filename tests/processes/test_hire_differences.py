"""What is not as it should be: access that nobody granted, equipment that comes late or not, a licence that ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.business_time import business_days_after
from domain.credentials import LicenceRecord
from domain.hire import Hire
from domain.purchase import AcknowledgedLine
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld
from tests.fixtures.small_hospital import FACILITY
from tests.fixtures.world import Case

FOREIGN = "g-pay-bills"


async def to_access_check(hires: HireWorld) -> HireCase:
    """A hire in probation, into whose account somebody put a group by hand; until the check finds it."""
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.to_start_day()
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.decide("i9-2", "complete")
    await case.reached(i9_2="done")
    await hires.identity.join(case.account().account_id, FOREIGN)
    await case.skip(timedelta(days=32))
    return case


async def test_a_group_that_nobody_granted_is_found_and_looked_for_again_once_it_is_mended(hires: HireWorld) -> None:
    case = await to_access_check(hires)
    asked = await case.task("access-differs")
    assert asked.role == "it-security" and FOREIGN in asked.why
    await case.answer(asked, "retry", "ivan")
    again = await case.task("access-differs")
    await hires.identity.leave(case.account().account_id, FOREIGN)
    await case.answer(again, "retry", "ivan")
    assert (await case.outcome()).status == "completed"
    assert case.states()["check"] == "done"
    assert case.kinds().count("access.checked") == 3


async def test_a_group_that_nobody_granted_is_accepted_with_a_reason(hires: HireWorld) -> None:
    case = await to_access_check(hires)
    await case.decide("access-differs", "accept", "ivan", comment="helps out in payables until May")
    assert (await case.outcome()).status == "completed"
    assert FOREIGN in case.account().groups


async def with_laptop(hires: HireWorld) -> tuple[HireCase, Case]:
    """A hire that is ready but for its equipment, and the purchase of that."""
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, LAPTOP)})
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.until(lambda: len(case.purchases()) == 1)
    return case, Case(hires, hires.client.get_workflow_handle(case.purchases()[0]))


async def test_equipment_that_is_promised_for_after_the_start_puts_day_one_at_risk(hires: HireWorld) -> None:
    case, purchase = await with_laptop(hires)
    await purchase.decide("owner", "approve")
    (order,) = await purchase.ordered()
    late = hires.start_on + timedelta(days=4)
    await purchase.acknowledge(order, lines=(AcknowledgedLine(line=1, status="changed", delivery_date=late),))
    await purchase.until(lambda: bool([task for task in purchase.tasks() if task.kind == "exception"]))
    (asked,) = [task for task in purchase.tasks() if task.kind == "exception"]
    await purchase.answer(asked, "accept", "bo")
    await case.until(lambda: case.expected(purchase.name) == late)
    await case.until(lambda: case.standing is not None and case.standing.readiness.state == "at-risk")
    assert case.standing is not None
    (blocker,) = case.standing.readiness.blockers
    assert (blocker.key, blocker.who) == ("equipment:GLOVES", LAPTOP.done_by)
    assert purchase.name in blocker.why and "after the start" in blocker.why
    await case.until(lambda: bool(told(hires, case)))
    assert any(each.startswith("At risk") for each in told(hires, case))
    await purchase.receive(order)
    await case.until(lambda: case.standing is not None and case.standing.readiness.state == "ready")


def told(hires: HireWorld, case: HireCase) -> list[str]:
    """What the manager was told of the readiness."""
    notices = hires.evidence.notices_of(case.name)
    return [each.text for each in notices if each.event == "hire.readiness-changed" and "mia" in each.people]


@pytest.mark.parametrize(("answer", "state"), [("accept", "skipped"), ("complete", "done")])
async def test_equipment_that_is_not_bought_is_done_without_or_found_elsewhere(
    hires: HireWorld, answer: str, state: str
) -> None:
    case, purchase = await with_laptop(hires)
    await purchase.decide("owner", "reject")
    asked = await case.task("equipment-refused")
    assert asked.role == "service-desk" and purchase.name in asked.why
    await case.answer(asked, answer, "serge", comment="one from the pool")
    await case.until(lambda: case.states().get("equipment:GLOVES") == state)
    await case.to_start_day()
    await case.until(lambda: case.enabled_at() is not None)


def ends_after_start(hires: HireWorld, days: int) -> Hire:
    """A nurse whose licence ends so many days after the start."""
    hire = hires.hire()
    (licence,) = hire.licences
    hires.licences.take_in(
        LicenceRecord(
            status="active",
            number=licence.number,
            state=licence.state,
            kind=licence.kind,
            expires_on=hires.start_on + timedelta(days=days),
            source="the board",
        )
    )
    return hire


async def test_a_licence_that_ends_soon_is_accepted_and_opens_clinical_access(hires: HireWorld) -> None:
    case = await hires.start_hire(ends_after_start(hires, 30))
    await case.decide("owner", "approve")
    asked = await case.task("licence-expiring")
    assert asked.role == "credentialing"
    await case.until(lambda: case.states().get("access:staff") == "done")
    assert case.states()["access:chart"] == "planned"
    await case.answer(asked, "accept", "cora", comment="the renewal is filed")
    await case.until(lambda: case.states().get("access:chart") == "done")


async def test_a_licence_that_is_renewed_meanwhile_is_found_when_it_is_looked_up_again(hires: HireWorld) -> None:
    hire = ends_after_start(hires, 30)
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    asked = await case.task("licence-expiring")
    (licence,) = hire.licences
    ends_on = hires.start_on + timedelta(days=800)
    hires.licences.take_in(
        LicenceRecord(status="active", number=licence.number, state="NY", kind="rn", expires_on=ends_on)
    )
    await case.answer(asked, "retry", "cora")
    await case.until(lambda: case.states().get("access:chart") == "done")


async def test_a_start_that_is_put_off_towards_the_end_of_a_licence_is_a_question(hires: HireWorld) -> None:
    hire = ends_after_start(hires, hires.rules.parameters.licence_days + 10)
    case = await hires.start_hire(hire)
    await case.prepared()
    await case.skip(timedelta(days=14))
    later = business_days_after(hires.start_on + timedelta(days=28), 0, FACILITY.calendar, frozenset())
    corrected = hire.model_copy(update={"start_on": later})
    assert await case.ask_for("correct-hire", "hanna", hire=corrected) == "applied"
    asked = await case.task("licence-expiring")
    assert asked.role == "credentialing"
    await case.answer(asked, "accept", "cora", comment="the renewal is filed")
    await case.until(lambda: case.states().get("rn-licence") == "done")
    await case.to_start_day()
    await case.until(lambda: case.enabled_at() is not None)
