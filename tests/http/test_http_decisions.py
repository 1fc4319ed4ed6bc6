"""Decisions on tasks and actions on cases: who may, when it counts, and that a repeat has one effect."""

from __future__ import annotations

from typing import Any

import pytest

from domain.tasks import Decision
from tests.fixtures.evidence import CASE, a_journal, a_task
from tests.http.fakes import Gateway, a_requisition, pointers, slug

TASK = f"{CASE}:approve-owner.1"
OWNER = "cost-centre-owner"
NO_WAIT = {"Prefer": "wait=0"}


async def open_case(gateway: Gateway, version: int = 1, **changes: Any) -> None:
    task = a_task(
        TASK,
        excluded=("nina",),
        actions=("approve", "reject", "correct"),
        **changes.pop("task", {"subject_version": 3}),
    )
    await gateway.evidence.record(a_journal(CASE, version, requester="nina", tasks=(task,), **changes))
    if CASE not in gateway.cases.ledgers and task.status == "open":
        gateway.cases.open(task)


async def decide(gateway: Gateway, body: Any = None, person: str = "carla", role: str = OWNER, **headers: str) -> Any:
    given = {"action": "approve", "subject_version": 3} | (body or {})
    all_headers = gateway.as_(person, role) | {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.http.post(f"/v1/tasks/{TASK}/decision", json=given, headers=all_headers)


async def act(
    gateway: Gateway, action: str, body: Any = None, person: str = "nina", *roles: str, **headers: str
) -> Any:
    all_headers = gateway.as_(person, *roles) | {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.http.post(f"/v1/cases/{CASE}/actions/{action}", json=body or {}, headers=all_headers)


async def test_a_decision_counts_and_says_so(gateway: Gateway) -> None:
    await open_case(gateway)
    answer = await decide(gateway, {"comment": "Fine"})
    assert answer.status_code == 200, answer.text
    record = answer.json()["record"]
    assert (record["status"], record["decision"]["actor"]["person"]) == ("applied", "carla")
    (sent,) = gateway.cases.received
    assert isinstance(sent, Decision)
    assert sent.decided_at == gateway.now


@pytest.mark.parametrize("header", [False, True])
async def test_a_repeated_decision_gets_the_same_answer(gateway: Gateway, header: bool) -> None:
    await open_case(gateway)
    headers = {"Idempotency_Key": "decision-4711"} if header else {}
    body = {} if header else {"decision_id": "decision-4711"}
    first = await decide(gateway, body, **headers)
    await open_case(gateway, 2, task={"subject_version": 3, "status": "done"})  # the read model has caught up
    gateway.cases.closed.add(CASE)
    again = await decide(gateway, body, **headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert len(gateway.cases.received) == 1


async def test_a_repeat_is_not_told_that_it_came_too_late_while_the_case_is_silent(gateway: Gateway) -> None:
    await open_case(gateway)
    body = {"decision_id": "decision-4711"}
    first = await decide(gateway, body)
    await open_case(gateway, 2, task={"subject_version": 3, "status": "done"})
    gateway.cases.silent = True  # as while its worker starts again
    unsure = await decide(gateway, body)
    assert (unsure.status_code, slug(unsure)) == (503, "unavailable")
    assert "retry-after" in unsure.headers
    gateway.cases.silent = False
    assert (await decide(gateway, body)).json() == first.json()


async def test_another_decision_under_a_used_id_is_refused(gateway: Gateway) -> None:
    await open_case(gateway)
    await decide(gateway, {"decision_id": "decision-4711"})
    answer = await decide(gateway, {"decision_id": "decision-4711", "action": "reject", "comment": "No"})
    assert (answer.status_code, slug(answer)) == (422, "idempotency-key-reused")


async def test_header_and_body_must_name_one_decision(gateway: Gateway) -> None:
    await open_case(gateway)
    answer = await decide(gateway, {"decision_id": "decision-1"}, Idempotency_Key="decision-2")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"
    assert not gateway.cases.received


async def test_any_idempotency_key_will_do(gateway: Gateway) -> None:
    await open_case(gateway)
    answer = await decide(gateway, Idempotency_Key='"a key: with spaces"')
    assert answer.status_code == 200
    assert len(answer.json()["decision_id"]) == 64


@pytest.mark.parametrize(
    ("body", "person", "role", "status", "problem"),
    [
        ({}, "nina", OWNER, 403, "requester-may-not-decide"),
        ({}, "nina", "requester", 403, "requester-may-not-decide"),
        ({}, "bo", "buyer", 403, "not-authorised"),
        ({}, "olaf", "requester", 404, "task-not-found"),
        ({"subject_version": 2}, "carla", OWNER, 409, "stale-version"),
        ({"subject_version": 4}, "carla", OWNER, 409, "stale-version"),
        ({"action": "skip", "comment": "x"}, "carla", OWNER, 422, "invalid-request"),
        ({"action": "reject"}, "carla", OWNER, 422, "invalid-request"),
        ({"action": "reject", "comment": "  "}, "carla", OWNER, 422, "invalid-request"),
        ({"action": "correct"}, "carla", OWNER, 422, "invalid-request"),
        ({"action": "dance"}, "carla", OWNER, 422, "invalid-request"),
        ({"subject_version": "3"}, "carla", OWNER, 422, "invalid-request"),
        ({"actor": {"person": "dirk"}}, "carla", OWNER, 422, "invalid-request"),
        ({"on_behalf_of": "dirk"}, "carla", OWNER, 403, "delegation-not-valid"),
        ({"authority": None}, "carla", OWNER, 422, "invalid-request"),
        ({"family_duties": []}, "carla", OWNER, 422, "invalid-request"),
        ({"overrides": []}, "carla", OWNER, 422, "invalid-request"),
        ({"decided_at": "2026-03-02T15:00:00Z"}, "carla", OWNER, 422, "invalid-request"),
    ],
)
async def test_what_does_not_count_is_told_and_not_sent(
    gateway: Gateway, body: dict[str, Any], person: str, role: str, status: int, problem: str
) -> None:
    await open_case(gateway)
    answer = await decide(gateway, body, person, role)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert not gateway.cases.received


async def test_a_stale_decision_is_told_the_current_version(gateway: Gateway) -> None:
    await open_case(gateway)
    assert (await decide(gateway, {"subject_version": 1})).json()["subject_version"] == 3


async def test_a_closed_task_takes_no_new_decision(gateway: Gateway) -> None:
    await open_case(gateway, task={"subject_version": 3, "status": "done"})
    answer = await decide(gateway)
    assert (answer.status_code, slug(answer)) == (409, "task-closed")


async def test_the_case_itself_has_the_last_word(gateway: Gateway) -> None:
    await open_case(gateway)
    gateway.cases.ledgers[CASE].cancel(TASK, gateway.now, "escalated")
    answer = await decide(gateway)
    assert (answer.status_code, slug(answer)) == (409, "task-closed")
    assert len(gateway.cases.received) == 1


async def test_a_case_that_closed_meanwhile(gateway: Gateway) -> None:
    await open_case(gateway)
    gateway.cases.closed.add(CASE)
    answer = await decide(gateway)
    assert (answer.status_code, slug(answer)) == (409, "case-closed")


async def test_a_busy_case_is_answered_for_later(gateway: Gateway) -> None:
    await open_case(gateway)
    gateway.cases.silent = True
    for prefer in ("wait=0", "wait=1", "respond-async, wait=0"):
        answer = await decide(gateway, {"decision_id": "decision-9"}, Prefer=prefer)
        assert (answer.status_code, answer.json()["record"]) == (202, None)
        assert answer.headers["location"] == f"/v1/tasks/{TASK}"


async def test_an_action_of_the_requester(gateway: Gateway) -> None:
    await open_case(gateway)
    answer = await act(gateway, "withdraw", {"comment": "No longer needed"})
    assert (answer.status_code, answer.json()["record"]["status"]) == (200, "applied")


async def test_a_repeated_action_gets_the_same_answer(gateway: Gateway) -> None:
    await open_case(gateway)
    body = {"comment": "No longer needed"}
    first = await act(gateway, "withdraw", body, Idempotency_Key="action-0815")
    await open_case(gateway, 2, status="withdrawn")
    gateway.cases.closed.add(CASE)
    again = await act(gateway, "withdraw", body, Idempotency_Key="action-0815")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await act(gateway, "withdraw", {"comment": "Another"}, Idempotency_Key="action-0815")
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")
    late = await act(gateway, "withdraw", body)
    assert (late.status_code, slug(late)) == (409, "case-closed")


@pytest.mark.parametrize(
    ("action", "body", "person", "role", "status", "problem"),
    [
        ("hold", {"comment": "x"}, "nina", "requester", 403, "not-authorised"),
        ("withdraw", {"comment": "x"}, "bo", "buyer", 403, "not-authorised"),
        ("withdraw", {"comment": "x"}, "olaf", "requester", 404, "case-not-found"),
        ("withdraw", {}, "nina", "requester", 422, "invalid-request"),
        ("amend", {}, "nina", "requester", 422, "invalid-request"),
        ("cancel-line", {"comment": "x"}, "nina", "requester", 422, "invalid-request"),
        ("explode", {}, "nina", "requester", 422, "invalid-request"),
        ("hold", {"comment": "x", "colour": 1}, "bo", "buyer", 422, "invalid-request"),
    ],
)
async def test_who_may_not_act(
    gateway: Gateway, action: str, body: dict[str, Any], person: str, role: str, status: int, problem: str
) -> None:
    await open_case(gateway)
    answer = await act(gateway, action, body, person, role)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert not gateway.cases.received


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"number": "REQ-2"}, "/requisition/number"),
        ({"facility": "south"}, "/requisition/facility"),
        ({"requester": "olaf"}, "/requisition/requester"),
        ({"need_by": "2020-01-01"}, "/requisition/need_by"),
        ({"colour": "red"}, "/requisition/colour"),
    ],
)
async def test_an_amendment_keeps_its_key_and_is_checked_like_a_request(
    gateway: Gateway, changes: dict[str, Any], pointer: str
) -> None:
    await open_case(gateway)
    answer = await act(gateway, "amend", {"requisition": a_requisition(**changes)})
    assert answer.status_code == 422
    assert pointers(answer) == {pointer}
    assert not gateway.cases.received


async def test_an_amendment(gateway: Gateway) -> None:
    await open_case(gateway)
    for person, role in (("nina", "requester"), ("portal-1", "portal")):
        answer = await act(gateway, "amend", {"requisition": a_requisition(deliver_to="Ward 9")}, person, role)
        assert answer.status_code == 200, answer.text


async def test_an_action_that_the_case_refuses(gateway: Gateway) -> None:
    await open_case(gateway)
    gateway.cases.refuse_actions = "already-held"
    answer = await act(gateway, "hold", {"comment": "Wait"}, "bo", "buyer")
    assert (answer.status_code, slug(answer)) == (409, "already-held")
    assert answer.json()["because"] == "already-held"


async def test_an_action_on_a_busy_case(gateway: Gateway) -> None:
    await open_case(gateway)
    gateway.cases.silent = True
    answer = await act(gateway, "hold", {"comment": "Wait"}, "bo", "buyer", **NO_WAIT)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/cases/{CASE}")
