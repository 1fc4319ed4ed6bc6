"""Handing tasks to somebody else, watchers and further approvers, and what a leaver leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.delegation import Delegation
from domain.tasks import Task, TaskChange
from tests.fixtures.evidence import CASE, a_task
from tests.fixtures.small_hospital import usd
from tests.http.fakes import NOW, Gateway, pointers, slug

TASK = f"{CASE}:approve-owner.1"


def a_question(number: int = 1, **changes: Any) -> Task:
    given: dict[str, Any] = {"excluded": ("nina",), "duty": "approver", "amount": usd(400)}
    return a_task(f"{CASE}:approve-owner.{number}", **(given | changes))


async def reassign(gateway: Gateway, person: str = "carla", *roles: str, **body: Any) -> httpx.Response:
    headers = {"Prefer": body.pop("prefer")} if "prefer" in body else {}
    return await gateway.post(f"/v1/tasks/{TASK}/reassign", {"to": "dirk"} | body, person, *roles, **headers)


async def test_a_task_goes_to_whom_it_would_be_escalated_to(gateway: Gateway) -> None:
    await gateway.ask(a_question())
    await gateway.evidence.claim(TASK, "carla", NOW)
    answer = await reassign(gateway, comment="Yours, I think")
    assert answer.status_code == 200, answer.text
    (sent,) = gateway.cases.received
    assert isinstance(sent, TaskChange)
    assert (sent.actor.person, sent.assignee.person, sent.assignee.roles) == ("carla", "dirk", ("department-director",))
    await gateway.catch_up(CASE)
    (item,) = (await gateway.get("/v1/tasks", "dirk")).json()["items"]
    assert (item["people"], item["why_you"], item["claim"]) == (["dirk"], "You are named.", None)
    assert (await gateway.get("/v1/tasks", "carla")).json()["items"] == []


async def test_a_repeated_reassignment_gets_the_same_answer(gateway: Gateway) -> None:
    await gateway.ask(a_question())
    first = await reassign(gateway, change_id="change-0001")
    await gateway.catch_up(CASE)
    again = await reassign(gateway, change_id="change-0001")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await reassign(gateway, change_id="change-0001", comment="Another")
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "person", "status", "problem"),
    [
        ({"to": "bo"}, "carla", 422, "invalid-request"),
        ({"to": "sam"}, "carla", 422, "invalid-request"),
        ({"to": "lena"}, "carla", 422, "invalid-request"),
        ({"to": "nobody"}, "carla", 422, "invalid-request"),
        ({"to": "nina"}, "carla", 403, "requester-may-not-decide"),
        ({"assignee": {"person": "dirk", "roles": ["king"]}}, "carla", 422, "invalid-request"),
        ({}, "bo", 403, "not-authorised"),
        ({}, "nina", 403, "requester-may-not-decide"),
        ({}, "olaf", 404, "task-not-found"),
    ],
)
async def test_to_whom_and_by_whom_a_task_is_not_reassigned(
    gateway: Gateway, body: dict[str, Any], person: str, status: int, problem: str
) -> None:
    await gateway.ask(a_question())
    answer = await reassign(gateway, person, **body)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert gateway.cases.ledgers[CASE].task(TASK).people == ()


async def test_a_substitute_does_not_hand_the_task_on(gateway: Gateway) -> None:
    await gateway.ask(a_question())
    await gateway.delegations.add(a_delegation("carla", "olaf"))
    answer = await reassign(gateway, "olaf")
    assert (answer.status_code, slug(answer)) == (403, "not-authorised")


async def test_where_several_must_approve_one_takes_the_place_of_another(gateway: Gateway) -> None:
    await gateway.ask(a_question(needs=2, people=("carla", "frida")))
    unnamed = await reassign(gateway, "paul")
    assert (unnamed.status_code, pointers(unnamed)) == (422, {"/instead_of"})
    assert (await reassign(gateway, "paul", instead_of="frida")).status_code == 200
    assert gateway.cases.ledgers[CASE].task(TASK).people == ("carla", "dirk")
    twice = await reassign(gateway, "carla", to="dirk")
    assert (twice.status_code, pointers(twice)) == (422, {"/to"})


async def test_a_closed_task_and_a_closed_case_stay_as_they_are(gateway: Gateway) -> None:
    await gateway.ask(a_question())
    gateway.cases.closed.add(CASE)
    answer = await reassign(gateway)
    assert (answer.status_code, slug(answer)) == (409, "task-closed")
    gateway.cases.ledgers[CASE].cancel(TASK, NOW, "withdrawn")
    await gateway.catch_up(CASE)
    answer = await reassign(gateway)
    assert (answer.status_code, slug(answer)) == (409, "task-closed")


async def test_a_busy_case_is_answered_for_later(gateway: Gateway) -> None:
    await gateway.ask(a_question())
    gateway.cases.silent = True
    answer = await reassign(gateway, prefer="wait=0")
    assert (answer.status_code, answer.json()["record"]) == (202, None)
    assert answer.headers["location"] == f"/v1/tasks/{TASK}"


async def test_many_tasks_go_to_one_person_each_with_its_outcome(gateway: Gateway) -> None:
    await gateway.ask(a_question(), a_question(2, excluded=("dirk",)), a_question(3))
    ids = [f"{CASE}:approve-owner.{number}" for number in (1, 2, 3, 9)]
    body = {"task_ids": ids, "to": "dirk", "comment": "On leave"}
    answer = await gateway.post("/v1/tasks/reassign", body, Idempotency_Key="batch-0001")
    assert answer.status_code == 200, answer.text
    assert [item["status"] for item in answer.json()["items"]] == ["applied", "refused", "applied", "refused"]
    assert [item["problem"]["status"] for item in answer.json()["items"] if item["problem"]] == [403, 404]
    await gateway.catch_up(CASE)
    again = await gateway.post("/v1/tasks/reassign", body, Idempotency_Key="batch-0001")
    assert again.json() == answer.json()


async def test_all_that_somebody_holds_goes_to_another(gateway: Gateway) -> None:
    await gateway.ask(a_question(1, people=("carla",)), a_question(2), a_question(3), a_question(4, people=("dirk",)))
    await gateway.evidence.claim(f"{CASE}:approve-owner.2", "carla", NOW)
    body = {"from": "carla", "to": "frida"}
    foreign = await gateway.post("/v1/tasks/reassign", body, "dirk")
    assert (foreign.status_code, slug(foreign)) == (403, "role-required")
    answer = await gateway.post("/v1/tasks/reassign", body, "paul")
    assert [(item["task_id"][-1], item["status"]) for item in answer.json()["items"]] == [
        ("1", "applied"),
        ("2", "applied"),
    ]
    assert answer.json()["more"] is False
    known = await gateway.evidence.task(f"{CASE}:approve-owner.2")
    assert known is not None
    assert known.claim is None


@pytest.mark.parametrize(
    "body",
    [
        {"to": "dirk"},
        {"to": "dirk", "from": "carla", "task_ids": [TASK]},
        {"to": "dirk", "task_ids": []},
        {"to": "dirk", "task_ids": ["T"] * 101},
        {"from": "carla"},
        {"from_": "carla", "to": "dirk"},
    ],
)
async def test_many_are_named_in_one_way(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = await gateway.post("/v1/tasks/reassign", body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")


def a_delegation(delegator: str, delegate: str) -> Delegation:
    return Delegation(
        delegation_id=f"delegation-{delegator}-{delegate}",
        delegator=delegator,
        delegate=delegate,
        valid_from=NOW,
        valid_until=NOW + timedelta(days=7),
        made_by=delegator,
        made_at=NOW,
    )


async def test_everything_of_a_leaver_is_handed_over(gateway: Gateway) -> None:
    await gateway.ask(
        a_question(1, people=("carla",)),
        a_question(2, people=("carla",), excluded=("dirk",)),
        a_question(3),
        a_question(4),
        a_question(5, needs=2, people=("carla", "frida")),
    )
    await gateway.evidence.claim(f"{CASE}:approve-owner.3", "carla", NOW)
    for delegator, delegate in (("carla", "olaf"), ("bo", "carla"), ("dirk", "olaf")):
        await gateway.delegations.add(a_delegation(delegator, delegate))
    gateway.directory.change("carla", active=False)
    path, body = "/v1/people/carla/handover", {"to": "dirk", "comment": "Carla left", "handover_id": "handover-1"}
    answer = await gateway.post(path, body, "paul")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [(item["task_id"][-1], item["status"]) for item in told["items"]] == [
        ("1", "applied"),
        ("2", "refused"),
        ("5", "applied"),
    ]
    assert (told["applied"], told["refused"], told["more"]) == (2, 1, False)
    assert told["unclaimed"] == [f"{CASE}:approve-owner.3"]
    assert set(told["revoked_delegations"]) == {"delegation-carla-olaf", "delegation-bo-carla"}
    ledger = gateway.cases.ledgers[CASE]
    assert ledger.task(f"{CASE}:approve-owner.5").people == ("dirk", "frida")
    assert (await gateway.delegations.given_by("dirk", NOW)) != ()
    await gateway.catch_up(CASE)
    again = (await gateway.post(path, body, "paul")).json()
    assert [(item["task_id"][-1], item["status"]) for item in again["items"]] == [("2", "refused")]
    assert (again["unclaimed"], again["revoked_delegations"]) == ([], [])


@pytest.mark.parametrize(
    ("path", "body", "person", "status", "problem"),
    [
        ("carla", {"to": "dirk"}, "dirk", 403, "role-required"),
        ("sam", {"to": "dirk"}, "paul", 404, "person-not-found"),
        ("nobody", {"to": "dirk"}, "paul", 404, "person-not-found"),
        ("carla", {"to": "carla"}, "paul", 403, "handover-to-oneself"),
        ("carla", {"to": "lena"}, "paul", 422, "invalid-request"),
        ("carla", {}, "paul", 422, "invalid-request"),
    ],
)
async def test_who_hands_nothing_over(
    gateway: Gateway, path: str, body: dict[str, Any], person: str, status: int, problem: str
) -> None:
    answer = await gateway.post(f"/v1/people/{path}/handover", body, person)
    assert (answer.status_code, slug(answer)) == (status, problem)


# Watchers and further approvers


async def act(gateway: Gateway, action: str, body: Any, person: str = "nina") -> httpx.Response:
    return await gateway.post(f"/v1/cases/{CASE}/actions/{action}", body, person)


@pytest.mark.parametrize("action", ["add-approver", "add-watcher", "remove-watcher"])
async def test_the_requester_may_add_people_to_the_case(gateway: Gateway, action: str) -> None:
    await gateway.ask(a_question())
    answer = await act(gateway, action, {"person": "frida", "comment": "Please look"})
    assert answer.status_code == 200, answer.text
    (sent,) = gateway.cases.received
    assert (sent.action, sent.person) == (action, "frida")


@pytest.mark.parametrize(
    ("action", "body", "person", "status", "problem", "pointer"),
    [
        ("add-approver", {}, "nina", 422, "invalid-request", "/person"),
        ("add-approver", {"person": "nobody"}, "nina", 422, "invalid-request", "/person"),
        ("add-approver", {"person": "lena"}, "nina", 422, "invalid-request", "/person"),
        ("add-watcher", {"person": "sam"}, "nina", 422, "invalid-request", "/person"),
        ("add-watcher", {"person": "frida"}, "olaf", 404, "case-not-found", None),
        ("add-approver", {"person": "nina"}, "bo", 403, "requester-may-not-decide", None),
        ("add-approver", {"person": "olaf"}, "bo", 403, "requester-may-not-decide", None),
    ],
)
async def test_whom_nobody_adds(
    gateway: Gateway,
    action: str,
    body: dict[str, Any],
    person: str,
    status: int,
    problem: str,
    pointer: str | None,
) -> None:
    behalf = "olaf" if body.get("person") == "olaf" else None
    await gateway.ask(a_question(), on_behalf_of=behalf)
    answer = await act(gateway, action, body, person)
    assert (answer.status_code, slug(answer)) == (status, problem), answer.text
    assert pointer is None or pointers(answer) == {pointer}
    assert not gateway.cases.received


async def test_a_watcher_who_left_is_removed(gateway: Gateway) -> None:
    await gateway.ask(a_question(), watchers=("lena",))
    assert (await act(gateway, "remove-watcher", {"person": "lena"})).status_code == 200


@pytest.mark.parametrize("part", [{"watchers": ("olaf",)}, {"on_behalf_of": "olaf"}], ids=str)
async def test_watchers_and_who_needs_the_goods_see_the_case(gateway: Gateway, part: dict[str, Any]) -> None:
    await gateway.ask(a_question())
    for path in (f"/v1/cases/{CASE}", f"/v1/cases/{CASE}/timeline", f"/v1/tasks/{TASK}"):
        assert (await gateway.get(path, "olaf")).status_code == 404
    await gateway.catch_up(CASE, **part)
    for path in (f"/v1/cases/{CASE}", f"/v1/cases/{CASE}/timeline", f"/v1/tasks/{TASK}"):
        assert (await gateway.get(path, "olaf")).status_code == 200
        assert (await gateway.get(path, "olaf", facilities=["south"])).status_code == 404
    decided = await gateway.post(f"/v1/tasks/{TASK}/decision", {"action": "approve", "subject_version": 1}, "olaf")
    assert decided.status_code == 403
