"""Invoices made bad on purpose: each ends in a reading or in a refusal, in bounded time and memory."""

from __future__ import annotations

import pytest
from hypothesis import given

from adapters.invoice_documents import DocumentReader
from adapters.invoice_documents.faults import MAX_MESSAGE, MAX_PLACE
from adapters.pdf_extraction import PdfExtraction
from domain.capture import MediaType, UnreadableDocumentError
from tests.fixtures.fuzzing import bounded, fuzzed, mutated
from tests.fixtures.hostile_pdfs import bomb, with_action, with_files
from tests.fixtures.invoice_documents import cii_invoice, facturx_pdf, invoice_page, ubl_invoice
from tests.fixtures.sound_invoices import sound

READER = DocumentReader(PdfExtraction())
SECONDS, MEBIBYTES = 10, 400
"""Far more than any of them takes: the largest document that is let in takes two seconds."""
INVOICE = sound()
XML = [ubl_invoice(INVOICE), ubl_invoice(sound(kind="credit-note")), cii_invoice(INVOICE)]
JSON = [INVOICE.model_dump_json().encode()]
PDF = [
    facturx_pdf(INVOICE),
    invoice_page(INVOICE),
    with_action(facturx_pdf(INVOICE), "/JavaScript", "open"),
    with_files([("factur-x.xml", cii_invoice(INVOICE)), ("terms.xml", b"<html/>")]),
    bomb(1_000_000, layers=2),
]


def read(content: bytes, media_type: MediaType) -> None:
    with bounded(SECONDS, MEBIBYTES):
        try:
            reading = READER.read(content, media_type)
        except UnreadableDocumentError as error:
            findings = error.findings
            assert findings
        else:
            assert reading.model_validate_json(reading.model_dump_json()) == reading
            findings = reading.findings
    assert all(len(each.message) <= MAX_MESSAGE and len(each.place) <= MAX_PLACE for each in findings)


@given(mutated(XML))
@fuzzed(150)
def test_xml(content: bytes) -> None:
    read(content, "application/xml")


@given(mutated(JSON))
@fuzzed(150)
def test_json(content: bytes) -> None:
    read(content, "application/json")


@given(mutated(PDF))
@fuzzed(60)
def test_pdf(content: bytes) -> None:
    read(content, "application/pdf")


@given(mutated([cii_invoice(INVOICE), ubl_invoice(INVOICE)]))
@fuzzed(40)
def test_xml_inside_a_pdf(content: bytes) -> None:
    read(with_files([("factur-x.xml", content)]), "application/pdf")


@pytest.mark.parametrize("media_type", ["application/json", "application/xml", "application/pdf"])
def test_what_claims_to_be_something_else(media_type: MediaType) -> None:
    for content in (*XML, *JSON, *PDF):
        read(content, media_type)
