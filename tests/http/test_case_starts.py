"""How cases of invoices and payment runs begin in Temporal: once, findable, and readable without bank numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from uuid import uuid4

import pytest
from temporalio.client import Client

from api.case_client import TemporalCaseClient
from api.starting import CaseExistsError, plain
from domain.capture import CapturedDocument
from domain.invoice import Invoice
from domain.people import Actor
from tests.fixtures.invoices import IBAN, as_json
from tests.fixtures.small_hospital import policy
from tests.http.fakes import NOW
from workflows.messages.invoice_to_payment import InvoiceInput, header_of
from workflows.messages.payment_run import PaymentRunInput
from workflows.search_attributes import FACILITY, PROCESS, URGENCY

SHA256 = "0123456789abcdef" * 4
ADA = Actor(person="ada", roles=("accounts-payable",), facilities=("north",))


@pytest.fixture
def cases(client: Client) -> TemporalCaseClient:
    return TemporalCaseClient(client, "https://corridor.example", "nobody-works-here")


def an_invoice_input(seller: str = "Acme Medical") -> InvoiceInput:
    invoice = Invoice.model_validate_json(as_json(seller={"name": seller}))
    document = CapturedDocument(
        sha256=SHA256, media_type="application/json", size=1, channel="api", sender="ada", received_at=NOW
    )
    return InvoiceInput(
        case_id=f"invoice-to-payment.north.{uuid4().hex}",
        facility="north",
        document=document,
        format="json",
        header=header_of(invoice),
        policy=policy(),
        submitted_at=NOW,
        submitted_by=ADA,
    )


def a_run_input() -> PaymentRunInput:
    case = f"payment-run.north.{uuid4().hex}"
    return PaymentRunInput(
        case_id=case, facility="north", currency="USD", policy=policy(), submitted_at=NOW, submitted_by=ADA
    )


async def test_an_invoice_begins_once_of_many_at_once(cases: TemporalCaseClient) -> None:
    request = an_invoice_input()

    async def started(start: Awaitable[None]) -> bool:
        try:
            await start
        except CaseExistsError:
            return False
        return True

    begun = await asyncio.gather(*(started(cases.start_invoice(request)) for _ in range(20)))
    assert sum(begun) == 1
    assert await cases.fingerprint(request.case_id) == SHA256


async def test_an_invoice_is_findable_and_readable(client: Client, cases: TemporalCaseClient) -> None:
    request = an_invoice_input("[Acme](https://evil.example) *Medical*")
    await cases.start_invoice(request)
    begun = await client.get_workflow_handle(request.case_id).describe()
    found = begun.typed_search_attributes
    assert (found[PROCESS], found[FACILITY], found[URGENCY]) == ("invoice-to-payment", "north", "routine")
    summary, details = await begun.static_summary(), await begun.static_details()
    assert summary == "Invoice INV-42 of Acme https://evil.example Medical"
    assert details is not None
    assert f"https://corridor.example/v1/cases/{request.case_id}" in details
    assert IBAN not in f"{summary}{details}"


async def test_a_run_is_findable_by_who_asked(client: Client, cases: TemporalCaseClient) -> None:
    request = a_run_input()
    await cases.start_payment_run(request, "asked-by-ada")
    with pytest.raises(CaseExistsError):
        await cases.start_payment_run(request, "asked-by-another")
    begun = await client.get_workflow_handle(request.case_id).describe()
    assert begun.typed_search_attributes[PROCESS] == "payment-run"
    assert await begun.static_summary() == "Payment run of North Hospital in USD"
    assert await cases.fingerprint(request.case_id) == "asked-by-ada"


async def test_a_long_name_is_cut_to_what_a_summary_may_be(client: Client, cases: TemporalCaseClient) -> None:
    request = an_invoice_input("🏥" * 200)
    await cases.start_invoice(request)
    summary = await (await client.get_workflow_handle(request.case_id).describe()).static_summary()
    assert summary is not None
    assert summary.startswith("Invoice INV-42 of 🏥")


@pytest.mark.parametrize(
    ("text", "shown"), [("a\nb", "a b"), ("`x` <b>", "x b"), ("Smith & Sons, Inc.", "Smith & Sons, Inc.")]
)
def test_a_strangers_text_carries_no_markup(text: str, shown: str) -> None:
    assert plain(text) == shown
