"""Bills on the whole stack, over HTTP: from an order to money that the bank has booked, and many at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

import httpx
import pytest

from adapters.reference_files import load, load_logins
from cli.bills_of_stack import bills_of
from cli.composition import REFERENCE_FILES
from cli.demo.api import DemoApi, WebhookSigner
from cli.demo.bills.story import Bill, load_bills
from cli.demo.bills.writing import Billed, document_of, invoice_of
from cli.demo.player import play
from cli.demo.story import load_examples
from cli.event_keys import TYPES, signing_keys
from cli.stack import fetch_token
from tests.fixtures.open_house import House, at_once, open_house
from workflows.messages.invoice_to_payment import invoice_case_id

STORY = "CLP-2201"
AT_ONCE = 100


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("bills")) as opened:
        yield opened


def _today() -> date:
    return datetime.now(UTC).date()


async def test_a_bill_is_paid_and_the_purchase_ends_because_the_bank_said_so(house: House) -> None:
    everything = load_examples(REFERENCE_FILES / "requisitions.jsonl")
    bill = next(
        each
        for each in load_bills(REFERENCE_FILES / "invoices.jsonl", [e.number for e in everything])
        if each.number == STORY
    )
    bill = bill.model_copy(update={"format": "ubl"})
    examples, people = [each for each in everything if each.number == bill.of], load_logins(REFERENCE_FILES)
    addresses = house.addresses

    async def token(persona: str) -> str:
        return await fetch_token(addresses, persona)

    async with httpx.AsyncClient(base_url=addresses.gateway_url, timeout=60, trust_env=False) as client:
        api = DemoApi(client, token, WebhookSigner(signing_keys(addresses.data_folder), TYPES))
        shown = bills_of(addresses, api, everything, people, _today())
        alone = type(shown)([bill], shown.house, shown.treasury, shown.bank, shown.books)
        (purchase,), verdict = await play(api, examples, people, _today(), 120, lambda _, __: None, alone)

    assert verdict is not None
    assert verdict.reasons == ()
    assert purchase.snapshot["status"] == "completed"
    (row,) = verdict.bills
    assert row.ordered == row.received == row.billed == row.booked == row.paid > 0
    (payment,) = verdict.payments
    assert payment.in_file == payment.at_bank == payment.in_books == row.billed
    assert sorted(each.payments for each in verdict.runs) == [0, 1]  # two runs overlapped, and one had nothing to pay


async def test_one_hundred_identical_documents_at_once_are_one_case(house: House) -> None:
    reference = load(REFERENCE_FILES, _today())
    supplier = next(each for each in reference.payable_suppliers if each.code == "S-1012")
    bill = Bill.model_validate(
        {
            "number": "STS-100",
            "title": "A service",
            "supplier": supplier.code,
            "facility": "north",
            "format": "ubl",
            "changes": {"lines": [{"description": "A service", "amount": "10.00"}]},
        }
    )
    invoice = invoice_of(Billed(bill, supplier, "north", "0614141000012"), _today())
    content = document_of(bill, invoice)
    headers = {"Authorization": f"Bearer {house.person('portal').token}", "Content-Type": "application/xml"}

    def post() -> tuple[int, str]:
        answer = house.http.post("/v1/invoices", params={"facility": "north"}, content=content, headers=headers)
        return answer.status_code, str(answer.json().get("case_id"))

    answers: Counter[tuple[int, str]] = Counter()
    while left := AT_ONCE - answers.total():  # who is told to come again does
        said = await asyncio.to_thread(at_once, *[post] * left)
        answers.update(each for each in said if each[0] not in (429, 503))
    case = invoice_case_id("north", invoice.number, hashlib.sha256(content).hexdigest())
    assert answers == {(202, case): AT_ONCE}
    captured = await asyncio.to_thread(house.timeline, case, "invoice.captured")
    assert len(captured) == 1
