"""Incidents about people who work here, and of HR files: every answer that is offered has an effect."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from domain.accounts import AccountDraft, HeldAccount
from domain.exceptions import Finding
from domain.hire import PersonName
from domain.outside_errors import RefusedError
from tests.fixtures.hire_world import HireWorld
from tests.fixtures.world import PATIENCE_SECONDS, Case
from workflows.messages import incident as messages

WORKER = "wid-100002"
OFFERED = {
    "licence-unverified": ("verify", "accept", "stop"),
    "licence-expiring": ("accept", "stop"),
    "licence-barred": ("accept", "stop"),
    "exclusion-candidate": ("clear", "stop"),
}
OF_NOBODY = ("exclusion-list-faulty", "access-not-ended", "hire-file-refused")


async def raised(hires: HireWorld, code: str, worker_id: str = "", hits: tuple[str, ...] = ()) -> Case:
    start = messages.IncidentInput(
        case_id=messages.incident_case_id("north", "licence", f"{hires.name} {code} {worker_id}"),
        facility="north",
        finding=Finding(code=code, message="somebody must look"),
        policy=hires.policy,
        submitted_at=datetime.now(UTC),
        worker_id=worker_id,
        hits=hits,
    )
    handle: WorkflowHandle[Any, Any] = await hires.client.start_workflow(
        messages.WORKFLOW_NAME,
        start,
        id=start.case_id,
        task_queue=hires.task_queue,
        result_type=messages.IncidentResult,
    )
    return Case(hires, handle)


async def at_work(hires: HireWorld) -> str:
    """A worker with an account that is open; returns its id."""
    draft = AccountDraft(worker_id=WORKER, worker_number="W-100002", user_name="carla", name=PersonName(family="Carla"))
    account = await hires.identity.create(draft)
    await hires.identity.enable(account.account_id)
    await hires.access.claim_name(
        HeldAccount(system="identity", worker_id=WORKER, user_name="carla", case_id="an earlier one")
    )
    await hires.access.bind("identity", WORKER, account.account_id)
    return account.account_id


async def ended(case: Case) -> messages.IncidentResult:
    found = await asyncio.wait_for(case.handle.result(), PATIENCE_SECONDS)
    return messages.IncidentResult.model_validate(found, from_attributes=True)


@pytest.mark.parametrize(("code", "action"), [(code, each) for code, actions in OFFERED.items() for each in actions])
async def test_stop_closes_the_accounts_and_every_other_answer_leaves_them(
    hires: HireWorld, code: str, action: str
) -> None:
    account_id = await at_work(hires)
    hits = ("hit-1",) if code == "exclusion-candidate" else ()
    case = await raised(hires, code, WORKER, hits)
    task = await case.task(code)
    assert set(task.actions) == set(OFFERED[code])
    await case.decide(code, action)
    assert (await ended(case)).ended_by == "answer"
    account = await hires.identity.account(account_id)
    assert account is not None
    assert account.active is (action != "stop")
    assert bool(hires.screening.clearings) is (action == "clear")


async def test_a_system_that_does_not_close_the_account_is_somebodys_task(hires: HireWorld) -> None:
    account_id = await at_work(hires)
    hires.faults.fail("disable", RefusedError("identity", "login-still-possible", "a login is possible"))
    case = await raised(hires, "licence-barred", WORKER)
    await case.decide("licence-barred", "stop")
    await case.decide("login-still-possible", "retry")
    assert (await ended(case)).status == "completed"
    account = await hires.identity.account(account_id)
    assert account is not None
    assert not account.active


@pytest.mark.parametrize("code", OF_NOBODY)
async def test_what_is_of_no_hire_ends_with_its_answer(hires: HireWorld, code: str) -> None:
    case = await raised(hires, code)
    assert (await case.task(code)).actions == ("accept",)
    await case.decide(code, "accept")
    assert (await ended(case)).ended_by == "answer"
