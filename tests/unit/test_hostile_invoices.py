"""Documents that are broken, too large or mean no good: each has its defined end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.invoice_documents import DocumentReader, media_type_of
from adapters.invoice_documents.faults import MAX_FINDINGS
from domain.capture import MAX_DOCUMENT_BYTES, MediaType, Reading, UnreadableDocumentError
from domain.invoice import Invoice
from tests.fixtures.invoice_documents import cii_invoice, facturx_pdf, ubl_invoice
from tests.fixtures.sound_invoices import dollars, line, sound

READER = DocumentReader()
UBL = ubl_invoice(sound())
BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE Invoice [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Invoice>&c;</Invoice>"""


def refused(content: bytes, media_type: MediaType = "application/xml") -> set[str]:
    """The rules by which nothing could be read."""
    with pytest.raises(UnreadableDocumentError) as caught:
        READER.read(content, media_type)
    assert all(each.message and each.severity == "fatal" for each in caught.value.findings)
    return {each.rule for each in caught.value.findings}


def read(content: bytes, media_type: MediaType = "application/xml") -> Reading:
    return READER.read(content, media_type)


# --- XML ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [60, 700, len(UBL) - 1])
def test_truncated_xml_is_malformed(kept: int) -> None:
    assert refused(UBL[:kept]) == {"malformed"}


@pytest.mark.parametrize("content", [b"", b"   \n", b"<", b"<a><b></a>", b"\x00\x01\x02", b"hello"])
def test_what_is_no_xml_is_malformed(content: bytes) -> None:
    assert refused(content) == {"malformed"}


@pytest.mark.parametrize("media_type", ["application/json", "application/xml", "application/pdf"])
def test_more_bytes_than_the_limit_are_not_looked_at(media_type: MediaType) -> None:
    assert refused(UBL + b" " * MAX_DOCUMENT_BYTES, media_type) == {"too-large"}


@pytest.mark.parametrize(
    "content",
    [
        BILLION_LAUGHS,
        BILLION_LAUGHS.decode().encode("utf-16"),
        b'<!DOCTYPE Invoice SYSTEM "http://example.invalid/invoice.dtd"><Invoice/>',
        b'<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><Invoice/>',
        b"<!-- nothing to see -->\n<!DOCTYPE Invoice><Invoice/>",
    ],
    ids=["billion-laughs", "in-utf-16", "external-dtd", "external-entity", "behind-a-comment"],
)
def test_any_document_type_declaration_is_refused(content: bytes) -> None:
    assert refused(content) == {"dtd"}


def test_no_file_is_read_for_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("INV-SECRET")
    entity = f'<!DOCTYPE Invoice [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    content = UBL.replace(b"<Invoice", entity + b"<Invoice", 1).replace(b"INV-0042", b"&x;")
    assert refused(content) == {"dtd"}


def test_deep_nesting_is_malformed() -> None:
    assert refused(b"<a>" * 100_000 + b"</a>" * 100_000) == {"malformed"}


def test_a_flood_of_tags_is_too_large() -> None:
    assert refused(b"<a>" + b"<b/>" * 3_000_001 + b"</a>") == {"too-large"}


def test_a_flood_of_text_is_malformed() -> None:
    flood = UBL.replace(b"INV-0042", b"9" * 11_000_000)
    assert refused(flood) == {"malformed"}


@pytest.mark.parametrize(
    "content",
    [
        ubl_invoice(sound(note="Größe 20 µl")).decode().encode("iso-8859-1"),
        UBL.replace(b"UTF-8", b"UTF-7").replace(b"utf-8", b"utf-7"),
        UBL[:-1] + b"\xff>",
        ubl_invoice(sound()).decode().replace("UTF-8", "UTF-16").encode("utf-16")[:-1],
    ],
    ids=["latin-1-as-utf-8", "utf-7", "stray-byte", "half-a-character"],
)
def test_wrong_encodings_are_told(content: bytes) -> None:
    assert refused(content) == {"encoding"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_known_encodings_are_read(encoding: str) -> None:
    text = ubl_invoice(sound(note="Größe 20 µl")).decode()
    declared = text.replace("UTF-8", "utf-8" if encoding == "utf-8-sig" else encoding)
    assert read(declared.encode(encoding)).invoice.note == "Größe 20 µl"


def test_xml_of_another_kind_is_named() -> None:
    assert refused(b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>') == {"not-an-invoice"}
    assert refused(b"<html><body>Invoice</body></html> ") == {"malformed"}


def test_an_empty_invoice_tells_all_that_it_lacks() -> None:
    empty = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'
    assert refused(empty) == {"XSD", "BR-02", "BR-03", "BR-05", "BR-16"}


def test_negative_totals_are_kept_and_told() -> None:
    invoice = sound((line(1, quantity=line(1).quantity.of(-line(1).quantity.value)),))
    reading = read(ubl_invoice(invoice))
    assert reading.invoice == invoice
    assert [each.rule for each in reading.findings] == ["negative-total"]


def test_a_unit_that_is_no_code_becomes_a_finding() -> None:
    reading = read(UBL.replace(b'unitCode="XBX"', b'unitCode="boxes of gloves"'))
    assert reading.invoice.lines[0].quantity.unit == "ZZ"
    assert ("unknown-unit", "/Invoice/cac:InvoiceLine[1]/cbc:InvoicedQuantity") in {
        (each.rule, each.place) for each in reading.findings
    }


def test_far_future_dates_are_kept_for_control_to_judge() -> None:
    invoice = sound(issued_on=date(9999, 12, 30), due_on=date(9999, 12, 31))
    assert read(ubl_invoice(invoice)).invoice == invoice


def test_dates_and_numbers_that_are_none_are_told_with_their_place() -> None:
    reading = read(UBL.replace(b"2026-12-20", b"2026-13-20").replace(b">12.50<", b">1e9<"))
    told = {(each.rule, each.place) for each in reading.findings}
    assert ("not-a-date", "/Invoice/cbc:DueDate") in told
    assert ("not-a-number", "/Invoice/cac:InvoiceLine[1]/cac:Price/cbc:PriceAmount") in told
    assert reading.invoice.due_on is None


def test_numbers_beyond_all_bounds_are_told() -> None:
    reading = read(UBL.replace(b">12.50<", b">" + b"9" * 20 + b"<"))
    assert "number-too-large" in {each.rule for each in reading.findings}


def test_a_fault_on_every_line_is_told_so_often_that_people_can_read_it() -> None:
    many = sound(tuple(line(number) for number in range(1, 1001)))
    reading = read(ubl_invoice(many).replace(b">12.50<", b">twelve<"))
    assert len(reading.findings) == MAX_FINDINGS + 1
    assert reading.findings[-1].rule == "more-findings"


@pytest.mark.parametrize("write", [ubl_invoice, cii_invoice], ids=["ubl", "cii"])
def test_ten_thousand_lines_are_read_in_seconds(write: Callable[[Invoice], bytes]) -> None:
    invoice = sound(tuple(line(number, seller_item=f"A-{number}") for number in range(1, 10_001)))
    content = write(invoice)
    started = time.process_time()
    reading = read(content)
    assert time.process_time() - started < 15  # about two seconds on a quiet machine
    assert reading.invoice == invoice
    assert reading.findings == ()


def test_more_lines_than_can_be_kept_are_refused() -> None:
    start, end = UBL.index(b"<cac:InvoiceLine>"), UBL.index(b"</Invoice>")
    one = b"<cac:InvoiceLine/>"
    assert "too-many" in refused(UBL[:start] + one * 20_001 + UBL[end:])


def test_a_fault_far_down_is_led_to_its_line() -> None:
    invoice = sound(tuple(line(number) for number in range(1, 3001)))
    reading = read(ubl_invoice(invoice).replace(b"<cbc:ID>2900</cbc:ID>", b"<cbc:ID>2900</cbc:ID><cbc:Surprise/>"))
    assert reading.invoice == invoice
    assert [(each.rule, each.place) for each in reading.findings] == [
        ("XSD", "/Invoice/cac:InvoiceLine[2900]/cbc:Surprise")
    ]


def test_lines_that_do_not_stand_together_are_told() -> None:
    content = ubl_invoice(sound(tuple(line(number) for number in range(1, 3001))))
    last = content.rindex(b"<cac:InvoiceLine>")
    reading = read(content[:last] + b"<cac:TaxTotal/>" + content[last:])
    assert ("XSD", "/Invoice") in {(each.rule, each.place) for each in reading.findings}


@pytest.mark.parametrize(
    ("before", "flood"),
    [
        (b"<cac:TaxTotal>", b"<cac:AllowanceCharge/>" * 80_000),
        (b"<cac:Price>", b"<cac:AllowanceCharge/>" * 80_000),
        (b"<cbc:DocumentCurrencyCode>", b"<cbc:Note>a</cbc:Note>" * 80_000),
        (b"<cac:Price>", b"<cbc:Note " + b" ".join(b'a%d=""' % number for number in range(80_000)) + b"/>"),
    ],
    ids=["document-allowances", "line-allowances", "notes", "attributes"],
)
def test_a_flood_of_anything_else_is_too_large(before: bytes, flood: bytes) -> None:
    started = time.process_time()
    assert refused(UBL.replace(before, flood + before, 1)) == {"too-large"}
    assert time.process_time() - started < 10  # a tenth of a second on a quiet machine


def test_more_allowances_than_are_kept_are_told() -> None:
    one = b"<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator></cac:AllowanceCharge>"
    reading = read(UBL.replace(b"<cac:TaxTotal>", one * 250 + b"<cac:TaxTotal>", 1))
    assert len(reading.invoice.allowances) == 200
    assert "too-many" in {each.rule for each in reading.findings}


def test_many_threads_read_at_once() -> None:
    sound_one, broken = UBL, UBL.replace(b"<cbc:ID>1</cbc:ID>", b"<cbc:Surprise/>")

    def rules(content: bytes) -> set[str]:
        return {each.rule for each in read(content).findings}

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(rules, [sound_one, broken] * 40))
    assert answers == [set(), rules(broken)] * 40
    assert "XSD" in rules(broken)


# --- JSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"number": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a":' * 30 + b"1" + b"}" * 30, b"{'number': 1}"],
    ids=["truncated", "nan", "name-twice", "deep-arrays", "deep-objects", "not-json"],
)
def test_json_that_cannot_be_trusted_is_malformed(content: bytes) -> None:
    assert refused(content, "application/json") == {"malformed"}


def test_json_in_a_wrong_encoding_is_told() -> None:
    assert refused(b'{"note": "\xff"}', "application/json") == {"encoding"}


def test_a_json_number_of_a_million_digits_is_refused() -> None:
    assert refused(b'{"number": ' + b"9" * 1_000_000 + b"}", "application/json") == {"malformed"}


# --- anything ----------------------------------------------------------------------------------------------------

_ORIGINALS: list[tuple[bytes, MediaType]] = [
    (UBL, "application/xml"),
    (cii_invoice(sound()), "application/xml"),
    (sound().model_dump_json().encode(), "application/json"),
    (facturx_pdf(sound()), "application/pdf"),
]


@given(
    original=st.sampled_from(_ORIGINALS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=20)), min_size=1, max_size=6),
)
@settings(max_examples=300, deadline=None)
def test_damage_anywhere_ends_in_a_reading_or_a_refusal(
    original: tuple[bytes, MediaType], cuts: list[tuple[float, int, bytes]]
) -> None:
    content, media_type = original
    for where, length, instead in cuts:
        at = int(where * len(content))
        content = content[:at] + instead + content[at + length :]
    try:
        reading = READER.read(content, media_type)
    except UnreadableDocumentError as error:
        assert error.findings
    else:
        assert reading.invoice.lines


ODD = ["", "x" * 3000, "-5", "\u0663", "1e5", "NaN", "99999999999999.99", "0000-00-00", "0.0000000001", "0", "\u00a0"]


@given(
    document=st.sampled_from([UBL, ubl_invoice(sound(kind="credit-note")), cii_invoice(sound())]),
    where=st.floats(0, 1, exclude_max=True),
    value=st.sampled_from([*ODD, "-999999999999.9999"]) | st.text(st.characters(categories=("L", "N", "P", "S"))),
)
@settings(max_examples=300, deadline=None)
def test_odd_values_anywhere_end_in_a_reading_or_a_refusal(document: bytes, where: float, value: str) -> None:
    root = etree.fromstring(document)
    leaves = [each for each in root.iter() if len(each) == 0]
    leaf = leaves[int(where * len(leaves))]
    leaf.text = value
    try:
        reading = read(etree.tostring(root))
    except UnreadableDocumentError as error:
        assert {each.rule for each in error.findings} & {"BR-02", "BR-03", "BR-05", "BR-CL-04"}
    else:
        assert len(reading.invoice.lines) == 2


def test_the_largest_amounts_are_judged_too() -> None:
    document = json.loads(sound().model_dump_json())
    document["totals"]["total"]["amount"] = "-999999999999.9999"
    reading = read(json.dumps(document).encode(), "application/json")
    assert {each.rule for each in reading.findings} == {"BR-CO-15", "BR-CO-16", "negative-total"}


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_refused(content: bytes) -> None:
    for media_type in ("application/json", "application/xml", "application/pdf"):
        with pytest.raises(UnreadableDocumentError):
            READER.read(content, media_type)
    assert media_type_of(content) in {None, "application/json", "application/xml", "application/pdf"}


def test_another_currency_on_an_amount_is_told() -> None:
    amount = b'<cbc:PayableAmount currencyID="USD">'
    reading = read(UBL.replace(amount, amount.replace(b"USD", b"EUR")))
    assert [(each.rule, each.place) for each in reading.findings] == [
        ("PEPPOL-EN16931-R051", "/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount")
    ]
    assert reading.invoice.totals.payable == dollars(reading.invoice.totals.payable.amount)
