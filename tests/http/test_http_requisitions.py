"""Intake: what is taken in, what is refused, and that a repeat is harmless."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fixtures.evidence import a_journal
from tests.http.fakes import Gateway, a_line, a_requisition, pointers, slug

CASE = "procure-to-pay.north.REQ-1"


async def submit(gateway: Gateway, body: Any = None, *roles: str, **headers: str) -> Any:
    body = a_requisition() if body is None else body
    return await gateway.http.post("/v1/requisitions", json=body, headers=gateway.as_("nina", *roles) | headers)


async def test_a_requisition_becomes_a_case(gateway: Gateway) -> None:
    answer = await submit(gateway)
    assert answer.status_code == 202
    assert answer.json()["case_id"] == CASE
    assert answer.headers["location"] == f"/v1/cases/{CASE}"
    started = gateway.cases.inputs[CASE]
    assert started.submitted_by.person == "nina"
    assert started.submitted_at == gateway.now
    assert started.policy.facility.code == "north"


async def test_the_same_request_gets_the_same_answer(gateway: Gateway) -> None:
    first = await submit(gateway)
    reordered = dict(reversed(a_requisition(urgency="routine").items()))
    again = await submit(gateway, reordered)
    assert (again.status_code, again.json()) == (202, first.json())
    assert len(gateway.cases.inputs) == 1


async def test_another_body_under_the_same_number_is_a_conflict(gateway: Gateway) -> None:
    await submit(gateway)
    answer = await submit(gateway, a_requisition(deliver_to="Ward 4"))
    assert (answer.status_code, slug(answer)) == (409, "business-key-taken")
    assert gateway.cases.inputs[CASE].requisition.deliver_to == "Ward 3"


@pytest.mark.parametrize(("body", "status"), [({}, 202), ({"deliver_to": "Ward 4"}, 409)])
async def test_a_case_that_temporal_forgot_is_known_by_its_evidence(
    gateway: Gateway, body: dict[str, Any], status: int
) -> None:
    await submit(gateway)
    sha256 = gateway.cases.inputs.pop(CASE).request_sha256
    await gateway.evidence.record(a_journal(CASE, request_sha256=sha256, status="completed"))
    answer = await submit(gateway, a_requisition(**body))
    assert answer.status_code == status
    assert not gateway.cases.inputs


async def test_a_case_that_neither_knows_yet_is_asked_for_later(gateway: Gateway) -> None:
    await submit(gateway)
    gateway.cases.forgotten.add(CASE)
    answer = await submit(gateway)
    assert (answer.status_code, slug(answer)) == (503, "unavailable")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"need_by": "2026-03-01"}, "/need_by"),
        ({"need_by": "soon"}, "/need_by"),
        ({"need_by": 1_800_000_000}, "/need_by"),
        ({"number": "a.b"}, "/number"),
        ({"currency": "EUR"}, "/currency"),
        ({"lines": []}, "/lines"),
        ({"lines": [a_line(), a_line()]}, "/lines/1/line"),
        ({"lines": [a_line(line="1")]}, "/lines/0/line"),
        ({"lines": [a_line(line=True)]}, "/lines/0/line"),
        ({"lines": [a_line(quantity={"value": "-1", "unit": "BX"})]}, "/lines/0/quantity/value"),
        ({"lines": [a_line(quantity={"value": 1.5, "unit": "BX"})]}, "/lines/0/quantity/value"),
        ({"lines": [a_line(quantity={"value": "NaN", "unit": "BX"})]}, "/lines/0/quantity/value"),
        ({"lines": [a_line(quantity={"value": "Infinity", "unit": "BX"})]}, "/lines/0/quantity/value"),
        ({"lines": [a_line(unit_price={"amount": "-5", "currency": "USD"})]}, "/lines/0/unit_price/amount"),
        ({"lines": [a_line(unit_price={"amount": "5", "currency": "EUR"})]}, "/lines/0/unit_price/currency"),
        ({"lines": [a_line(costs=[{"cost_centre": "N-1", "percent": "90"}])]}, "/lines/0/costs"),
        ({"facility": "south"}, "/facility"),
        ({"facility": "atlantis"}, "/facility"),
        ({"requester": "olaf"}, "/requester"),
        ({"urgency": "emergency"}, "/justification"),
    ],
)
async def test_a_fault_is_pointed_at_and_nothing_starts(
    gateway: Gateway, changes: dict[str, Any], pointer: str
) -> None:
    answer = await submit(gateway, a_requisition(**changes))
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointer in pointers(answer)
    assert not gateway.cases.inputs


async def test_faults_of_form_and_content_are_told_together(gateway: Gateway) -> None:
    body = a_requisition(
        colour="red",
        need_by="2020-01-01",
        requester="olaf",
        lines=[a_line(line="x"), a_line(line=2, quantity={"value": "0"}), a_line(line=2)],
    )
    answer = await submit(gateway, body)
    assert pointers(answer) == {
        "/colour",
        "/need_by",
        "/requester",
        "/lines/0/line",
        "/lines/1/quantity/value",
        "/lines/2/line",
    }


async def test_what_could_not_be_read_raises_no_further_faults(gateway: Gateway) -> None:
    answer = await submit(gateway, a_requisition(urgency="now", need_by=7, requester=None, lines=[a_line(costs=[])]))
    assert pointers(answer) == {"/urgency", "/need_by", "/requester", "/lines/0/costs"}


async def test_a_foreign_facility_reads_like_an_unknown_one(gateway: Gateway) -> None:
    foreign, unknown = [
        (await submit(gateway, a_requisition(facility=code))).text.replace(code, "it") for code in ("south", "atlantis")
    ]
    assert foreign == unknown


async def test_only_the_portal_asks_for_others(gateway: Gateway) -> None:
    body = a_requisition(requester="olaf")
    assert (await submit(gateway, body)).status_code == 422
    assert (await submit(gateway, body, "portal")).status_code == 202


async def test_the_day_counts_at_the_facility(gateway: Gateway) -> None:
    gateway.now = gateway.now.replace(day=3, hour=3)  # still the evening of the 2nd in New York
    answer = await submit(gateway, a_requisition(need_by="2026-03-02"))
    assert answer.status_code == 202


async def test_nothing_at_all_is_no_requisition(gateway: Gateway) -> None:
    headers = gateway.as_("nina") | {"content-type": "application/json"}
    answer = await gateway.http.post("/v1/requisitions", content=b"", headers=headers)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert answer.json()["errors"] == [{"pointer": "", "code": "missing", "message": "Send a JSON document."}]


async def test_a_key_that_stands_for_nothing_must_fit_all_the_same(gateway: Gateway) -> None:
    longest = {"Idempotency-Key": "k" * 255}
    assert (await submit(gateway, None, **longest)).status_code == 202
    answer = await submit(gateway, None, **{"Idempotency-Key": "k" * 256})
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == ("Idempotency-Key", "string_too_long")


async def test_numbers_are_read_as_they_are_written(gateway: Gateway) -> None:
    """Not as the nearest binary fraction: what cannot be exact is refused, whatever it looks like."""
    for number in ("1.10", "1e2", "100000000000000000000000.1"):
        body = json.dumps(a_requisition()).replace('"10"', number, 1)
        assert number in body
        headers = gateway.as_("nina") | {"content-type": "application/json"}
        answer = await gateway.http.post("/v1/requisitions", content=body, headers=headers)
        assert (answer.status_code, slug(answer)) == (422, "invalid-request")
