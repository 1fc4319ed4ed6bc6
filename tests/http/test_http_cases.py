"""Cases, their timelines and their tasks: shown to those who may see them, and not there for all others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.evidence import CASE, START, a_journal, a_snapshot, a_task, an_entry
from tests.http.fakes import Gateway, slug

SOUTH_CASE = "procure-to-pay.south.REQ-1"
TASK = f"{CASE}:approve-owner.1"


async def two_cases(gateway: Gateway, **changes: Any) -> None:
    task = a_task(TASK, excluded=("n.adams",), due_at=START, actions=("approve", "reject", "correct"))
    given = {"order_numbers": ("PO-1",), "tasks": (task, a_task(f"{CASE}:closed.2", status="done")), **changes}
    await gateway.evidence.record(a_journal(CASE, 1, an_entry(1), an_entry(2), **given))
    await gateway.evidence.record(a_journal(SOUTH_CASE, 1, an_entry(1), tasks=(a_task("t-south", SOUTH_CASE),)))
    gateway.cases.open(task)


async def get(gateway: Gateway, path: str, person: str = "carla", *roles: str, **claims: Any) -> Any:
    return await gateway.http.get(path, headers=gateway.as_(person, *(roles or ("cost-centre-owner",)), **claims))


async def test_a_list_shows_the_callers_facilities_only(gateway: Gateway) -> None:
    await two_cases(gateway)
    (item,) = (await get(gateway, "/v1/cases")).json()["items"]
    assert (item["case_id"], item["age_seconds"]) == (CASE, 1800)
    assert item["amount"] == {"amount": "120.50", "currency": "USD"}
    everywhere = (await get(gateway, "/v1/cases", facilities=["*"])).json()["items"]
    assert {item["case_id"] for item in everywhere} == {CASE, SOUTH_CASE}
    assert (await get(gateway, "/v1/cases?facility=south")).json()["items"] == []


async def test_a_requester_sees_their_own_only(gateway: Gateway) -> None:
    await two_cases(gateway)
    for person, seen in (("n.adams", 1), ("olaf", 0)):
        for roles in (("requester",), ("offline_access",)):
            listed = await get(gateway, "/v1/cases", person, *roles)
            shown = await get(gateway, f"/v1/cases/{CASE}", person, *roles)
            assert len(listed.json()["items"]) == seen
            assert shown.status_code == (200 if seen else 404)
    others = await get(gateway, "/v1/cases?requester=n.adams", "olaf", "requester")
    assert others.json()["items"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stage=approval", 1),
        ("stage=delivery", 0),
        ("status=running&process=procure-to-pay", 1),
        ("requester=olaf", 0),
        ("awaiting_role=buyer", 0),
        ("emergency=true", 0),
        ("submitted_before=2026-03-02T14:31:00Z", 1),
        ("submitted_before=2026-03-02T14:30:00Z", 0),
        ("waiting_since_before=2026-03-02T14:30:00Z", 0),
    ],
)
async def test_every_condition_narrows_the_list(gateway: Gateway, query: str, found: int) -> None:
    await two_cases(gateway)
    assert len((await get(gateway, f"/v1/cases?{query}")).json()["items"]) == found


async def test_pages_follow_one_another(gateway: Gateway) -> None:
    for number in range(5):
        submitted = START + timedelta(minutes=number)
        await gateway.evidence.record(a_journal(f"procure-to-pay.north.R-{number}", submitted_at=submitted))
    seen: list[str] = []
    query = "/v1/cases?limit=2"
    while True:
        page = (await get(gateway, query)).json()
        assert len(page["items"]) <= 2
        seen += [item["case_id"][-3:] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"/v1/cases?limit=2&cursor={page['next_cursor']}"
    assert seen == ["R-4", "R-3", "R-2", "R-1", "R-0"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=made-up", "cursor"),
        ("cursor=%00", "cursor"),
        ("stage=nowhere", "stage"),
        ("supplier=%00", "supplier"),
        ("submitted_before=2026-03-02T14:30:00", "submitted_before"),
        ("submitted_before=7", "submitted_before"),
    ],
)
async def test_a_parameter_that_makes_no_sense(gateway: Gateway, query: str, parameter: str) -> None:
    answer = await get(gateway, f"/v1/cases?{query}")
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert [each["parameter"] for each in answer.json()["errors"]] == [parameter]


async def test_a_case_with_its_tasks_orders_and_links(gateway: Gateway) -> None:
    await two_cases(gateway)
    body = (await get(gateway, f"/v1/cases/{CASE}")).json()
    assert body["case"]["case_id"] == CASE
    assert body["orders"] == ["PO-1"]
    assert [task["task_id"] for task in body["tasks"]] == [TASK]
    assert body["links"]["timeline"] == f"/v1/cases/{CASE}/timeline"


@pytest.mark.parametrize("path", ["", "/timeline"])
async def test_foreign_and_unknown_cases_read_alike(gateway: Gateway, path: str) -> None:
    await two_cases(gateway)
    answers = []
    for case in (SOUTH_CASE, "procure-to-pay.north.NOPE", "procure-to-pay.atlantis.NOPE", "nonsense"):
        answer = await get(gateway, f"/v1/cases/{case}{path}")
        assert (answer.status_code, slug(answer)) == (404, "case-not-found")
        answers.append(answer.text)
    assert len(set(answers)) == 1


async def test_a_case_too_young_for_the_read_model_speaks_for_itself(gateway: Gateway) -> None:
    gateway.cases.snapshots[CASE] = a_snapshot(CASE)
    assert (await get(gateway, f"/v1/cases/{CASE}")).json()["case"]["stage"] == "approval"
    assert (await get(gateway, f"/v1/cases/{CASE}", "olaf", "requester")).status_code == 404
    gateway.cases.silent = True
    answer = await get(gateway, f"/v1/cases/{CASE}")
    assert (answer.status_code, slug(answer)) == (503, "unavailable")


async def test_a_timeline_in_pages(gateway: Gateway) -> None:
    await two_cases(gateway)
    first = (await get(gateway, f"/v1/cases/{CASE}/timeline?limit=1")).json()
    second = (await get(gateway, f"/v1/cases/{CASE}/timeline?limit=1&cursor={first['next_cursor']}")).json()
    assert [page["items"][0]["entry"]["summary"] for page in (first, second)] == ["Fact 1", "Fact 2"]
    assert second["next_cursor"] is None


async def test_the_worklist_says_why_and_since_when(gateway: Gateway) -> None:
    await two_cases(gateway)
    (item,) = (await get(gateway, "/v1/tasks")).json()["items"]
    assert item["task_id"] == TASK
    assert (item["why"], item["rule"]) == ("The amount is over 100", "over-100")
    assert (item["age_seconds"], item["overdue"]) == (1800, True)
    assert item["actions"] == ["approve", "reject", "correct"]
    assert (await get(gateway, "/v1/tasks", "n.adams")).json()["items"] == []
    assert (await get(gateway, "/v1/tasks", "bo", "buyer")).json()["items"] == []


async def test_a_task_is_shown_with_what_the_caller_may_do(gateway: Gateway) -> None:
    await two_cases(gateway)
    mine = (await get(gateway, f"/v1/tasks/{TASK}")).json()
    theirs = (await get(gateway, f"/v1/tasks/{TASK}", "bo", "buyer")).json()
    assert (mine["actions"], theirs["actions"]) == (["approve", "reject", "correct"], [])
    for path, person, role in (
        ("t-south", "carla", "cost-centre-owner"),
        (TASK, "olaf", "requester"),
        ("no", "bo", "buyer"),
    ):
        answer = await get(gateway, f"/v1/tasks/{path}", person, role)
        assert (answer.status_code, slug(answer)) == (404, "task-not-found")


async def test_the_first_claim_stands_until_it_is_given_back(gateway: Gateway) -> None:
    await two_cases(gateway)
    path, back = f"/v1/tasks/{TASK}/claim", f"/v1/tasks/{TASK}/unclaim"
    carla, dora = gateway.as_("carla", "cost-centre-owner"), gateway.as_("dora", "cost-centre-owner")
    for _ in range(2):
        taken = await gateway.http.post(path, headers=carla)
        assert taken.json()["claim"]["person"] == "carla"
    late = await gateway.http.post(path, headers=dora)
    assert (late.status_code, slug(late)) == (409, "task-claimed")
    assert (await gateway.http.post(back, headers=dora)).status_code == 204
    assert (await get(gateway, f"/v1/tasks/{TASK}")).json()["claim"]["person"] == "carla"
    assert (await gateway.http.post(back, headers=carla)).status_code == 204
    assert (await gateway.http.post(path, headers=dora)).json()["claim"]["person"] == "dora"


async def test_who_may_not_claim(gateway: Gateway) -> None:
    await two_cases(gateway)
    for person, role, because in (
        ("n.adams", "requester", "requester-may-not-decide"),
        ("bo", "buyer", "not-authorised"),
    ):
        for verb in ("claim", "unclaim"):
            answer = await gateway.http.post(f"/v1/tasks/{TASK}/{verb}", headers=gateway.as_(person, role))
            assert (answer.status_code, slug(answer)) == (403, because)
    closed = await gateway.http.post(
        f"/v1/tasks/{CASE}:closed.2/claim", headers=gateway.as_("carla", "cost-centre-owner")
    )
    assert (closed.status_code, slug(closed)) == (409, "task-closed")
