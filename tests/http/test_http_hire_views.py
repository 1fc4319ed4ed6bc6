"""Who sees how ready a hire is, and who sees whose hire it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.case import TimelineEntry
from domain.hire_plan import Readiness
from tests.fixtures.evidence import a_journal, a_task, an_entry
from tests.http.fakes import Gateway, slug
from tests.http.hire_desk import CASE, START, SURNAME, under_way

HR = "human-resources"
OTHER = "hire-to-provision.north.H-2"
SOUTH = "hire-to-provision.south.H-3"
TASK = f"{CASE}:identity-conflict.1"


def personal(seq: int = 1) -> TimelineEntry:
    return an_entry(seq, summary=f"{SURNAME} looks like W-7")


async def three_hires(gateway: Gateway) -> None:
    await under_way(gateway)
    ready = Readiness(state="ready", done=2, of=2)
    await under_way(gateway, OTHER, manager="max", department="surgery", start_on=date(2026, 4, 6), readiness=ready)
    await under_way(gateway, SOUTH)


async def listed(gateway: Gateway, query: str = "", person: str = "hanna", *roles: str, **claims: Any) -> list[str]:
    answer = await gateway.get(f"/v1/hires{query}", person, *(roles or (HR,)), **claims)
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["H-1", "H-2"]),
        ("?manager=max", ["H-2"]),
        ("?department=icu", ["H-1"]),
        ("?starts_from=2026-03-24", ["H-2"]),
        ("?starts_until=2026-03-23", ["H-1"]),
        ("?state=at-risk", ["H-1"]),
        ("?facility=north", ["H-1", "H-2"]),
        ("?facility=south", []),
    ],
)
async def test_the_list_is_filtered(gateway: Gateway, query: str, found: list[str]) -> None:
    await three_hires(gateway)
    assert await listed(gateway, query) == found


async def test_closed_hires_can_be_left_out(gateway: Gateway) -> None:
    await under_way(gateway, closed=True)
    assert await listed(gateway, "?open_only=true") == []
    assert await listed(gateway) == ["H-1"]


async def test_the_list_has_pages(gateway: Gateway) -> None:
    await three_hires(gateway)
    first = (await gateway.get("/v1/hires?limit=1", "hanna", HR)).json()
    second = (await gateway.get(f"/v1/hires?limit=1&cursor={first['next_cursor']}", "hanna", HR)).json()
    assert [first["items"][0]["number"], second["items"][0]["number"]] == ["H-1", "H-2"]
    assert second["next_cursor"] is None
    bad = await gateway.get("/v1/hires?cursor=nonsense", "hanna", HR)
    assert (bad.status_code, bad.json()["errors"][0]["code"]) == (422, "cursor-unknown")


async def test_everybody_sees_what_they_manage_and_who_works_on_hires_sees_all(gateway: Gateway) -> None:
    await three_hires(gateway)
    assert await listed(gateway, "", "mia", "requester") == ["H-1"]
    assert await listed(gateway, "", "max", "buyer") == ["H-2"]
    assert await listed(gateway, "?manager=max", "mia", "requester") == []
    assert await listed(gateway, "", "ida", "identity-desk") == ["H-1", "H-2"]
    assert await listed(gateway, "", "hanna", HR, facilities=["*"]) == ["H-1", "H-3", "H-2"]
    assert await listed(gateway, "", "mia", "requester", facilities=["south"]) == ["H-3"]


async def test_a_row_says_because_of_whom_a_person_may_not_be_ready(gateway: Gateway) -> None:
    await under_way(gateway)
    (row,) = (await gateway.get("/v1/hires", "mia", "requester")).json()["items"]
    assert (row["readiness"]["state"], row["start_on"]) == ("at-risk", START.isoformat())
    assert row["readiness"]["blockers"][0]["who"] == "facilities-desk"
    assert row["links"]["self"] == f"/v1/hires/{CASE}"


async def test_one_hire_shows_its_plan_and_measured_times(gateway: Gateway) -> None:
    await under_way(gateway)
    found = (await gateway.get(f"/v1/hires/{CASE}", "mia", "requester")).json()
    account, badge = found["items"]
    assert (account["state"], account["confirmed_after_seconds"]) == ("done", 2 * 86_400)
    assert account["note"] == "user aquartermain"
    assert (badge["state"], badge["confirmed_at"], badge["task_id"]) == ("waiting", None, "t-1")
    assert (badge["done_by"], badge["due_on"]) == ("identity-desk", START.isoformat())


async def test_who_only_works_on_hires_is_not_told_whose_it_is(gateway: Gateway) -> None:
    await under_way(gateway)
    found = (await gateway.get(f"/v1/hires/{CASE}", "ed", "education-desk")).json()
    assert [each["note"] for each in found["items"]] == ["", ""]


@pytest.mark.parametrize(
    ("person", "role", "status"),
    [
        ("hanna", "requester", 200),
        ("mia", "requester", 200),
        ("wilma", "requester", 200),
        ("hugo", HR, 200),
        ("alice", "auditor", 200),
        ("carla", "compliance-officer", 200),
        ("ida", "identity-desk", 200),
        ("sven", "service-desk", 403),
        ("bo", "buyer", 403),
        ("ada", "portal", 403),
        ("olaf", "requester", 404),
    ],
)
async def test_the_timeline_is_for_those_whom_it_concerns(
    gateway: Gateway, person: str, role: str, status: int
) -> None:
    await under_way(gateway)
    task = a_task(TASK, CASE, role="identity-desk", status="done", title=f"Is this {SURNAME}?")
    shown = {"process": "hire-to-provision", "requester": "hanna", "watchers": ("wilma",)}
    await gateway.evidence.record(a_journal(CASE, 2, personal(), tasks=(task,), **shown))
    answer = await gateway.get(f"/v1/cases/{CASE}/timeline", person, role)
    assert answer.status_code == status
    assert (SURNAME in answer.text) == (status == 200)
    if status == 403:
        assert slug(answer) == "personal-data"


async def test_the_thread_of_a_purchase_leaves_out_whose_laptop_it_is(gateway: Gateway) -> None:
    purchase = "procure-to-pay.north.EQ-1"
    await under_way(gateway)
    shown = {"process": "hire-to-provision", "requester": "hanna"}
    await gateway.evidence.record(a_journal(CASE, 2, personal(), **shown))
    await gateway.evidence.record(a_journal(purchase, 1, an_entry(1), linked=(CASE,)))
    path = f"/v1/cases/{purchase}/timeline?family=true"
    buyer, hr = [await gateway.get(path, *who) for who in (("bo", "buyer"), ("hugo", HR))]
    assert SURNAME not in buyer.text
    assert SURNAME in hr.text


async def test_open_questions_show_to_those_who_know_the_person(gateway: Gateway) -> None:
    await under_way(gateway)
    task = a_task(TASK, CASE, role="identity-desk", title=f"Is this {SURNAME}?")
    shown = {"process": "hire-to-provision", "requester": "hanna"}
    await gateway.evidence.record(a_journal(CASE, 2, tasks=(task,), **shown))
    for person, role, tasks in (("bo", "buyer", 0), ("ida", "identity-desk", 1), ("hugo", HR, 1)):
        found = await gateway.get(f"/v1/cases/{CASE}", person, role)
        assert (found.status_code, len(found.json()["tasks"])) == (200, tasks)
        assert (await gateway.get(f"/v1/tasks/{TASK}", person, role)).status_code == (200 if tasks else 404)


async def test_a_hire_without_a_plan_and_what_is_no_hire(gateway: Gateway) -> None:
    shown = {"process": "hire-to-provision", "requester": "hanna"}
    await gateway.evidence.record(a_journal(CASE, 1, **shown))
    await gateway.evidence.record(a_journal())
    young = await gateway.get(f"/v1/hires/{CASE}", "hanna", HR)
    assert (young.status_code, slug(young)) == (404, "plan-not-found")
    purchase = await gateway.get("/v1/hires/procure-to-pay.north.REQ-1", "hanna", HR)
    assert (purchase.status_code, slug(purchase)) == (404, "hire-not-found")
    south = await gateway.get(f"/v1/hires/{SOUTH}", "hanna", HR)
    assert (south.status_code, slug(south)) == (404, "case-not-found")


async def test_other_roles_do_not_see_the_plan(gateway: Gateway) -> None:
    await under_way(gateway)
    answer = await gateway.get(f"/v1/hires/{CASE}", "bo", "buyer")
    assert (answer.status_code, slug(answer)) == (403, "personal-data")
