"""Overrides of the segregation of duties: asked for by one, given by another, used until their end, and reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.duties import DutyDone
from tests.fixtures.evidence import CASE, a_task
from tests.http.fakes import NOW, Gateway, pointers, slug

DAY = timedelta(days=1)
TASK = f"{CASE}:approve-owner.1"
RULE = "buyer-is-not-approver"


def a_body(**changes: Any) -> dict[str, Any]:
    given = {
        "person": "carla",
        "rule": RULE,
        "facility": "north",
        "reason": "The other manager is ill",
        "valid_until": (NOW + 7 * DAY).isoformat(),
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


async def ask(gateway: Gateway, **changes: Any) -> httpx.Response:
    return await gateway.post("/v1/segregation-overrides", a_body(**changes), "frida")


async def granted(gateway: Gateway, **changes: Any) -> dict[str, Any]:
    asked = (await ask(gateway, **changes)).json()
    answer = await gateway.post(asked["links"]["approve"], None, "cleo")
    assert answer.status_code == 200, answer.text
    approved: dict[str, Any] = answer.json()
    return approved


async def open_conflict(gateway: Gateway) -> None:
    """Carla bought what she is asked to approve."""
    duty = DutyDone(person="carla", duty="buyer", case_id=CASE, at=NOW)
    await gateway.ask(a_task(TASK, duty="approver", excluded=("nina",)), duties=(duty,))


async def decide(gateway: Gateway, person: str = "carla", **body: Any) -> httpx.Response:
    given = {"action": "approve", "subject_version": 1} | body
    return await gateway.post(f"/v1/tasks/{TASK}/decision", given, person)


async def test_an_override_is_asked_for_given_used_and_reported(gateway: Gateway) -> None:
    await open_conflict(gateway)
    assert slug(await decide(gateway)) == "duties-conflict"
    asked = await ask(gateway)
    assert (asked.status_code, asked.json()["state"], asked.json()["requested_by"]) == (201, "requested", "frida")
    assert asked.headers["location"] == asked.json()["links"]["self"]
    assert slug(await decide(gateway)) == "duties-conflict", "a request alone allows nothing"
    approved = await gateway.post(asked.json()["links"]["approve"], None, "cleo")
    assert (approved.json()["state"], approved.json()["approved_by"]) == ("valid", "cleo")
    decided = await decide(gateway, decision_id="decision-1")
    assert decided.status_code == 200, decided.text
    (sent,) = gateway.cases.received
    assert [(each.rule, each.approved_by) for each in sent.overrides] == [(RULE, "cleo")]
    (use,) = (await gateway.get(asked.json()["links"]["self"], "cleo")).json()["uses"]
    assert (use["decision_id"], use["case_id"], use["task_id"]) == ("decision-1", CASE, TASK)


async def test_after_its_end_it_allows_nothing(gateway: Gateway) -> None:
    await open_conflict(gateway)
    await granted(gateway)
    gateway.now = NOW + 7 * DAY
    assert slug(await decide(gateway)) == "duties-conflict"
    gateway.now = NOW + DAY
    other = await granted(gateway, person="frida", override_id="override-2")
    ended = await gateway.post(other["links"]["end"], None, "frida")
    assert (ended.json()["state"], ended.json()["ended_by"]) == ("ended", "frida")


async def test_an_ended_override_allows_nothing(gateway: Gateway) -> None:
    await open_conflict(gateway)
    approved = await granted(gateway)
    assert (await gateway.post(approved["links"]["end"], None, "paul")).status_code == 200
    assert slug(await decide(gateway)) == "duties-conflict"
    again = await gateway.post(approved["links"]["approve"], None, "cleo")
    assert again.json()["state"] == "ended", "the first approval stands, and so does the end"


@pytest.mark.parametrize("case", ["procure-to-pay.north.REQ-9", CASE])
async def test_one_for_a_case_holds_there_alone(gateway: Gateway, case: str) -> None:
    await open_conflict(gateway)
    await gateway.ask(a_task("procure-to-pay.north.REQ-9:x.1", "procure-to-pay.north.REQ-9"))
    await granted(gateway, case_id=case)
    assert (await decide(gateway)).status_code == (200 if case == CASE else 403)


async def test_one_of_somebody_else_does_not_help(gateway: Gateway) -> None:
    await open_conflict(gateway)
    await granted(gateway, person="dirk")
    assert slug(await decide(gateway)) == "duties-conflict"


@pytest.mark.parametrize(
    ("person", "roles", "status", "problem"),
    [
        ("frida", ("compliance-officer",), 403, "own-override"),
        ("carla", ("compliance-officer",), 403, "own-override"),
        ("paul", (), 403, "role-required"),
        ("bo", (), 404, "override-not-found"),
    ],
)
async def test_who_does_not_approve(
    gateway: Gateway, person: str, roles: tuple[str, ...], status: int, problem: str
) -> None:
    asked = (await ask(gateway)).json()
    answer = await gateway.post(asked["links"]["approve"], None, person, *roles)
    assert (answer.status_code, slug(answer)) == (status, problem)
    kept = await gateway.overrides.get(asked["override_id"])
    assert kept is not None
    assert kept.approved_by is None


async def test_the_first_of_two_approvals_stands(gateway: Gateway) -> None:
    approved = await granted(gateway)
    assert (await gateway.post(approved["links"]["approve"], None, "cleo")).json() == approved
    second = await gateway.post(approved["links"]["approve"], None, "ada", "compliance-officer")
    assert (second.status_code, slug(second)) == (409, "already-approved")


async def test_it_is_too_late_to_approve_what_is_over_or_ended(gateway: Gateway) -> None:
    first, second = (await ask(gateway)).json(), (await ask(gateway)).json()
    await gateway.post(first["links"]["end"], None, "frida")
    answer = await gateway.post(first["links"]["approve"], None, "cleo")
    assert (answer.status_code, slug(answer)) == (409, "override-ended")
    gateway.now = NOW + 8 * DAY
    answer = await gateway.post(second["links"]["approve"], None, "cleo")
    assert (answer.status_code, slug(answer)) == (409, "override-over")


async def test_a_repeat_is_no_second_request(gateway: Gateway) -> None:
    first = await ask(gateway, override_id="override-1")
    gateway.now = NOW + DAY
    assert (await ask(gateway, override_id="override-1")).json() == first.json()
    other = await ask(gateway, override_id="override-1", reason="Another")
    assert (other.status_code, slug(other)) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"person": "nobody"}, {"/person"}),
        ({"person": "lena"}, {"/person"}),
        ({"person": "sam"}, {"/person"}),
        ({"rule": "no-such-rule"}, {"/rule"}),
        ({"facility": "south"}, {"/facility", "/person"}),
        ({"facility": "atlantis"}, {"/facility", "/person"}),
        ({"valid_until": NOW.isoformat()}, {"/valid_until"}),
        ({"valid_until": (NOW + 31 * DAY).isoformat()}, {"/valid_until"}),
        ({"valid_until": (NOW + 31 * DAY).isoformat(), "person": "nobody"}, {"/valid_until", "/person"}),
        ({"reason": " "}, {"/reason"}),
        ({"reason": None}, {"/reason"}),
        ({"approved_by": "cleo"}, {"/approved_by"}),
    ],
    ids=lambda value: str(sorted(value)),  # the order of a set differs between processes that share the tests
)
async def test_what_cannot_be_asked_for(gateway: Gateway, changes: dict[str, Any], expected: set[str]) -> None:
    answer = await ask(gateway, **changes)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request"), answer.text
    assert pointers(answer) == expected


async def test_a_case_that_one_may_not_know_of(gateway: Gateway) -> None:
    answer = await ask(gateway, case_id="procure-to-pay.north.REQ-404")
    assert (answer.status_code, slug(answer)) == (404, "case-not-found")


async def test_who_sees_which(gateway: Gateway) -> None:
    asked = (await ask(gateway)).json()
    path = "/v1/segregation-overrides"
    for person in ("cleo", "paul", "carla"):
        assert len((await gateway.get(path, person)).json()["items"]) == 1
    assert (await gateway.get(path, "bo")).json()["items"] == []
    assert (await gateway.get(f"{path}?person=carla", "bo")).json()["items"] == []
    assert (await gateway.get(path, "cleo", facilities=["south"])).json()["items"] == []
    assert (await gateway.get(asked["links"]["self"], "bo")).status_code == 404
    assert (await gateway.get(asked["links"]["self"], "cleo", facilities=["south"])).status_code == 404
    assert (await gateway.post(asked["links"]["end"], None, "ada", "auditor")).status_code == 403


async def test_the_report_tells_used_from_unused(gateway: Gateway) -> None:
    await open_conflict(gateway)
    await granted(gateway, override_id="override-used")
    await decide(gateway)
    gateway.now = NOW + DAY
    await granted(gateway, override_id="override-idle", person="dirk")
    await ask(gateway, override_id="override-open", person="bo")
    path = "/v1/reports/segregation-overrides"
    report = (await gateway.get(path, "cleo")).json()
    assert (report["used"], report["unused"], report["never_approved"]) == (1, 1, 1)
    assert [item["override_id"] for item in report["items"]] == ["override-open", "override-idle", "override-used"]
    assert report["items"][2]["uses"][0]["case_id"] == CASE
    later = (await gateway.get(f"{path}?from=2026-03-03T00:00:00Z&limit=1", "ada", "auditor")).json()
    assert (later["items"][0]["override_id"], later["next_cursor"] is None) == ("override-open", False)
    earlier = (await gateway.get(f"{path}?until=2026-03-03T00:00:00Z", "paul")).json()
    assert [item["override_id"] for item in earlier["items"]] == ["override-used"]
    assert (await gateway.get(path, "bo")).status_code == 403
    assert (
        await gateway.get(f"{path}?from=2026-03-03T00:00:00Z&until=2026-03-03T00:00:00Z", "cleo")
    ).status_code == 422
