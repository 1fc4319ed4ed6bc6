"""A purchase through the public API alone, with the real process on a real Temporal server behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import KeySet

from api.case_client import NoAnswerYetError, TemporalCaseClient
from domain.case import case_id
from tests.fixtures.world import World, actor
from tests.http.fakes import NETWORK, OTHER_SECRET, SECRET, WAREHOUSE, slug
from tests.http.purchase_people import People, people_of, request_in
from workflows.messages import procure_to_pay as messages


@pytest.fixture
async def people(world: World, issuer_keys: KeySet) -> AsyncIterator[People]:
    async with people_of(world, issuer_keys) as people:
        yield people


async def test_from_requisition_to_close(people: People, world: World) -> None:
    case, body = request_in(world)
    for _ in range(2):
        taken = await people.submit(body)
        assert (taken.status_code, taken.json()["case_id"]) == (202, case.name), taken.text
    other = await people.submit(body | {"deliver_to": "Elsewhere"})
    assert (other.status_code, slug(other)) == (409, "business-key-taken")

    task = await people.task("carla", case)
    path = f"/v1/tasks/{task['task_id']}/decision"
    answer = {"decision_id": "decision-1", "action": "approve", "subject_version": task["subject_version"]}
    first, again = [await people.post("carla", path, answer) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, again.json()), first.text
    late = await people.post("carla", path, answer | {"decision_id": "decision-2"})
    assert (late.status_code, slug(late)) == (409, "task-closed")

    await case.ordered()
    await case.until(lambda: case.name in world.evidence._orders.values())
    (order,) = (await people.get("nina", f"/v1/cases/{case.name}"))["orders"]
    await report_all(people, order)
    assert (await case.result()).status == "completed"
    assert (await people.get("nina", f"/v1/cases/{case.name}"))["case"]["status"] == "completed"
    assert len(case.orders()) == 1
    await nothing_more_happens(people, case.name, order, body)


async def report_all(people: People, order: str) -> None:
    now = people.gateway.now.isoformat()
    network, warehouse = (NETWORK, OTHER_SECRET), (WAREHOUSE, SECRET)
    acknowledged = {"order_number": order, "acknowledged_at": now}
    received = {
        "order_number": order,
        "received_at": now,
        "received_by": "rosa",
        "delivery_note": "LS-1",
        "lines": [{"line": 1, "accepted": "10"}],
    }
    settled = {
        "order_number": order,
        "settled_at": now,
        "amount": {"amount": "90", "currency": "USD"},
        "reference": "I-1",
    }
    for who, kind, event, data in (
        (network, "corridor.order.acknowledged", "e-1", acknowledged),
        (warehouse, "corridor.goods.received", "e-2", received),
        (warehouse, "corridor.goods.received", "e-2", received),
        (network, "corridor.order.settled", "e-3", settled),
    ):
        answer = await people.send(*who, kind, f"{order}-{event}", data)
        assert answer.status_code == 200, answer.text


async def nothing_more_happens(people: People, case: str, order: str, body: dict[str, Any]) -> None:
    """After the end: the same request is the same case, and messages are refused by name."""
    assert (await people.submit(body)).status_code == 202
    late = await people.send(
        NETWORK,
        OTHER_SECRET,
        "corridor.order.acknowledged",
        f"{order}-e-9",
        {"order_number": order, "acknowledged_at": people.gateway.now.isoformat()},
    )
    assert (late.status_code, slug(late)) == (409, "case-closed")
    withdrawn = await people.post("nina", f"/v1/cases/{case}/actions/withdraw", {"comment": "Too late"})
    assert (withdrawn.status_code, slug(withdrawn)) == (409, "case-closed")


async def test_a_case_is_withdrawn(people: People, world: World) -> None:
    case, body = request_in(world)
    await people.submit(body)
    await people.task("carla", case)
    answer = await people.post("nina", f"/v1/cases/{case.name}/actions/withdraw", {"comment": "Not needed"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["record"]["status"] == "applied"


async def test_what_the_web_ui_shows_of_a_case_at_its_start(people: People, world: World) -> None:
    case, body = request_in(world)
    await people.submit(body)
    description = await case.handle.describe()
    assert await description.static_summary() == f"Requisition {body['number']} of North Hospital"
    details = await description.static_details() or ""
    assert f"https://corridor.example/v1/cases/{case.name}" in details
    assert "nina" not in details


async def test_a_case_without_a_worker_is_answered_for_later(world: World) -> None:
    cases = TemporalCaseClient(world.client, task_queue="nobody-works-here")
    requisition = world.requisition()
    name = case_id("procure-to-pay", requisition.facility, requisition.number)
    start = messages.PurchaseInput(
        case_id=name,
        requisition=requisition,
        policy=world.policy,
        submitted_at=datetime.now(UTC),
        submitted_by=actor("nina"),
        request_sha256="f" * 64,
    )
    with world.temporal.with_time_skipping_disabled():
        await cases.start(start)
    assert await cases.fingerprint(name) == "f" * 64
    with pytest.raises(NoAnswerYetError):
        await cases.snapshot(name, timedelta(milliseconds=200))
    assert await cases.snapshot("procure-to-pay.north.NEVER", timedelta(seconds=5)) is None
    assert await cases.fingerprint("procure-to-pay.north.NEVER") is None
    await cases.health()
    await world.client.get_workflow_handle(name).terminate()


async def test_a_task_is_handed_over_and_decided_by_a_substitute(people: People, world: World) -> None:
    case, body = request_in(world)
    await people.submit(body)
    task = await people.task("carla", case)
    path = f"/v1/tasks/{task['task_id']}"

    watching = await people.post("nina", f"/v1/cases/{case.name}/actions/add-watcher", {"person": "olaf"})
    assert watching.status_code == 200, watching.text
    given = {"change_id": "change-0001", "to": "dirk", "comment": "You know the ward"}
    first, again = [await people.post("carla", f"{path}/reassign", given) for _ in range(2)]
    assert (first.status_code, first.json()) == (200, again.json()), first.text
    await case.until(lambda: world.evidence._tasks[task["task_id"]].task.people == ("dirk",))

    until = (people.gateway.now + timedelta(days=20)).isoformat()
    lent = await people.post("dirk", "/v1/delegations", {"delegate": "olaf", "valid_until": until})
    assert (lent.status_code, lent.json()["open_tasks"]) == (201, 1), lent.text
    (item,) = (await people.get("olaf", "/v1/tasks"))["items"]
    assert (item["task_id"], item["acting_for"]) == (task["task_id"], ["dirk"])
    answer = {"action": "approve", "subject_version": item["subject_version"], "on_behalf_of": "dirk"}
    decided = await people.post("olaf", f"{path}/decision", answer)
    assert decided.status_code == 200, decided.text
    assert (
        decided.json()["record"]["decision"]["authority"]["delegation"]["delegation_id"] == lent.json()["delegation_id"]
    )
    await case.ordered()
    timeline = (await people.get("olaf", f"/v1/cases/{case.name}/timeline"))["items"]
    assert ("olaf", "dirk") in {(each["entry"]["actor"], each["entry"]["on_behalf_of"]) for each in timeline}
