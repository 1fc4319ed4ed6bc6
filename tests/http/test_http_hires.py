"""Intake of hires: what is taken in, from whom, what is refused, and what a plan would be."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fixtures.evidence import a_journal
from tests.http.fakes import Gateway, pointers, slug
from tests.http.hire_desk import CASE, SURNAME, a_hire, a_person

HR = "human-resources"


async def submit(gateway: Gateway, body: Any = None, person: str = "hanna", *roles: str) -> httpx.Response:
    headers = gateway.as_(person, *(roles or (HR,)))
    return await gateway.http.post("/v1/hires", json=a_hire() if body is None else body, headers=headers)


async def test_a_hire_becomes_a_case(gateway: Gateway) -> None:
    answer = await submit(gateway)
    assert answer.status_code == 202, answer.text
    assert answer.json()["case_id"] == CASE
    assert answer.headers["location"] == f"/v1/hires/{CASE}"
    started = gateway.cases.hires[CASE]
    assert (started.submitted_by.person, started.submitted_at, started.source) == ("hanna", gateway.now, "api")
    assert started.policy.facility.code == "north"
    assert started.policy.hire is not None


async def test_the_same_hire_gets_the_same_answer_and_another_body_does_not(gateway: Gateway) -> None:
    first = await submit(gateway)
    again = await submit(gateway, dict(reversed(a_hire(employment_type="employee").items())))
    assert (again.status_code, again.json()) == (202, first.json())
    other = await submit(gateway, a_hire(title="Charge nurse"))
    assert (other.status_code, slug(other)) == (409, "business-key-taken")
    assert gateway.cases.hires[CASE].hire.title == "Registered nurse"


@pytest.mark.parametrize(("title", "status"), [("Registered nurse", 202), ("Charge nurse", 409)])
async def test_a_case_that_temporal_forgot_is_known_by_its_evidence(gateway: Gateway, title: str, status: int) -> None:
    await submit(gateway)
    sha256 = gateway.cases.hires.pop(CASE).request_sha256
    await gateway.evidence.record(a_journal(CASE, process="hire-to-provision", request_sha256=sha256))
    assert (await submit(gateway, a_hire(title=title))).status_code == status
    assert not gateway.cases.hires


async def test_a_case_that_neither_knows_yet_is_asked_for_later(gateway: Gateway) -> None:
    await submit(gateway)
    gateway.cases.forgotten.add(CASE)
    assert (await submit(gateway)).status_code == 503


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"number": "a.b"}, "/number"),
        ({"start_on": "soon"}, "/start_on"),
        ({"start_on": 1_800_000_000}, "/start_on"),
        ({"start_on": "2019-01-01"}, "/start_on"),
        ({"employment_type": "contractor"}, "/end_on"),
        ({"end_on": "2026-03-01"}, "/end_on"),
        ({"employment_type": "robot"}, "/employment_type"),
        ({"person": a_person(name={"given": "Allan"})}, "/person/name/family"),
        ({"person": a_person(npi="12")}, "/person/npi"),
        ({"person": a_person(personal_email="nowhere")}, "/person/personal_email"),
        ({"licences": [{"kind": "rn", "state": "Ohio", "number": "1"}]}, "/licences/0/state"),
        ({"equipment": [{"item": "LAPTOP-14", "quantity": "1"}]}, "/equipment/0/quantity"),
        ({"facility": "south"}, "/facility"),
        ({"facility": "atlantis"}, "/facility"),
        ({"linked_cases": ["procure-to-pay.north.REQ-404"]}, "/linked_cases/0"),
    ],
)
async def test_a_fault_is_pointed_at_and_nothing_starts(
    gateway: Gateway, changes: dict[str, Any], pointer: str
) -> None:
    answer = await submit(gateway, a_hire(**changes))
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointer in pointers(answer)
    assert SURNAME not in answer.text
    assert not gateway.cases.hires


async def test_faults_of_form_and_content_are_told_together(gateway: Gateway) -> None:
    body = a_hire(
        colour="red",
        person=a_person(npi="12"),
        start_on="2019-01-01",
        end_on="2018-01-01",
        licences=[{"kind": "RN", "state": "OH", "number": "1"}],
    )
    answer = await submit(gateway, body)
    assert pointers(answer) == {"/colour", "/person/npi", "/start_on", "/end_on", "/licences/0/kind"}


async def test_of_two_that_are_alike_the_first_is_named_where_it_was_sent(gateway: Gateway) -> None:
    unreadable, twice = {"kind": "RN", "state": "OH", "number": "1"}, {"kind": "rn", "state": "OH", "number": "2"}
    answer = await submit(gateway, a_hire(licences=[unreadable, twice, twice]))
    (fault,) = (each for each in answer.json()["errors"] if each["pointer"] == "/licences/2")
    assert "/licences/1" in fault["message"]


async def test_what_could_not_be_read_raises_no_further_faults(gateway: Gateway) -> None:
    answer = await submit(gateway, a_hire(employment_type="robot", requester=None, person="Allan"))
    assert pointers(answer) == {"/employment_type", "/requester", "/person"}


async def test_a_requester_posts_their_own_hires_alone(gateway: Gateway) -> None:
    foreign = await submit(gateway, None, "olaf", "requester")
    assert (foreign.status_code, pointers(foreign)) == (422, {"/requester"})
    own = await submit(gateway, a_hire(requester="olaf"), "olaf", "requester")
    assert own.status_code == 202


async def test_the_portal_posts_for_everybody_and_other_roles_not_at_all(gateway: Gateway) -> None:
    for role in ("buyer", "auditor", "it-security"):
        answer = await submit(gateway, None, "hanna", role)
        assert (answer.status_code, slug(answer)) == (403, "role-required")
    assert (await submit(gateway, None, "ada", "portal")).status_code == 202


async def test_a_preview_shows_the_dated_plan_and_who_would_approve(gateway: Gateway) -> None:
    body = a_hire(extra_access=[{"entitlement": "domain-admin", "reason": "On call", "until": "2026-06-30"}])
    answer = await gateway.http.post("/v1/hires/preview", json=body, headers=gateway.as_("hanna", HR))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    items = {each["key"]: each for each in found["items"]}
    assert items["rn-licence"]["due_on"] == "2026-03-20"
    assert items["badge"]["done_by"] == "facilities-desk"
    assert items["badge"]["reason"] == "Needed for badge."
    assert found["asks"] == ["position", "extra-access", "privileged-access"]
    assert found["unknown_asks"] == ["unbudgeted-position", "equipment"]
    assert [(each["role"], each["rules"]) for each in found["levels"]] == [
        ("cost-centre-owner", ["a-job"]),
        ("department-director", ["power"]),
    ]
    assert "it opens more than the job needs" in found["explanation"][1]
    assert SURNAME not in answer.text
    assert not gateway.cases.hires


async def test_a_preview_tells_the_same_faults(gateway: Gateway) -> None:
    body = a_hire(start_on="2019-01-01", colour="red")
    answer = await gateway.http.post("/v1/hires/preview", json=body, headers=gateway.as_("hanna", HR))
    assert pointers(answer) == {"/start_on", "/colour"}
