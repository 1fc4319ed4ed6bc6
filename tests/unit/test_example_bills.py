"""The bills of the examples: what their file may say, how they are written, and what they reach between them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.invoice_documents import DocumentReader
from adapters.reference_files import load
from cli.demo.bills.files import amounts_of
from cli.demo.bills.story import Bill, billed_requisitions, load_bills
from cli.demo.bills.writing import MEDIA_TYPES, Billed, document_of, invoice_of
from cli.demo.story import StoryError, load_examples
from domain.capture import MediaType
from domain.invoice import Invoice
from tests.fixtures.bank_files import Transfer, a_nacha_file, a_pain001
from tests.fixtures.purchases import order

FOLDER = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 11, 21)
REQUISITIONS = [each.number for each in load_examples(FOLDER / "requisitions.jsonl")]
BILLS = load_bills(FOLDER / "invoices.jsonl", REQUISITIONS)
SUPPLIER = next(each for each in load(FOLDER, TODAY).payable_suppliers if each.code == "S-1001")


def _bill(**over: Any) -> Bill:
    return Bill.model_validate({"number": "B-1", "title": "T", "of": "REQ-2001", **over})


def _invoice(bill: Bill, received: dict[int, Decimal] | None = None) -> Invoice:
    placed = order()
    return invoice_of(Billed(bill, SUPPLIER, "north", "0614141000012", placed, received), TODAY)


def test_all_faults_of_the_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "invoices.jsonl"
    lines = [
        {"number": "A", "title": "T", "of": "REQ-1", "format": "fax"},
        {"number": "B", "title": "T"},
        {"number": "C", "title": "T", "of": "REQ-9"},
        {"number": "D", "title": "T", "of": "REQ-1", "repeats": "X"},
        {"number": "D", "title": "T", "of": "REQ-1", "expect": {"exceptions": ["no-such-code"]}},
        {"number": "C", "title": "T", "of": "REQ-1"},
    ]
    path.write_text("\n".join(json.dumps(each) for each in lines) + "\n{broken\n")
    with pytest.raises(StoryError) as raised:
        load_bills(path, ["REQ-1"])
    told = str(raised.value)
    for part in ("line 1: format", "names its supplier", "C bills REQ-9", "D names X", "no-such-code", "C stands"):
        assert part in told, part
    assert "line 7" in told


def test_most_bills_are_plain_and_every_format_and_channel_occurs() -> None:
    assert sum(each.is_plain for each in BILLS) > len(BILLS) / 2
    assert {each.format for each in BILLS} >= {"json", "ubl", "cii", "factur-x"}
    assert {each.channel for each in BILLS} == {"api", "drop-folder", "mailbox"}
    assert any(each.credits for each in BILLS)
    assert {each.bank for each in BILLS} == {None, "closed-account", "return-later"}


def test_only_bills_that_are_paid_in_full_end_a_purchase() -> None:
    bills = [
        _bill(),
        _bill(number="B-2", of="REQ-2002", closes=False),
        _bill(number="B-3", of="REQ-2003", expect={"end": "rejected"}),
    ]
    assert billed_requisitions(bills) == {"REQ-2001"}


@pytest.mark.parametrize("form", ["json", "ubl", "cii", "factur-x"])
def test_every_format_says_the_same_and_keeps_its_rules(form: str) -> None:
    bill = _bill(format=form)
    invoice = _invoice(bill)
    media_type: MediaType = MEDIA_TYPES[bill.format]
    reading = DocumentReader().read(document_of(bill, invoice), media_type)
    assert [each for each in reading.findings if each.severity == "fatal"] == []
    assert (reading.invoice.number, reading.invoice.totals) == (invoice.number, invoice.totals)
    assert reading.invoice.order_numbers == invoice.order_numbers
    assert [each.identity for each in reading.invoice.accounts] == [SUPPLIER.accounts[0].account.identity]


def test_a_bill_names_what_was_received_and_what_its_story_changes() -> None:
    plain, part = _invoice(_bill()), _invoice(_bill(), {1: Decimal(1)})
    price = plain.lines[0].unit_price.amount
    assert part.totals.payable.amount == price < plain.totals.payable.amount
    dear = _invoice(_bill(changes={"price_percent": "10", "charge": {"amount": "5.00"}, "payable_plus": "1.00"}))
    assert dear.lines[0].unit_price.amount == price * Decimal("1.1")
    assert dear.totals.payable.amount == dear.totals.total.amount + 1
    assert dear.totals.charges.amount == 5
    taxed = _invoice(_bill(changes={"tax_rate": "8", "issued": "-3d"}))
    assert taxed.issued_on == TODAY - timedelta(days=3)
    assert taxed.taxes[0].category == "S"


def test_amounts_are_read_from_the_payment_files_themselves() -> None:
    transfers = [Transfer("PAAAAAAAAAAAAAA", "100.00"), Transfer("PBBBBBBBBBBBBBB", "75.25")]
    expected = {"PAAAAAAAAAAAAAA": Decimal("100.00"), "PBBBBBBBBBBBBBB": Decimal("75.25")}
    assert amounts_of(a_pain001("RUN-1", "1000000001", transfers).content) == expected
    assert amounts_of(a_nacha_file("2000000001", transfers).content) == expected
    with pytest.raises(ValueError, match="no payment file"):
        amounts_of("Dear bank")
