"""Documents come in over HTTP: what becomes a case, what is refused, and that a repeat is harmless."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import httpx
import pytest

from domain.capture import MAX_DOCUMENT_BYTES
from tests.fixtures.evidence import a_journal
from tests.fixtures.invoices import an_invoice, as_json, as_pdf, as_xml
from tests.http.fakes import Gateway, slug
from workflows.messages.invoice_to_payment import invoice_case_id

JSON = "application/json"


async def send(
    gateway: Gateway, content: bytes, media: str | None = JSON, *, roles: str = "accounts-payable", **query: Any
) -> httpx.Response:
    claims = {"facilities": query.pop("facilities", ["north"])}
    headers = gateway.as_("ada", roles, **claims) | ({"content-type": media} if media else {})
    return await gateway.http.post("/v1/invoices", content=content, headers=headers, params=query)


def case_of(content: bytes, facility: str = "north", number: str = "INV-42") -> str:
    return invoice_case_id(facility, number, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("content", "media", "kept_as", "read_as"),
    [
        (as_json(), JSON, JSON, "json"),
        (as_xml(), "application/xml", "application/xml", "ubl-invoice"),
        (as_xml(), "text/xml; charset=iso-8859-1", "application/xml", "ubl-invoice"),
        (as_pdf(), "application/pdf", "application/pdf", "pdf"),
    ],
)
async def test_a_document_becomes_a_case(
    gateway: Gateway, content: bytes, media: str, kept_as: str, read_as: str
) -> None:
    answer = await send(gateway, content, media)
    case = case_of(content)
    assert (answer.status_code, answer.json()["case_id"]) == (202, case), answer.text
    assert answer.headers["location"] == f"/v1/invoices/{case}"
    started = gateway.cases.invoices[case]
    assert (started.facility, started.format, started.header.number) == ("north", read_as, "INV-42")
    assert (started.submitted_by.person, started.submitted_at) == ("ada", gateway.now)
    assert (started.document.media_type, started.document.channel, started.document.sender) == (kept_as, "api", "ada")
    assert await gateway.documents.content(started.document.sha256) == content
    copy = await gateway.documents.copy(case)
    assert copy is not None
    assert (copy.version, copy.by, copy.invoice.number) == (1, "corridor", "INV-42")


async def test_a_form_may_carry_the_document(gateway: Gateway) -> None:
    form = {"document": ("../../May invoice.pdf", as_pdf(), "application/pdf")}
    answer = await gateway.http.post("/v1/invoices", files=form, headers=gateway.as_("ada", "portal"))
    assert answer.status_code == 202
    assert gateway.cases.invoices[answer.json()["case_id"]].document.name == "May invoice.pdf"


@pytest.mark.parametrize(
    "form",
    [
        {"files": [("a", ("a.json", as_json(), JSON)), ("b", ("b.json", as_json(number="B"), JSON))]},
        {"files": {"a": ("a.json", as_json(), JSON)}, "data": {"facility": "north"}},
        {"content": b"no boundary", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ],
)
async def test_a_form_with_anything_but_one_file_is_refused(gateway: Gateway, form: dict[str, Any]) -> None:
    headers = gateway.as_("ada", "portal") | form.pop("headers", {})
    answer = await gateway.http.post("/v1/invoices", headers=headers, **form)
    assert (answer.status_code, slug(answer)) == (400, "malformed-form")
    assert not gateway.cases.invoices


async def test_the_same_document_gets_the_same_answer(gateway: Gateway) -> None:
    first = await send(gateway, as_json())
    again = await send(gateway, as_json())
    assert (again.status_code, again.json()) == (202, first.json())
    assert len(gateway.cases.invoices) == 1


async def test_a_hundred_at_once_are_one_case(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(send(gateway, as_json()) for _ in range(100)))
    assert {(each.status_code, each.json()["case_id"]) for each in answers} == {(202, case_of(as_json()))}
    assert len(gateway.cases.invoices) == 1


async def test_another_document_with_the_same_number_is_another_case(gateway: Gateway) -> None:
    headers = gateway.as_("ada", "accounts-payable") | {"idempotency-key": "the-same-key", "content-type": JSON}
    bodies = (as_json(), as_json(note="a second copy"))
    answers = [await gateway.http.post("/v1/invoices", content=body, headers=headers) for body in bodies]
    assert [each.status_code for each in answers] == [202, 202]
    assert set(gateway.cases.invoices) == {case_of(body) for body in bodies}


async def test_a_document_stays_at_the_facility_of_its_case(gateway: Gateway) -> None:
    """Also when the repeat names another one, or when the case is gone from Temporal."""
    content = as_json()
    case = case_of(content)
    await send(gateway, content)
    gateway.cases.invoices.clear()
    await gateway.evidence.record(a_journal(case, process="invoice-to-payment"))
    answer = await send(gateway, content, facility="south", facilities=["*"])
    assert (answer.status_code, answer.json()["case_id"]) == (202, case)
    assert not gateway.cases.invoices


async def test_what_a_caller_may_not_see_keeps_nobody_from_handing_in(gateway: Gateway) -> None:
    content = as_json()
    await send(gateway, content)
    await gateway.evidence.record(a_journal(case_of(content), process="invoice-to-payment"))
    answer = await send(gateway, content, facility="south", facilities=["south"])
    assert answer.json()["case_id"] == case_of(content, "south")


async def test_a_colliding_key_is_a_conflict(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.invoice_intake.invoice_case_id", lambda *_: "invoice-to-payment.north.SAME")
    assert (await send(gateway, as_json())).status_code == 202
    answer = await send(gateway, as_json(note="other"))
    assert (answer.status_code, slug(answer)) == (409, "document-key-taken")
    assert len(gateway.cases.invoices) == 1


async def test_the_facility_is_named_or_found_by_location_order_or_default(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal("procure-to-pay.south.REQ-9", order_numbers=("PO-9",)))
    nowhere = {"buyer": {"name": "somebody"}}
    everywhere: dict[str, Any] = {"facilities": ["*"]}
    named = await send(gateway, as_json(), facility="south", **everywhere)
    by_location = await send(gateway, as_json(order_numbers=["PO-9"]), **everywhere)
    by_order = await send(gateway, as_json(order_numbers=["PO-7", "PO-9"], **nowhere), **everywhere)
    cases = [each.json()["case_id"] for each in (named, by_location, by_order)]
    assert [case.split(".")[1] for case in cases] == ["south", "north", "south"]
    assert gateway.cases.invoices[cases[2]].linked_cases == ("procure-to-pay.south.REQ-9",)
    lost = await send(gateway, as_json(**nowhere), **everywhere)  # this house has no shared-service centre
    assert (lost.status_code, lost.json()["errors"][0]["code"]) == (422, "facility-required")


async def test_the_shared_service_centre_takes_what_names_no_facility(gateway: Gateway) -> None:
    gateway.places.add("shared")
    answer = await send(gateway, as_json(buyer={"name": "somebody"}), facilities=["*"])
    assert answer.json()["case_id"].startswith("invoice-to-payment.shared.")


@pytest.mark.parametrize("facility", ["south", "atlantis"])
async def test_a_foreign_facility_reads_like_an_unknown_one(gateway: Gateway, facility: str) -> None:
    answer = await send(gateway, as_json(), facility=facility)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert answer.json()["errors"][0]["parameter"] == "facility"
    assert answer.json()["errors"][0]["message"].replace(facility, "it").startswith("There is no facility 'it'")
    assert gateway.reader.reads == 0


@pytest.mark.parametrize("role", ["requester", "buyer", "treasury", "auditor"])
async def test_only_portal_and_accounts_payable_hand_in(gateway: Gateway, role: str) -> None:
    answer = await send(gateway, as_json(), roles=role)
    assert (answer.status_code, slug(answer)) == (403, "role-required")


async def test_without_a_token_nothing_is_read(gateway: Gateway) -> None:
    answer = await gateway.http.post("/v1/invoices", content=as_json(), headers={"content-type": JSON})
    assert answer.status_code == 401
    assert gateway.reader.reads == 0


async def test_what_cannot_be_read_is_told_finding_by_finding(gateway: Gateway) -> None:
    broken = an_invoice(currency="usd", totals=None)
    answer = await send(gateway, json.dumps(broken).encode())
    assert (answer.status_code, slug(answer)) == (422, "document-unreadable")
    assert {(each["code"], each["place"]) for each in answer.json()["errors"]} == {
        ("string_pattern_mismatch", "/currency"),
        ("missing", "/totals"),
    }
    assert not gateway.cases.invoices
    assert await gateway.documents.document(hashlib.sha256(json.dumps(broken).encode()).hexdigest()) is None


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (as_json(), None),
        (as_json(), "text/plain"),
        (as_json(), "application/xml"),
        (as_xml(), "application/pdf"),
        (b"\xef\xbb\xbf<invoice/>", JSON),
        (b"\xff\xfe<\x00?\x00", "application/pdf"),
        (as_pdf(), "text/xml"),
        (b"  %PDF-1.4", JSON),
    ],
)
async def test_another_type_or_one_that_it_is_not_is_refused(
    gateway: Gateway, content: bytes, media: str | None
) -> None:
    answer = await send(gateway, content, media)
    assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")
    assert "application/pdf" in answer.headers["accept"]
    assert gateway.reader.reads == 0


async def test_a_compressed_document_is_refused(gateway: Gateway) -> None:
    headers = gateway.as_("ada", "portal") | {"content-type": JSON, "content-encoding": "gzip"}
    answer = await gateway.http.post("/v1/invoices", content=as_json(), headers=headers)
    assert answer.status_code == 415


async def test_an_empty_document_is_refused(gateway: Gateway) -> None:
    answer = await send(gateway, b"", "application/pdf")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "document-empty")


async def test_a_document_may_be_larger_than_other_bodies_and_not_without_bound(gateway: Gateway) -> None:
    large = await send(gateway, as_json(note="x" * 2000, lines=600))  # over the 50,000 bytes of this gateway
    assert large.status_code == 202
    head = as_pdf()
    above = await send(gateway, head + b" " * (MAX_DOCUMENT_BYTES + 1 - len(head)), "application/pdf")
    assert (above.status_code, slug(above)) == (413, "body-too-large")
    far_above = await send(gateway, b"%PDF-" + b" " * (MAX_DOCUMENT_BYTES + 100_000), "application/pdf")
    assert (far_above.status_code, slug(far_above)) == (413, "body-too-large")
    elsewhere = await gateway.http.post("/v1/requisitions", content=b"x" * 60_000, headers=gateway.as_())
    assert elsewhere.status_code == 413
