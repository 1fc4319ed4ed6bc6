"""PDFs that are encrypted, damaged, packed to burst, or would run something."""

from __future__ import annotations

import time

import pytest

from adapters.invoice_documents import DocumentReader
from domain.capture import Reading, UnreadableDocumentError
from tests.fixtures.hostile_pdfs import bomb, encrypted, endless_pages, with_action, with_files
from tests.fixtures.invoice_documents import cii_invoice, facturx_pdf, invoice_page, ubl_invoice
from tests.fixtures.sound_invoices import sound

READER = DocumentReader()
INVOICE = sound()
PAGE = invoice_page(INVOICE)
HYBRID = facturx_pdf(INVOICE)


class FromThePage:
    """An extraction that reads the same from every page."""

    def extract(self, content: bytes) -> Reading:
        assert content.startswith(b"%PDF-")
        return Reading(format="pdf", invoice=sound(number="FROM-THE-PAGE"))


def refused(content: bytes) -> list[str]:
    with pytest.raises(UnreadableDocumentError) as caught:
        READER.read(content, "application/pdf")
    return [each.rule for each in caught.value.findings]


def told(reading: Reading) -> list[tuple[str, str]]:
    return [(each.rule, each.severity) for each in reading.findings]


def test_an_encrypted_pdf_is_refused() -> None:
    assert refused(encrypted(HYBRID)) == ["encrypted-pdf"]


@pytest.mark.parametrize(
    "content",
    [HYBRID[:200], b"%PDF-1.7\n" + b"garbage " * 100, b"%PDF-1.7 trailer<</Root 1 0 R>>", endless_pages()],
    ids=["truncated", "garbage", "no-objects", "endless-pages"],
)
def test_a_damaged_pdf_is_refused(content: bytes) -> None:
    assert refused(content) == ["damaged-pdf"]


@pytest.mark.parametrize("layers", [1, 2])
def test_a_stream_that_unpacks_to_too_much_is_refused(layers: int) -> None:
    content = bomb(200_000_000, layers=layers)
    assert len(content) < 1_000_000
    started = time.process_time()
    assert refused(content) == ["too-large"]
    assert time.process_time() - started < 10  # far below a second on a quiet machine


def test_too_many_attached_files_are_refused() -> None:
    assert refused(with_files((f"{number}.xml", b"<a/>") for number in range(30))) == ["too-many"]


@pytest.mark.parametrize(
    ("kind", "where"),
    [("/JavaScript", "open"), ("/Launch", "open"), ("/Launch", "page"), ("/SubmitForm", "page"), ("", "names")],
)
def test_actions_are_ignored_and_told(kind: str, where: str) -> None:
    reading = READER.read(with_action(HYBRID, kind, where), "application/pdf")
    assert reading.invoice == INVOICE
    assert told(reading) == [("active-content", "fatal")]
    assert (kind[1:] or "JavaScript") in reading.findings[0].message


def test_actions_are_told_of_plain_pages_too() -> None:
    reading = DocumentReader(FromThePage()).read(with_action(PAGE, "/JavaScript", "open"), "application/pdf")
    assert (reading.invoice.number, told(reading)) == ("FROM-THE-PAGE", [("active-content", "fatal")])


def test_a_plain_page_needs_an_extraction() -> None:
    assert refused(PAGE) == ["no-structure"]
    assert DocumentReader(FromThePage()).read(PAGE, "application/pdf").format == "pdf"


def test_attached_xml_that_is_no_invoice_leaves_the_page() -> None:
    content = with_files([("factur-x.xml", b"<Order/>"), ("terms.xml", b"<html/>"), ("logo.png", b"\x89PNG")])
    assert refused(content) == ["no-structure", "not-an-invoice", "not-an-invoice"]
    reading = DocumentReader(FromThePage()).read(content, "application/pdf")
    assert told(reading) == [("not-an-invoice", "warning")] * 2


def test_attached_xml_that_is_broken_is_told() -> None:
    content = with_files([("factur-x.xml", cii_invoice(INVOICE)[:-30])])
    assert sorted(refused(content)) == ["malformed", "no-structure"]


def test_a_profile_without_lines_leaves_the_page() -> None:
    cii = cii_invoice(INVOICE)
    start, end = cii.index(b"<ram:IncludedSupply"), cii.index(b"<ram:ApplicableHeaderTradeAgreement>")
    content = with_files([("factur-x.xml", cii[:start] + cii[end:])])
    reading = DocumentReader(FromThePage()).read(content, "application/pdf")
    assert reading.invoice.number == "FROM-THE-PAGE"
    assert "BR-16" in {each.rule for each in reading.findings}


def test_of_several_attachments_the_standards_own_name_wins() -> None:
    other = cii_invoice(sound(number="OTHER"))
    content = with_files([("copy.xml", other), ("Factur-X.xml", cii_invoice(INVOICE)), ("a.xml", b"<a/>")])
    reading = READER.read(content, "application/pdf")
    assert reading.invoice == INVOICE
    assert told(reading) == [("several-invoices", "fatal"), ("not-an-invoice", "warning")]


def test_the_same_invoice_attached_twice_is_one() -> None:
    content = with_files([("factur-x.xml", cii_invoice(INVOICE)), ("ubl.xml", ubl_invoice(INVOICE))])
    assert told(READER.read(content, "application/pdf")) == []


def test_xml_under_another_name_stands_only_when_it_is_sound() -> None:
    reader = DocumentReader(FromThePage())
    good = with_files([("invoice.xml", ubl_invoice(INVOICE))])
    bad = with_files([("invoice.xml", ubl_invoice(INVOICE).replace(b"454.71", b"454.72"))])
    assert reader.read(good, "application/pdf").invoice == INVOICE
    assert reader.read(bad, "application/pdf").invoice.number == "FROM-THE-PAGE"
    assert told(READER.read(bad, "application/pdf")) != []
