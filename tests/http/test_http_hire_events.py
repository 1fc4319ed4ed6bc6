"""What an HRIS reports of hires: each event has one effect, on the case that it is about."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.hire import HireChange, HireEnd
from tests.http.fakes import HR_SECRET, HRIS, NETWORK, OTHER_SECRET, Gateway, pointers, slug
from tests.http.hire_desk import CASE, SURNAME, a_hire, under_way

ENDED = {"number": "H-1", "facility": "north", "kind": "rescinded", "reason": "The offer was taken back"}


async def report(gateway: Gateway, kind: str = "hired", data: Any = None, **changes: Any) -> httpx.Response:
    given = {
        "specversion": "1.0",
        "id": "evt-1",
        "source": HRIS,
        "type": f"corridor.hr.{kind}",
        "data": a_hire() if data is None else data,
    }
    return await gateway.send_event(given | changes, HR_SECRET)


async def test_somebody_who_was_hired_becomes_a_case(gateway: Gateway) -> None:
    answer = await report(gateway)
    assert (answer.status_code, answer.json()["case_id"], answer.json()["record"]) == (202, CASE, None), answer.text
    assert answer.headers["location"] == f"/v1/cases/{CASE}"
    started = gateway.cases.hires[CASE]
    assert (started.source, started.submitted_by.person, started.hire.requester) == (
        "event",
        "source.urn-hris",
        "hanna",
    )
    assert not started.submitted_by.roles


async def test_delivered_twice_it_has_one_effect(gateway: Gateway) -> None:
    first = await report(gateway)
    again = await report(gateway)
    assert (again.status_code, again.json()) == (202, first.json())
    assert len(gateway.cases.hires) == 1
    assert not gateway.cases.received


async def test_another_body_under_the_number_corrects_the_running_case(gateway: Gateway) -> None:
    await report(gateway)
    answer = await report(gateway, data=a_hire(start_on="2026-04-06"), id="evt-2")
    assert answer.status_code == 200, answer.text
    assert answer.json()["record"]["status"] == "applied"
    (change,) = gateway.cases.received
    assert isinstance(change, HireChange)
    assert (change.change_id, str(change.hire.start_on), change.by) == (
        f"{HRIS}#evt-2",
        "2026-04-06",
        "source.urn-hris",
    )
    assert change.received_at == gateway.now


async def test_the_first_event_that_comes_late_once_more_takes_no_correction_back(gateway: Gateway) -> None:
    await report(gateway)
    await report(gateway, "hire-changed", a_hire(start_on="2026-04-06"), id="evt-2")
    answer = await report(gateway)
    assert answer.status_code == 202
    assert len(gateway.cases.received) == 1


async def test_a_change_reaches_its_case_whole(gateway: Gateway) -> None:
    await under_way(gateway)
    answer = await report(gateway, "hire-changed", a_hire(manager="max"))
    assert answer.status_code == 200, answer.text
    (change,) = gateway.cases.received
    assert (type(change), change.hire.manager) == (HireChange, "max")


@pytest.mark.parametrize("kind", ["rescinded", "no-show", "wrong-person"])
async def test_an_end_reaches_its_case(gateway: Gateway, kind: str) -> None:
    await under_way(gateway)
    answer = await report(gateway, "hire-ended", ENDED | {"kind": kind})
    assert answer.status_code == 200, answer.text
    (end,) = gateway.cases.received
    assert isinstance(end, HireEnd)
    assert (end.kind, end.reason, end.change_id) == (kind, ENDED["reason"], f"{HRIS}#evt-1")


async def test_news_of_a_closed_case_is_refused_and_a_repeat_is_answered(gateway: Gateway) -> None:
    await under_way(gateway)
    first = await report(gateway, "hire-ended", ENDED)
    gateway.cases.closed.add(CASE)
    again = await report(gateway, "hire-ended", ENDED)
    assert (again.status_code, again.json()) == (200, first.json())
    late = await report(gateway, "hire-changed", a_hire(), id="evt-9")
    assert (late.status_code, slug(late)) == (409, "case-closed")


async def test_a_busy_case_keeps_what_it_was_told(gateway: Gateway) -> None:
    await under_way(gateway)
    gateway.cases.silent = True
    event = {"specversion": "1.0", "id": "e", "source": HRIS, "type": "corridor.hr.hire-ended", "data": ENDED}
    answer = await gateway.send_event(event, HR_SECRET, prefer="wait=0")
    assert (answer.status_code, answer.json()["record"]) == (202, None)


@pytest.mark.parametrize(
    ("kind", "data", "status", "problem"),
    [
        ("hire-changed", a_hire(), 404, "hire-not-found"),
        ("hire-ended", ENDED, 404, "hire-not-found"),
        ("hire-ended", ENDED | {"facility": "south"}, 404, "hire-not-found"),
        ("hire-ended", ENDED | {"reason": ""}, 422, "invalid-request"),
        ("hire-ended", ENDED | {"kind": "retired"}, 422, "invalid-request"),
    ],
)
async def test_what_concerns_no_case(gateway: Gateway, kind: str, data: Any, status: int, problem: str) -> None:
    answer = await report(gateway, kind, data)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert not gateway.cases.received


@pytest.mark.parametrize("kind", ["hired", "hire-changed"])
async def test_faults_are_pointed_at_in_the_data(gateway: Gateway, kind: str) -> None:
    await under_way(gateway)
    body = a_hire(colour="red", start_on="2019-01-01", facility="south", linked_cases=7)
    answer = await report(gateway, kind, body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointers(answer) == {"/data/colour", "/data/start_on", "/data/facility", "/data/linked_cases"}
    assert SURNAME not in answer.text
    assert not gateway.cases.hires


async def test_a_source_reports_only_what_it_may(gateway: Gateway) -> None:
    event = {"specversion": "1.0", "id": "e", "source": NETWORK, "type": "corridor.hr.hired", "data": a_hire()}
    answer = await gateway.send_event(event, OTHER_SECRET)
    assert (answer.status_code, slug(answer)) == (403, "event-type-not-allowed")
    assert not gateway.cases.hires


async def test_a_source_links_no_cases(gateway: Gateway) -> None:
    await under_way(gateway, "hire-to-provision.north.H-0")
    answer = await report(gateway, data=a_hire(linked_cases=["hire-to-provision.north.H-0"]))
    assert (answer.status_code, pointers(answer)) == (422, {"/data/linked_cases/0"})
