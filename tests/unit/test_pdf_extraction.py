"""Plain PDFs: every field with its confidence and its place, and the place really holds the text."""

from __future__ import annotations

import json
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.invoice_documents import DocumentReader
from adapters.pdf_extraction import PdfExtraction
from adapters.pdf_extraction.layout import MAX_COLUMNS, PageText
from adapters.pdf_extraction.text_layer import TextLayer, text_layer
from domain.capture import FieldReading, Reading, UnreadableDocumentError
from domain.invoice import AllowanceOrCharge
from domain.quantity import Quantity
from tests.fixtures.invoice_samples import SAMPLES, needs_samples, sample
from tests.fixtures.plain_pdfs import drawn_by, labelled, meridian, pagewell, scanned
from tests.fixtures.sound_invoices import dollars, line, sound

TEMPLATES = Path(__file__).parents[2] / "examples" / "pdf_templates"
EXTRACTION = PdfExtraction(TEMPLATES)
INVOICE = sound(
    (
        line(1, description="Nitrile gloves, size M", seller_item="MS-1002"),
        line(2, description="Isolation gown", seller_item="MS-1007", quantity=Quantity(value=Decimal(3), unit="CS")),
    ),
    number="INV-2026-0042",
    allowances=(
        AllowanceOrCharge(amount=dollars("15.00"), kind="freight", tax_category="S", tax_rate=Decimal("7.75")),
    ),
)


def field(reading: Reading, pointer: str) -> FieldReading:
    return next(each for each in reading.fields if each.pointer == pointer)


def words_in(layer: TextLayer, each: FieldReading) -> str:
    """What the page really has inside the place of a field."""
    place = each.place
    assert place is not None, each.pointer
    inside = [
        word.text
        for row in layer.rows
        for word in row.words
        if word.page == place.page
        and word.left >= float(place.left) - 0.02
        and word.right <= float(place.right) + 0.02
        and word.top >= float(place.top) - 0.02
        and word.bottom <= float(place.bottom) + 0.02
    ]
    return " ".join(inside)


def assert_places_hold_their_texts(content: bytes, reading: Reading) -> None:
    layer = text_layer(content)
    for each in reading.fields:
        if each.confidence and each.place is not None:
            first = each.text.split("\n", maxsplit=1)[0].strip()
            assert first in words_in(layer, each), each


def test_a_drawn_invoice_is_read_back() -> None:
    content = labelled(INVOICE)
    reading = EXTRACTION.extract(content)
    read = reading.invoice
    assert (read.number, read.issued_on, read.due_on) == (INVOICE.number, INVOICE.issued_on, INVOICE.due_on)
    assert (read.seller.name, read.seller.tax_id) == (INVOICE.seller.name, INVOICE.seller.tax_id)
    assert (read.buyer.name, read.order_numbers) == (INVOICE.buyer.name, INVOICE.order_numbers)
    assert read.totals == INVOICE.totals
    assert [extra.kind for extra in read.allowances] == ["freight"]
    assert [each.identity for each in read.accounts] == [INVOICE.accounts[0].identity]
    for ours, theirs in zip(INVOICE.lines, read.lines, strict=True):
        assert (theirs.description, theirs.seller_item, theirs.quantity, theirs.unit_price, theirs.amount) == (
            ours.description,
            ours.seller_item,
            ours.quantity,
            ours.unit_price,
            ours.amount,
        )
    assert reading.format == "pdf"
    assert_places_hold_their_texts(content, reading)


def test_a_place_is_measured_from_the_upper_left_corner() -> None:
    number = field(EXTRACTION.extract(labelled(INVOICE)), "/number").place
    assert number is not None
    # Drawn at 150 points from the left, its base line 690 above the lower edge of a page that is 792 high.
    assert (number.page, number.left) == (1, Decimal("150.00"))
    assert number.top < 792 - 690 < number.bottom
    assert number.bottom - number.top < 15


def test_a_table_goes_on_over_pages() -> None:
    lines = tuple(line(number, description=f"Item {number}") for number in range(1, 71))
    invoice = sound(lines)
    content = labelled(invoice)
    reading = EXTRACTION.extract(content)
    assert [each.description for each in reading.invoice.lines] == [each.description for each in lines]
    assert reading.invoice.totals == invoice.totals
    last = field(reading, "/lines/69/amount/amount")
    assert last.place is not None
    assert last.place.page == 3
    assert_places_hold_their_texts(content, reading)


def test_a_credit_note_is_one() -> None:
    assert EXTRACTION.extract(labelled(sound(kind="credit-note"))).invoice.kind == "credit-note"


def test_what_is_read_by_labels_stays_below_what_a_person_need_not_see() -> None:
    reading = EXTRACTION.extract(labelled(INVOICE))
    assert field(reading, "/number").confidence == Decimal("0.8")
    assert field(reading, "/totals/payable").confidence == Decimal("0.9")  # all figures agree
    assert field(reading, "/lines/0/amount/amount").confidence == Decimal("0.9")
    assert reading.confidence == Decimal("0.5")  # the seller, by the first words on the page


def test_sums_that_contradict_each_other_are_doubted() -> None:
    wrong = INVOICE.totals.model_copy(update={"payable": dollars("999.99")})
    reading = EXTRACTION.extract(labelled(INVOICE.model_copy(update={"totals": wrong})))
    assert field(reading, "/totals/payable").confidence == Decimal("0.4")
    assert reading.invoice.totals.payable == dollars("999.99")


def test_a_line_that_does_not_multiply_is_doubted() -> None:
    off = INVOICE.lines[0].model_copy(update={"unit_price": dollars("12.75")})
    reading = EXTRACTION.extract(labelled(INVOICE.model_copy(update={"lines": (off, INVOICE.lines[1])})))
    assert field(reading, "/lines/0/unit_price/amount").confidence == Decimal("0.4")
    assert field(reading, "/lines/1/unit_price/amount").confidence < Decimal("0.85")


def test_a_suppliers_template_reads_its_own_words() -> None:
    content = meridian()
    reading = EXTRACTION.extract(content)
    read = reading.invoice
    assert (read.number, read.issued_on, read.due_on) == ("MM-204711", date(2026, 11, 20), date(2026, 12, 20))
    assert (read.seller.name, read.seller.tax_id, read.order_numbers) == (
        "Meridian Medical Supply",
        "12-5550100",
        ("PO-000118",),
    )
    assert [(each.seller_item, str(each.quantity), each.amount.amount) for each in read.lines] == [
        ("MS-1001", "10 BX", Decimal("89.00")),
        ("MS-1005", "16 BX", Decimal("102.40")),
    ]
    assert read.totals.payable == dollars("202.50")
    assert (read.taxes[0].category, read.taxes[0].rate) == ("S", Decimal("5.8"))
    assert read.accounts[0].identity == "990000110/4400000000"
    assert reading.confidence == Decimal("0.95")
    assert_places_hold_their_texts(content, reading)


def test_a_template_does_not_make_a_wrong_sum_right() -> None:
    reading = EXTRACTION.extract(meridian(total="300.00"))
    assert field(reading, "/totals/payable").confidence == Decimal("0.4")
    assert reading.invoice.totals.payable == dollars("300.00")


def test_what_a_template_leaves_out_is_read_by_labels_and_columns() -> None:
    content = pagewell()
    reading = EXTRACTION.extract(content)
    assert (reading.invoice.number, reading.invoice.issued_on) == ("PW0004711", date(2026, 11, 20))
    assert field(reading, "/number").confidence == Decimal("0.95")
    assert [(each.description, each.amount) for each in reading.invoice.lines] == [("Paper, A4", dollars("21.00"))]
    assert field(reading, "/lines/0/description").confidence == Decimal("0.75")
    assert reading.invoice.totals.payable == dollars("21.00")
    assert_places_hold_their_texts(content, reading)


def test_a_scanned_page_is_not_lost() -> None:
    reading = DocumentReader(EXTRACTION).read(scanned(), "application/pdf")
    assert reading.confidence == 0
    assert {each.pointer for each in reading.fields} >= {"/number", "/issued_on", "/totals/payable", "/lines"}
    assert reading.invoice.number.startswith("UNREAD-")
    assert reading.invoice.totals.payable == dollars(0)
    assert [(each.rule, each.severity) for each in reading.findings] == [("no-text", "warning")]


def test_text_inside_of_a_form_stands_where_the_form_is_drawn() -> None:
    content = drawn_by(b"BT /F1 12 Tf 50 700 Td (outside) Tj ET q 1 0 0 1 7 0 cm /X Do Q")
    words = {word.text: word for row in text_layer(content).rows for word in row.words}
    assert words["outside"].left == pytest.approx(50)
    assert words["form"].left > words["in"].left == pytest.approx(117)
    assert words["in"].bottom == pytest.approx(792 - 70 + 3)


@pytest.mark.parametrize(
    "operations",
    [b"q " * 20_000, b"/X Do " * 20_000, b"BT " + b"(a) Tj " * 200_000 + b"ET", b"1 0 0 1 0 0 cm " * 250_000],
    ids=["nested", "forms", "letters", "matrices"],
)
def test_a_page_that_asks_for_too_much_has_its_end(operations: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.pdf_extraction.text_layer.MAX_SECONDS", 1.0)
    started = time.process_time()
    try:
        assert EXTRACTION.extract(drawn_by(operations)).confidence == 0
    except UnreadableDocumentError as error:
        assert error.findings[0].rule in ("too-large", "damaged-pdf")
    assert time.process_time() - started < 30


def test_templates_see_rows_that_are_no_longer_than_a_page_is_wide() -> None:
    """Patterns of others, over a word without end, would have none either."""
    content = drawn_by(
        b"BT /F1 9 Tf 1 700 Td (azure-interior Invoice " + b"1" * 20_000 + b") Tj 0 -20 Td (Total 12.00) Tj ET"
    )
    text = PageText(text_layer(content).rows).text
    assert max(len(each) for each in text.splitlines()) <= MAX_COLUMNS
    assert text.startswith("azure-interior Invoice")
    assert "Total 12.00" in text
    assert EXTRACTION.extract(content).invoice.totals.payable == dollars("12.00")


ODD = st.one_of(
    st.sampled_from(
        ["0", "-1.00", "999,999,999.99", "0.000001", "1e9", "(5)", "99999999999999999999", "\0", "\ud800", ""]
    ),
    st.text(max_size=40),
)


@given(st.lists(ODD, min_size=12, max_size=12))
def test_whatever_stands_on_a_page_becomes_a_reading(odd: list[str]) -> None:
    """An invoice that can be kept, sums included, or one that a person keys; never a failure."""
    heads = "Description", "Qty", "Unit", "Price", "Tax", "Amount"
    labels = "Invoice No:", "Invoice date:", "Subtotal", "Freight", "Tax", "Total"
    rows = [tuple(heads), tuple(odd[:6]), *zip(labels, odd[6:], strict=True)]
    shown = [
        b"1 0 0 1 %d %d Tm <%s> Tj"
        % (20 + 90 * column, 700 - 20 * at, cell.encode("latin-1", "replace").hex().encode())
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
    ]
    reading = EXTRACTION.extract(drawn_by(b"BT /F1 9 Tf " + b" ".join(shown) + b" ET"))
    assert "\0" not in reading.model_dump_json()
    assert Reading.model_validate_json(reading.model_dump_json()) == reading


def test_a_page_drawn_by_too_many_bytes_is_refused() -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        EXTRACTION.extract(drawn_by(b" " * 4_000_001))
    assert [each.rule for each in caught.value.findings] == ["too-large"]


def test_text_beyond_every_invoice_is_refused() -> None:
    letters = b"(" + b"a" * 60_000 + b") Tj "
    with pytest.raises(UnreadableDocumentError) as caught:
        EXTRACTION.extract(drawn_by(b"BT /F1 12 Tf " + letters * 9 + b"ET"))
    assert [each.rule for each in caught.value.findings] == ["too-large"]


@pytest.mark.parametrize("content", [b"%PDF-1.4", labelled(INVOICE)[:300], b"%PDF-1.4\n" + b"x" * 500])
def test_a_damaged_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        EXTRACTION.extract(content)
    assert [each.rule for each in caught.value.findings] == ["damaged-pdf"]


def test_more_pages_than_are_read_are_told_and_keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.pdf_extraction.text_layer.MAX_PAGES", 2)
    monkeypatch.setattr("adapters.pdf_extraction.extraction.MAX_PAGES", 2)
    reading = EXTRACTION.extract(labelled(sound(tuple(line(number) for number in range(1, 71)))))
    assert [each.rule for each in reading.findings] == ["too-many-pages"]
    assert field(reading, "/lines").confidence == 0


def test_a_folder_of_templates_that_is_missing_is_told_at_the_start() -> None:
    with pytest.raises(OSError, match="no folder of templates"):
        PdfExtraction(TEMPLATES / "missing")


@needs_samples
def test_the_public_example_is_read() -> None:
    name = "plain-azureinterior.pdf"
    if not (SAMPLES / name).is_file():
        pytest.skip("the public example of a plain PDF is not on this machine")
    content = sample(name)
    (expected,) = json.loads(sample("plain-azureinterior.json"), parse_float=Decimal)
    reading = DocumentReader(EXTRACTION).read(content, "application/pdf")
    read = reading.invoice
    assert read.number == expected["invoice_number"]
    assert read.issued_on == date.fromisoformat(expected["date"])
    assert read.due_on == date.fromisoformat(expected["date_due"])
    assert read.seller.name == expected["issuer"]
    assert read.currency == expected["currency"]
    assert read.payment_reference == expected["payment_reference"]
    assert read.accounts[0].iban == expected["iban"]
    assert (read.totals.before_tax.amount, read.totals.tax.amount, read.totals.payable.amount) == (
        expected["amount_untaxed"],
        expected["amount_tax"],
        expected["amount"],
    )
    lines = [each for each in expected["lines"] if "price_subtotal" in each]
    assert [(each.description, each.seller_item, each.quantity.value, each.amount.amount) for each in read.lines] == [
        (each["name"], each["code"], each["qty"], each["price_subtotal"]) for each in lines
    ]
    assert field(reading, "/accounts/0/iban").confidence == Decimal("0.4")  # no IBAN: its check digits are wrong
    assert_places_hold_their_texts(content, reading)


@needs_samples
def test_the_public_example_is_read_without_its_template() -> None:
    content = sample("plain-azureinterior.pdf")
    reading = PdfExtraction(None, built_in=False).extract(content)
    assert (reading.invoice.number, reading.invoice.issued_on) == ("INV/2023/03/0008", date(2023, 3, 20))
    assert [each.amount.amount for each in reading.invoice.lines] == [
        Decimal(each) for each in ("42.00", "70.00", "0.90", "150.00")
    ]
    assert reading.invoice.taxes[0].taxable == dollars("112.90")
    assert field(reading, "/totals/payable").confidence == Decimal("0.9")
    assert_places_hold_their_texts(content, reading)
