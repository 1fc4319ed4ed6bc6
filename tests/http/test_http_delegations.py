"""Substitutes: who may make a delegation, which are refused, and who may see and end them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.fixtures.evidence import CASE, a_task
from tests.fixtures.small_hospital import usd
from tests.http.fakes import NOW, Gateway, pointers, slug

DAY = timedelta(days=1)
TASK = f"{CASE}:approve-owner.1"


def iso(days: float) -> str:
    return (NOW + days * DAY).isoformat()


def a_body(**changes: Any) -> dict[str, Any]:
    return {"delegate": "olaf", "valid_until": iso(7)} | changes


async def add(gateway: Gateway, person: str = "carla", *roles: str, **changes: Any) -> httpx.Response:
    headers = {"Idempotency_Key": changes.pop("key")} if "key" in changes else {}
    return await gateway.post("/v1/delegations", a_body(**changes), person, *roles, **headers)


async def test_a_delegation_is_made_shown_and_ended(gateway: Gateway) -> None:
    scope = {"facilities": ["north"], "roles": ["cost-centre-owner"], "categories": ["gloves"], "max_amount": "500.00"}
    made = await add(gateway, scope=scope, reason="On leave", valid_from=iso(1))
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["delegator"], body["delegate"], body["made_by"], body["state"]) == (
        "carla",
        "olaf",
        "carla",
        "upcoming",
    )
    assert body["scope"] == scope | {"task_id": None}
    assert made.headers["location"] == f"/v1/delegations/{body['delegation_id']}"
    gateway.now = NOW + 2 * DAY
    for person in ("carla", "olaf"):
        (shown,) = (await gateway.get("/v1/delegations", person)).json()["items"]
        assert (shown["delegation_id"], shown["state"]) == (body["delegation_id"], "valid")
    assert (await gateway.get("/v1/delegations", "dirk")).json()["items"] == []
    ended = await gateway.post(f"{made.headers['location']}/revoke", None, "olaf")
    assert (ended.status_code, ended.json()["state"], ended.json()["revoked_by"]) == (200, "revoked", "olaf")
    again = await gateway.post(f"{made.headers['location']}/revoke", None, "carla")
    assert again.json() == ended.json()


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_repeat_gets_the_delegation_as_it_is_now(gateway: Gateway, by_header: bool) -> None:
    named = {"key": "delegation-4711"} if by_header else {"delegation_id": "delegation-4711"}
    first = await add(gateway, **named)
    gateway.now = NOW + DAY
    again = await add(gateway, **named)
    assert (again.status_code, again.json() | {"open_tasks": 0}) == (201, first.json())
    other = await add(gateway, **named, delegate="dirk")
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")
    foreign = await add(gateway, "frida", **named)
    assert (foreign.status_code, slug(foreign)) == (422, "idempotency-key-reused")
    assert len((await gateway.get("/v1/delegations")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delegate": "nobody"}, {"/delegate": "person-unknown"}),
        ({"delegate": "lena"}, {"": "delegation-not-allowed"}),
        ({"delegate": "carla"}, {"": "delegation-not-allowed"}),
        ({"valid_until": iso(31.5)}, {"": "delegation-not-allowed"}),
        ({"valid_until": iso(-1)}, {"": "delegation-not-allowed"}),
        ({"valid_from": iso(3), "valid_until": iso(3)}, {"": "delegation-not-allowed"}),
        ({"valid_from": iso(-1)}, {"/valid_from": "in-the-past"}),
        ({"valid_until": "9999-12-31T23:59:59-14:00"}, {"/valid_until": "value_error"}),
        ({"valid_until": "2026-03-09"}, {"/valid_until": "value_error"}),
        ({"scope": {"roles": ["buyer"]}}, {"/scope/roles/0": "role-not-theirs"}),
        ({"scope": {"roles": ["king"]}}, {"/scope/roles/0": "role-unknown"}),
        ({"scope": {"facilities": ["north", "south"]}}, {"/scope/facilities/1": "facility-not-theirs"}),
        ({"scope": {"facilities": ["atlantis"]}}, {"/scope/facilities/0": "facility-unknown"}),
        ({"scope": {"max_amount": "10000.01"}}, {"": "delegation-not-allowed"}),
        ({"scope": {"max_amount": 5.5}}, {"/scope/max_amount": "value_error"}),
        ({"scope": {"task_id": TASK}}, {"/scope/task_id": "extra_forbidden"}),
        ({"made_by": "paul"}, {"/made_by": "extra_forbidden"}),
        ({"scope": {"roles": ["king"]}, "delegate": "nobody"}, {"/delegate": "", "/scope/roles/0": ""}),
    ],
    ids=str,
)
async def test_what_may_not_be_delegated_is_told_with_every_fault(
    gateway: Gateway, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    answer = await add(gateway, **changes)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request"), answer.text
    assert pointers(answer) == set(expected)
    for fault in answer.json()["errors"]:
        assert expected[fault["pointer"]] in ("", fault["code"])
    assert (await gateway.get("/v1/delegations")).json()["items"] == []


async def test_a_role_that_is_never_delegated(gateway: Gateway) -> None:
    answer = await add(gateway, "paul", scope={"roles": ["process-owner"]})
    assert answer.status_code == 422
    assert "never lets process-owner be delegated" in answer.json()["errors"][0]["message"]


async def test_there_are_no_chains_and_no_circles(gateway: Gateway) -> None:
    await add(gateway)
    for person, delegate, word in (
        ("olaf", "dirk", "no chains"),
        ("dirk", "carla", "no chains"),
        ("olaf", "carla", "circle"),
    ):
        answer = await add(gateway, person, delegate=delegate)
        assert answer.status_code == 422
        assert word in answer.text
    assert (await add(gateway, "olaf", delegate="dirk", valid_from=iso(7), valid_until=iso(9))).status_code == 201


async def test_the_process_owner_delegates_for_others_at_their_facilities(gateway: Gateway) -> None:
    made = await add(gateway, "paul", delegator="carla")
    assert (made.status_code, made.json()["delegator"], made.json()["made_by"]) == (201, "carla", "paul")
    for person, delegator in (("dirk", "frida"), ("paul", "sam")):
        answer = await add(gateway, person, delegator=delegator)
        assert (answer.status_code, slug(answer)) == (403, "not-authorised")
    assert (await add(gateway, "paul", delegator="lena")).status_code == 422
    assert (await add(gateway, "paul", delegator="nobody")).status_code == 422


async def test_somebody_whom_the_directory_does_not_know_has_nothing_to_delegate(gateway: Gateway) -> None:
    answer = await add(gateway, "ghost", "cost-centre-owner")
    assert (answer.status_code, pointers(answer)) == (422, {"/delegator"})


async def test_who_oversees_sees_those_of_others(gateway: Gateway) -> None:
    made = (await add(gateway)).json()
    for role in ("process-owner", "auditor", "compliance-officer"):
        (shown,) = (await gateway.get("/v1/delegations?person=olaf", "ada", role)).json()["items"]
        assert shown["delegation_id"] == made["delegation_id"]
        assert (await gateway.get(made["links"]["self"], "ada", role)).status_code == 200
    assert (await gateway.get("/v1/delegations?person=olaf", "dirk")).status_code == 403
    assert (await gateway.get("/v1/delegations?person=sam", "ada", "auditor")).status_code == 404
    assert (await gateway.get("/v1/delegations?person=nobody", "ada", "auditor")).status_code == 404
    assert (await gateway.get(made["links"]["self"], "dirk")).status_code == 404
    assert (await gateway.get(made["links"]["self"], "ada", "auditor", facilities=["south"])).status_code == 404


async def test_who_may_end_a_delegation(gateway: Gateway) -> None:
    revoke = (await add(gateway)).json()["links"]["revoke"]
    assert (await gateway.post(revoke, None, "dirk")).status_code == 404
    assert (await gateway.post(revoke, None, "ada", "auditor")).status_code == 403
    assert (await gateway.post(revoke, None, "paul")).json()["revoked_by"] == "paul"
    assert (await gateway.post("/v1/delegations/delegation-0/revoke", None, "paul")).status_code == 404


async def open_tasks(gateway: Gateway) -> None:
    await gateway.ask(
        a_task(TASK, amount=usd(400), categories=("gloves",)),
        a_task(f"{CASE}:approve-owner.2", amount=usd(900), categories=("gloves",)),
        a_task(f"{CASE}:approve-owner.3", amount=usd(100), categories=("gloves",), excluded=("olaf",)),
        a_task(f"{CASE}:approve-owner.4", amount=usd(20_000), categories=("gloves",)),
        a_task(f"{CASE}:approve-owner.5", amount=usd(100), categories=("gloves",), people=("carla",)),
        a_task(f"{CASE}:approve-director.6", amount=usd(100), role="department-director"),
    )


async def test_the_answer_and_the_preview_say_what_the_delegate_gets(gateway: Gateway) -> None:
    await open_tasks(gateway)
    body = a_body(scope={"max_amount": "500", "categories": ["gloves"]})
    preview = await gateway.post("/v1/delegations/preview", body)
    assert (preview.status_code, preview.json()["open_tasks"]) == (200, 2)
    assert {task["task_id"] for task in preview.json()["tasks"]} == {TASK, f"{CASE}:approve-owner.5"}
    assert (await gateway.get("/v1/delegations")).json()["items"] == []
    assert (await add(gateway)).json()["open_tasks"] == 3  # the policy lets nobody hand over more than 10,000
    refused = await gateway.post("/v1/delegations/preview", a_body(delegate="nobody"))
    assert refused.status_code == 422


async def test_the_worklist_shows_for_whom_one_may_decide(gateway: Gateway) -> None:
    await open_tasks(gateway)
    assert (await gateway.get("/v1/tasks", "olaf")).json()["items"] == []
    await add(gateway, scope={"max_amount": "500"})
    items = (await gateway.get("/v1/tasks", "olaf")).json()["items"]
    assert [item["task_id"] for item in items] == [TASK, f"{CASE}:approve-owner.5"]
    assert items[0]["acting_for"] == ["carla"]
    assert items[0]["why_you"] == "You stand in for Carla until 2026-03-09 15:00 UTC."
    assert items[0]["actions"] == ["approve", "reject"]
    assert (await gateway.get(f"/v1/tasks/{TASK}", "olaf")).json()["acting_for"] == ["carla"]
    assert (await gateway.get(f"/v1/tasks/{CASE}:approve-owner.2", "olaf")).status_code == 404
    own = (await gateway.get(f"/v1/tasks/{TASK}", "carla")).json()
    assert (own["acting_for"], own["why_you"]) == ([], "You are cost-centre-owner at north.")
    gateway.now = NOW + 7 * DAY
    assert (await gateway.get("/v1/tasks", "olaf")).json()["items"] == []
    assert (await gateway.get(f"/v1/tasks/{TASK}", "olaf")).status_code == 404


async def test_who_left_lends_no_authority(gateway: Gateway) -> None:
    await open_tasks(gateway)
    await add(gateway)
    gateway.directory.change("carla", active=False)
    assert (await gateway.get("/v1/tasks", "olaf")).json()["items"] == []


async def test_one_task_is_delegated_until_it_is_due(gateway: Gateway) -> None:
    await gateway.ask(
        a_task(TASK, due_at=NOW + DAY, excluded=("nina",), amount=usd(100)), a_task(f"{CASE}:approve-owner.2")
    )
    path = f"/v1/tasks/{TASK}/delegate"
    made = await gateway.post(path, {"to": "olaf", "comment": "You know the ward"})
    assert made.status_code == 201, made.text
    assert (made.json()["scope"]["task_id"], made.json()["open_tasks"]) == (TASK, 1)
    assert made.json()["valid_until"] == (NOW + DAY).isoformat().replace("+00:00", "Z")
    (item,) = (await gateway.get("/v1/tasks", "olaf")).json()["items"]
    assert item["task_id"] == TASK
    assert len((await gateway.get("/v1/tasks", "carla")).json()["items"]) == 2
    onward = await gateway.post(path, {"to": "dirk"}, "olaf")
    assert (onward.status_code, slug(onward)) == (403, "not-authorised")


async def test_one_task_without_a_due_date_is_delegated_for_five_business_days(gateway: Gateway) -> None:
    await gateway.ask(a_task(TASK, amount=usd(100)))
    body = {"to": "olaf", "delegation_id": "delegation-1"}
    made = await gateway.post(f"/v1/tasks/{TASK}/delegate", body)
    assert made.json()["valid_until"] == "2026-03-09T14:00:00Z"  # Monday to Monday, by a wall clock that was moved
    gateway.now = NOW + DAY
    again = await gateway.post(f"/v1/tasks/{TASK}/delegate", body)
    assert again.json() | {"open_tasks": 1} == made.json()


@pytest.mark.parametrize(
    ("body", "person", "status", "problem"),
    [
        ({"to": "nina"}, "carla", 422, "invalid-request"),
        ({"to": "nobody"}, "carla", 422, "invalid-request"),
        ({"to": "carla"}, "carla", 422, "invalid-request"),
        ({"to": "olaf", "until": iso(40)}, "carla", 422, "invalid-request"),
        ({"to": "olaf"}, "bo", 403, "not-authorised"),
        ({"to": "olaf"}, "nina", 403, "requester-may-not-decide"),
        ({"to": "olaf"}, "olaf", 404, "task-not-found"),
        ({}, "carla", 422, "invalid-request"),
    ],
)
async def test_who_may_not_delegate_a_task(
    gateway: Gateway, body: dict[str, Any], person: str, status: int, problem: str
) -> None:
    await gateway.ask(a_task(TASK, excluded=("nina",)))
    answer = await gateway.post(f"/v1/tasks/{TASK}/delegate", body, person)
    assert (answer.status_code, slug(answer)) == (status, problem)


async def test_a_closed_task_is_not_delegated(gateway: Gateway) -> None:
    await gateway.ask(a_task(TASK))
    gateway.cases.ledgers[CASE].cancel(TASK, NOW, "withdrawn")
    await gateway.catch_up(CASE)
    answer = await gateway.post(f"/v1/tasks/{TASK}/delegate", {"to": "olaf"})
    assert (answer.status_code, slug(answer)) == (409, "task-closed")


async def told(gateway: Gateway) -> list[tuple[str, tuple[str, ...]]]:
    taken = await gateway.evidence.outbox.take(["email"], 10, NOW, NOW + DAY)
    return [(each.notice.event, each.notice.people) for each in taken]


async def test_both_are_told_once_of_the_beginning_and_of_the_end(gateway: Gateway) -> None:
    for _ in range(2):
        made = await add(gateway, "paul", delegator="carla", delegation_id="delegation-4711")
    assert await told(gateway) == [("delegation.made", ("carla", "olaf"))]
    for _ in range(2):
        await gateway.post(made.json()["links"]["revoke"], None)
    assert await told(gateway) == [("delegation.revoked", ("carla", "olaf"))]


async def test_nobody_is_told_of_what_was_refused(gateway: Gateway) -> None:
    await add(gateway, delegate="nobody")
    await gateway.post("/v1/delegations/preview", a_body())
    assert await told(gateway) == []
