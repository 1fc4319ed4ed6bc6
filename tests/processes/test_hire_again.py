"""People who are known already: former workers, people who work here, people whom another case hires."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.accounts import HeldAccount
from domain.hire import Hire
from tests.fixtures.hire_world import HireCase, HireWorld
from tests.fixtures.small_hris import DELETION_DUE, FORMER_BIRTH

FORMER = ("wid-100001", "W-100001")
MARIA: dict[str, Any] = {"family": "Gonzalez", "given": "Maria", "birth_date": FORMER_BIRTH}
ALMOST_MARIA: dict[str, Any] = {**MARIA, "family": "Gonzales"}
OLD_CASE = "hire-to-provision.north.H-OLD"


async def worked_here(hires: HireWorld, active: bool = False, known_to_us: bool = True) -> str:
    """Maria's account of her earlier employment; returns its id."""
    worker_id, number = FORMER
    old = hires.identity.take_in("mariag", number, active=active)
    if known_to_us:
        await hires.access.claim_name(
            HeldAccount(
                system="identity",
                worker_id=worker_id,
                user_name="mariag",
                account_id=old.account_id,
                case_id=OLD_CASE,
            )
        )
    return old.account_id


async def account_of(hires: HireWorld, account_id: str) -> Any:
    return await hires.identity.account(account_id)


async def to_work(case: HireCase) -> None:
    await case.to_start_day()
    await case.until(lambda: case.enabled_at() is not None)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.reached(arrival="done")


async def settled(hires: HireWorld, hire: Hire) -> HireCase:
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.decide("badge", "complete")
    await case.until(lambda: case.states().get("access:chart") == "done" and case.states().get("badge") == "done")
    return case


@pytest.mark.parametrize("known_to_us", [True, False], ids=["granted by a hire", "older than this register"])
async def test_whoever_comes_back_keeps_number_and_account(hires: HireWorld, known_to_us: bool) -> None:
    account_id = await worked_here(hires, known_to_us=known_to_us)
    case = await settled(hires, hires.hire(**MARIA))
    worker = await case.worker()
    assert worker is not None and (worker.worker_id, worker.worker_number) == FORMER
    assert (worker.status, worker.deletion_due_on) == ("prehire", None)
    account = await account_of(hires, account_id)
    assert not account.active and account.groups == ("g-chart", "g-staff")
    assert [each.user_name for each in hires.identity.everything] == ["mariag"]
    await to_work(case)
    assert (await account_of(hires, account_id)).active


@pytest.mark.parametrize("known_to_us", [True, False], ids=["granted by a hire", "older than this register"])
async def test_whoever_comes_back_and_does_not_is_as_before(hires: HireWorld, known_to_us: bool) -> None:
    account_id = await worked_here(hires, known_to_us=known_to_us)
    before = await hires.hris.worker(FORMER[0])
    case = await settled(hires, hires.hire(**MARIA))
    await case.to_start_day()
    await case.until(lambda: case.enabled_at() is not None)
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "rescinded"
    account = await account_of(hires, account_id)
    assert account is not None and not account.active and not account.groups
    assert not await hires.access.held(FORMER[0])
    worker = await hires.hris.worker(FORMER[0])
    assert worker is not None and worker == before
    assert (worker.status, worker.deletion_due_on) == ("ended", DELETION_DUE)
    employee = await hires.employees.find_employee(FORMER[1])
    assert employee is not None and not employee.active


@pytest.mark.parametrize("known_to_us", [True, False], ids=["granted by a hire", "older than this register"])
async def test_an_old_account_that_was_never_closed_is_closed_until_the_start(
    hires: HireWorld, known_to_us: bool
) -> None:
    account_id = await worked_here(hires, active=True, known_to_us=known_to_us)
    case = await settled(hires, hires.hire(**MARIA))
    assert not (await account_of(hires, account_id)).active
    await to_work(case)
    assert (await account_of(hires, account_id)).active


async def test_a_former_worker_who_is_not_certain_is_revived_by_a_person(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire(**ALMOST_MARIA))
    asked = await case.task("rehire-candidate")
    assert asked.role == "identity-desk"
    unheard = await case.answer(asked, "revive", "ida", hire={"worker_id": "wid-100002"})
    assert (unheard.status, unheard.because) == ("ignored", "worker-unknown")  # carla was not asked about
    await case.answer(asked, "revive", "ida", hire={"worker_id": FORMER[0]}, comment="same passport")
    await case.decide("owner", "approve")
    await case.reached(worker="done")
    worker = await case.worker()
    assert worker is not None and worker.worker_id == FORMER[0]
    assert worker.name.family == "Gonzales"


async def test_a_former_worker_who_is_somebody_else_gets_a_number_of_their_own(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire(**ALMOST_MARIA))
    await case.decide("rehire-candidate", "create", "ida", comment="another person")
    await case.decide("owner", "approve")
    await case.reached(worker="done")
    worker = await case.worker()
    assert worker is not None and worker.worker_id != FORMER[0]
    former = await hires.hris.worker(FORMER[0])
    assert former is not None and (former.status, former.deletion_due_on) == ("ended", DELETION_DUE)


MIA: dict[str, Any] = {"family": "Mia", "given": "", "birth_date": date(1970, 1, 4), "manager": "carla"}


async def test_somebody_who_works_here_is_linked_and_nothing_is_made(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire(**MIA))
    await case.decide("identity-conflict", "link", "ida", hire={"worker_id": "wid-100004"})
    result = await case.outcome()
    assert result.status == "cancelled" and "wid-100004" in result.reason
    assert not hires.hris.effects and not hires.identity.everything


async def test_somebody_of_the_same_name_and_birthday_is_made_once_a_person_says_so(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire(**MIA))
    await case.decide("identity-conflict", "create", "ida", comment="twins")
    await case.decide("owner", "approve")
    await case.reached(worker="done")
    worker = await case.worker()
    assert worker is not None and worker.worker_number == "W-100008"


async def test_nobody_is_hired_twice_at_once_unless_hr_says_so(hires: HireWorld) -> None:
    person = {"family": "Twice", "given": "Ann"}
    first = await hires.start_hire(hires.hire(**person))
    await first.task("owner")
    second = await hires.start_hire(hires.hire(position="P-2", **person))
    asked = await second.task("hire-in-progress")
    assert first.name in asked.why
    await second.answer(asked, "cancel", "hanna")
    assert (await second.outcome()).status == "cancelled"
    third = await hires.start_hire(hires.hire(position="P-3", **person))
    await third.decide("hire-in-progress", "create", "hanna", comment="a second, part-time contract")
    await third.decide("owner", "approve")
    await first.decide("owner", "approve")
    await third.reached(worker="done")
    await first.reached(worker="done")
    one, other = await first.worker(), await third.worker()
    assert one is not None and other is not None and one.worker_number != other.worker_number


async def test_a_user_name_of_somebody_else_gives_way_to_the_next_by_the_rule(hires: HireWorld) -> None:
    strangers = hires.identity.take_in("aexample", "W-999999", active=True)
    case = await settled(hires, hires.hire(family="Example"))
    assert case.account().user_name == "aexample2"
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete")
    await case.outcome()
    assert hires.identity.everything == (strangers,)


async def test_when_every_name_is_taken_the_identity_desk_chooses_one(hires: HireWorld) -> None:
    for number in ("", *range(2, 21)):
        hires.identity.take_in(f"aexample{number}")
    case = await hires.start_hire(hires.hire(family="Example"))
    await case.decide("owner", "approve")
    await case.decide("username-taken", "correct", "ida", hire={"user_name": "aexample3"})
    await case.decide("username-taken", "correct", "ida", hire={"user_name": "ann.example"})
    await case.reached(identity_account="done")
    assert case.account().user_name == "ann.example"
