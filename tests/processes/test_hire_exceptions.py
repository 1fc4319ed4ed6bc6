"""Every answer that an exception of a hire offers does something, and ends the question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from domain.credentials import ExclusionEntry, LicenceRecord
from domain.hire import ExtraAccess, Hire
from domain.hire_exceptions import HIRE_EXCEPTIONS
from domain.hris_system import Department, HrisSystem, KnownWorker
from domain.outside_errors import RefusedError
from domain.tasks import Task
from tests.fixtures.hire_rules import row
from tests.fixtures.hire_world import LAPTOP, PLAN, HireCase, HireWorld
from tests.fixtures.small_hris import manager, position, worker
from tests.fixtures.world import Case

Provoke = Callable[[HireWorld], Awaitable[HireCase]]
Cure = Callable[[HireWorld, HireCase], Awaitable[None]]
Effect = Callable[[HireCase, Task], Awaitable[None]]

OTHER_PROCESS = {"exclusion-list-faulty", "access-not-ended", "hire-file-refused"}
"""Raised of nobody's hire: see test_worker_incidents."""


# What an answer must bring about


def ends_as(status: str) -> Effect:
    async def check(case: HireCase, _: Task) -> None:
        assert (await case.outcome()).status == status

    return check


def goes_on_to(what: str) -> Effect:
    """Somebody is asked for the next thing."""

    async def check(case: HireCase, _: Task) -> None:
        await case.task(what)

    return check


def reaches(item: str, state: str = "done") -> Effect:
    async def check(case: HireCase, _: Task) -> None:
        await case.until(lambda: case.states().get(item) == state)

    return check


async def asked_anew(case: HireCase, task: Task) -> None:
    """It was tried again, and nothing had changed."""
    again = await case.task(str(task.exception_code))
    assert again.task_id != task.task_id


async def door_open(case: HireCase, _: Task) -> None:
    await case.until(lambda: bool(case.account().active))


async def revived(case: HireCase, _: Task) -> None:
    await case.decide("owner", "approve")
    await case.until(lambda: case.states().get("worker") == "done")
    made = await case.worker()
    assert made is not None and made.worker_id == "wid-100003"


# How an exception comes up


async def planned(hires: HireWorld, **over: Any) -> HireCase:
    return await hires.start_hire(hires.hire(**over))


async def begun(hires: HireWorld, hire: Hire | None = None) -> HireCase:
    case = await hires.start_hire(hire or hires.hire())
    await case.decide("owner", "approve")
    return case


async def day_one(hires: HireWorld) -> HireCase:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    await case.to_start_day()
    return case


def refusing(method: str, code: str, provoke: Provoke, times: int = 1) -> Provoke:
    async def provoked(hires: HireWorld) -> HireCase:
        hires.faults.fail(method, RefusedError("a system", code, "no"), times=times)
        return await provoke(hires)

    return provoked


async def perhaps_known(hires: HireWorld) -> HireCase:
    """Somebody of that name works here, and somebody left."""
    for number, status in (("100050", "active"), ("100003", "ended")):
        known = worker(number, given="Li", family="Wei", status=status, birth_date=date(1990, 1, 2))
        hires.hris.load(HrisSystem(workers=(KnownWorker(record=known),)))
    return await planned(hires, given="Li", family="Wei", birth_date=date(1990, 1, 2))


async def former(hires: HireWorld) -> HireCase:
    return await planned(hires, given="Li", family="Wei", birth_date=None)


async def twice(hires: HireWorld) -> HireCase:
    first = hires.hire(birth_date=date(1991, 2, 3))
    await (await hires.start_hire(first)).task("owner")
    return await hires.start_hire(hires.hire().model_copy(update={"person": first.person}))


async def on_saturday(hires: HireWorld) -> HireCase:
    saturday = hires.start_on + timedelta(days=(5 - hires.start_on.weekday()) % 7)
    return await planned(hires, start_on=saturday)


async def two_accesses(hires: HireWorld) -> HireCase:
    asked = [ExtraAccess(entitlement=each, reason="both") for each in ("create-suppliers", "pay-bills")]
    return await planned(hires, extra_access=tuple(asked))


def licence(status: str = "active", ends_in_days: int = 500) -> Provoke:
    async def provoked(hires: HireWorld) -> HireCase:
        hire = hires.hire()
        say(hires, hire, status, ends_in_days)
        return await begun(hires, hire)

    return provoked


def say(hires: HireWorld, hire: Hire, status: str, ends_in_days: int = 500) -> None:
    (claim,) = hire.licences
    given = {"status": status, "number": claim.number, "state": claim.state, "kind": claim.kind, "source": "the board"}
    ends = hires.start_on + timedelta(days=ends_in_days)
    hires.licences.take_in(LicenceRecord.model_validate({**given, "expires_on": ends}))


def with_row(item: str, kind: str, **over: Any) -> Provoke:
    async def provoked(hires: HireWorld) -> HireCase:
        extra = row(item, kind, -1, done_by="credentialing", **over)
        hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, extra)})
        return await begun(hires)

    return provoked


async def on_a_list(hires: HireWorld) -> HireCase:
    hire = hires.hire()
    name = hire.person.name
    entry = ExclusionEntry(list_name="LEIE", entry_id="1", family=name.family, given=name.given, kind="1128a1")
    hires.exclusions.entries.append(entry)
    return await begun(hires, hire)


async def more_than_granted(hires: HireWorld) -> HireCase:
    case = await day_one(hires)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.decide("i9-2", "complete")
    await hires.identity.join(case.account().account_id, "g-pay-bills")
    await case.skip(timedelta(days=80))
    return case


async def not_bought(hires: HireWorld) -> HireCase:
    hires.rules = hires.rules.model_copy(update={"plan": (*PLAN, LAPTOP)})
    case = await begun(hires)
    await case.until(lambda: len(case.purchases()) == 1)
    await Case(hires, hires.client.get_workflow_handle(case.purchases()[0])).decide("owner", "reject")
    return case


async def not_closed(hires: HireWorld) -> HireCase:
    case = await day_one(hires)
    await door_open(case, await case.task("arrival"))
    hires.faults.fail("disable", RefusedError("identity", "login-still-possible", "a login is possible"))
    await case.ask_for("rescind", "hanna")
    return case


async def left_over(hires: HireWorld) -> HireCase:
    case = await begun(hires)
    await case.until(lambda: case.states().get("access:chart") == "done")
    hires.faults.fail("delete", RefusedError("identity", "target-refused", "not by you"))
    await case.ask_for("rescind", "hanna")
    await case.decide("target-refused", "skip")
    return case


# What makes another try worth it


async def nothing(hires: HireWorld, case: HireCase) -> None:
    """The cause stays, or was gone already."""


async def department_made(hires: HireWorld, case: HireCase) -> None:
    made = Department(facility="north", code="laundry", name="Laundry", cost_centre="N-100")
    hires.hris.load(HrisSystem(departments=(made,)))


async def manager_came(hires: HireWorld, case: HireCase) -> None:
    hires.hris.load(HrisSystem(workers=(manager("100021", "newcomer"),)))


async def position_made(hires: HireWorld, case: HireCase) -> None:
    hires.hris.load(HrisSystem(positions=(position("P-77"),)))


async def board_agrees(hires: HireWorld, case: HireCase) -> None:
    case_input = (await case.handle.fetch_history()).events[0].workflow_execution_started_event_attributes.input
    (given,) = await hires.client.data_converter.decode(case_input.payloads)
    say(hires, Hire.model_validate(given["hire"]), "active")


async def out_of_the_group(hires: HireWorld, case: HireCase) -> None:
    await hires.identity.leave(case.account().account_id, "g-pay-bills")


async def deleted_by_hand(hires: HireWorld, case: HireCase) -> None:
    await hires.identity.delete(case.account().account_id)


# The table


@dataclass(frozen=True)
class Row:
    """How the exception comes up and, for each answer, what it brings about. `cure` is done before the answer 'retry'
    or 'complete', `said` is what the answer says besides."""

    code: str
    provoke: Provoke
    effects: dict[str, Effect]
    cure: Cure = nothing
    said: dict[str, dict[str, Any]] = field(default_factory=dict)


GIVEN_UP, STOPPED = ends_as("cancelled"), ends_as("rejected")
ON = goes_on_to("owner")
ACCOUNT = reaches("identity-account")
NAMED: dict[str, dict[str, Any]] = {"correct": {"hire": {"user_name": "a.chosen"}}}
MADE: dict[str, Effect] = {
    "correct": ACCOUNT,
    "retry": ACCOUNT,
    "skip": reaches("identity-account", "skipped"),
    "cancel": GIVEN_UP,
}
PROVEN = reaches("access:chart")
ROWS = (
    Row(
        "identity-conflict",
        perhaps_known,
        {"link": GIVEN_UP, "revive": revived, "create": ON, "cancel": GIVEN_UP},
        said={"link": {"hire": {"worker_id": "wid-100050"}}, "revive": {"hire": {"worker_id": "wid-100003"}}},
    ),
    Row(
        "rehire-candidate",
        former,
        {"revive": revived, "create": ON, "cancel": GIVEN_UP},
        said={"revive": {"hire": {"worker_id": "wid-100003"}}},
    ),
    Row("hire-in-progress", twice, {"create": ON, "cancel": GIVEN_UP}),
    Row("username-taken", refusing("create", "username-taken", begun, 20), MADE, said=NAMED),
    Row("account-conflict", refusing("create", "account-conflict", begun), MADE, said=NAMED),
    Row(
        "login-not-possible",
        refusing("enable", "login-not-possible", day_one),
        {"retry": door_open, "skip": goes_on_to("arrival")},
    ),
    Row("login-still-possible", not_closed, {"retry": goes_on_to("badge")}),
    Row(
        "position-unavailable",
        lambda hires: planned(hires, position="P-77"),
        {"retry": ON, "cancel": GIVEN_UP},
        position_made,
    ),
    Row(
        "department-unknown",
        lambda hires: planned(hires, department="laundry"),
        {"retry": ON, "cancel": GIVEN_UP},
        department_made,
    ),
    Row(
        "manager-missing",
        lambda hires: planned(hires, manager="newcomer"),
        {"retry": ON, "cancel": GIVEN_UP},
        manager_came,
    ),
    Row("start-date-implausible", on_saturday, {"accept": ON, "retry": asked_anew, "cancel": GIVEN_UP}),
    Row(
        "entitlement-unknown",
        lambda hires: planned(hires, extra_access=(ExtraAccess(entitlement="unheard-of", reason="why not"),)),
        {"remove": ON, "cancel": GIVEN_UP},
    ),
    Row(
        "entitlement-conflict",
        two_accesses,
        {"mitigate": ON, "remove": ON},
        said={"mitigate": {"hire": {"until": (date.today() + timedelta(days=60)).isoformat()}}},  # noqa: DTZ011 - weeks away
    ),
    Row(
        "licence-unverified",
        licence("not-found"),
        {"verify": PROVEN, "retry": PROVEN, "stop": STOPPED},
        board_agrees,
    ),
    Row(
        "licence-expiring",
        licence("active", 5),
        {"accept": PROVEN, "retry": PROVEN, "stop": STOPPED},
        board_agrees,
    ),
    Row("licence-barred", licence("suspended"), {"retry": PROVEN, "stop": STOPPED}, board_agrees),
    Row("npi-invalid", with_row("npi-check", "npi"), {"verify": reaches("npi-check"), "stop": STOPPED}),
    Row(
        "certificate-missing",
        with_row("acls", "certificate", credential="acls"),
        {"verify": reaches("acls"), "stop": STOPPED},
    ),
    Row("exclusion-candidate", on_a_list, {"clear": reaches("exclusion-lists"), "stop": STOPPED}),
    Row("access-differs", more_than_granted, {"accept": reaches("check"), "retry": reaches("check")}, out_of_the_group),
    Row(
        "equipment-refused",
        not_bought,
        {"accept": reaches("equipment:GLOVES", "skipped"), "complete": reaches("equipment:GLOVES")},
    ),
    Row("undo-by-hand", left_over, {"complete": ends_as("rescinded")}, deleted_by_hand),
    Row(
        "target-refused",
        refusing("prepare", "not-today", begun),
        {"retry": reaches("worker"), "cancel": GIVEN_UP},
    ),
)
CASES = [pytest.param(each, action, id=f"{each.code}-{action}") for each in ROWS for action in each.effects]


def test_every_exception_of_hires_is_walked_through() -> None:
    walked = {each.code: set(each.effects) for each in ROWS}
    assert set(walked) - {"target-refused"} == {each.code for each in HIRE_EXCEPTIONS} - OTHER_PROCESS
    for known in HIRE_EXCEPTIONS:
        if known.code not in OTHER_PROCESS:
            assert set(known.actions) <= walked[known.code], f"{known.code} says that it offers what is not offered"


@pytest.mark.parametrize(("exception", "action"), CASES)
async def test_each_answer_has_its_effect(hires: HireWorld, exception: Row, action: str) -> None:
    case = await exception.provoke(hires)
    task = await case.task(exception.code)
    assert set(task.actions) == set(exception.effects), "an answer that nobody has walked through"
    if action in ("retry", "complete"):
        await exception.cure(hires, case)
    record = await case.decide(exception.code, action, **exception.said.get(action, {}))
    assert record.status == "applied", record.because
    await exception.effects[action](case, task)
    kept = ("done", action)
    await case.until(lambda: kept in [(t.status, t.outcome) for t in case.tasks() if t.task_id == task.task_id])
