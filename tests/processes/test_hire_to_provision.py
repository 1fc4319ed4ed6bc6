"""Hires from the request to a person who works here, or to nothing that is left of them."""

from __future__ import annotations

from datetime import timedelta

from tests.fixtures.hire_world import HireWorld


async def test_a_nurse_is_ready_on_day_one_and_works_here_after_probation(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    account = case.account()
    assert account is not None and not account.active
    assert set(account.groups) == {"g-staff", "g-chart"}
    worker = await case.worker()
    assert worker is not None and worker.status == "prehire"
    await case.to_start_day()
    await case.until(lambda: case.account().active)
    await case.decide("arrival", "confirm-arrival", "mia")
    await case.until(lambda: case.states().get("arrival") == "done")
    worker = await case.worker()
    assert worker is not None and worker.status == "active"
    await case.decide("i9-2", "complete")
    await case.reached(i9_2="done")
    await case.skip(timedelta(days=40))
    result = await case.outcome()
    assert (result.status, result.ready_on_day_one) == ("completed", True)
    assert result.worker_number == worker.worker_number
    assert case.standing is not None and case.standing.closed


async def test_a_rescinded_hire_leaves_nothing(hires: HireWorld) -> None:
    case = await hires.start_hire(hires.hire())
    await case.prepared()
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete", comment="badge destroyed")
    result = await case.outcome()
    assert result.status == "rescinded"
    worker = await case.worker()
    assert worker is not None and worker.status == "rescinded"
    assert not [each for each in hires.identity.everything if each.worker_number == worker.worker_number]
    assert not await hires.access.held(worker.worker_id)
    employee = await hires.employees.find_employee(worker.worker_number)
    assert employee is not None and not employee.active
    assert not [task for task in case.tasks() if task.status == "open"]
    assert case.standing is not None and case.standing.readiness.state == "not-coming"
