"""How single terms are read: units, packs, base quantities, freight, discounts, accounts, references, places."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.invoice_documents import DocumentReader, media_type_of
from adapters.invoice_documents.units import unit_of
from adapters.invoice_documents.words import charge_kind, is_routing_number, line_kind, payment_terms, skonto
from domain.capture import Reading, UnreadableDocumentError
from domain.invoice import PayeeAccount, PaymentTerms
from tests.fixtures.invoice_documents import cii_invoice, ubl_invoice
from tests.fixtures.sound_invoices import ACCOUNTS, dollars, line, sound

READER = DocumentReader()
UBL, CII = ubl_invoice(sound()), cii_invoice(sound())


def read(content: bytes) -> Reading:
    return READER.read(content, "application/xml")


def rules(reading: Reading) -> set[str]:
    return {each.rule for each in reading.findings}


@pytest.mark.parametrize(
    ("code", "unit", "problem"),
    [
        ("C62", "EA", ""),
        ("H87", "EA", ""),
        ("EA", "EA", ""),
        ("XBX", "BX", ""),
        ("NMP", "PK", ""),
        ("SET", "ST", ""),
        ("HUR", "HUR", ""),
        ("ST", "ST", "ambiguous-unit"),
        ("MTR", "MTR", "unknown-unit"),
        ("mtr", "MTR", "unknown-unit"),
        ("dozen", "ZZ", "unknown-unit"),
    ],
)
def test_units_are_ours_where_we_have_them(code: str, unit: str, problem: str) -> None:
    assert unit_of(code) == (unit, problem)


def test_an_unknown_unit_is_told_once_however_many_lines_have_it() -> None:
    days = line(1).quantity.model_copy(update={"unit": "DAY"})
    invoice = sound((line(1, quantity=days), line(2, quantity=days)))
    reading = read(ubl_invoice(invoice))
    assert reading.invoice == invoice
    assert [(each.rule, each.severity) for each in reading.findings] == [("unknown-unit", "warning")]


@pytest.mark.parametrize(
    ("content", "price", "base"),
    [
        (UBL, b"</cbc:PriceAmount>", b"<cbc:BaseQuantity>100</cbc:BaseQuantity>"),
        (CII, b"</ram:ChargeAmount>", b"<ram:BasisQuantity>100</ram:BasisQuantity>"),
    ],
    ids=["ubl", "cii"],
)
def test_the_base_quantity_of_a_price_is_divided_out(content: bytes, price: bytes, base: bytes) -> None:
    based = content.replace(b"12.50" + price, b"1250" + price + base)
    reading = read(based)
    assert reading.invoice == sound()
    assert reading.findings == ()


@pytest.mark.parametrize("base", [b"0", b"-1"])
def test_a_price_for_no_units_is_told(base: bytes) -> None:
    price = b"12.50</cbc:PriceAmount>"
    reading = read(UBL.replace(price, price + b"<cbc:BaseQuantity>" + base + b"</cbc:BaseQuantity>"))
    assert reading.invoice.lines[0].unit_price == dollars("12.50")
    assert rules(reading) == {"PEPPOL-EN16931-R121"}


def test_a_price_with_more_digits_than_are_kept_is_rounded_and_told() -> None:
    reading = read(UBL.replace(b">12.50<", b">12.50000049<"))
    assert reading.invoice.lines[0].unit_price == dollars("12.500000")
    assert [(each.rule, each.severity) for each in reading.findings] == [("precision", "warning")]


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        ("FC", "", "freight"),
        ("", "Shipping & handling", "freight"),
        ("", "Versandkosten", "freight"),
        ("", "Fuel surcharge", "surcharge"),
        ("CG", "Cleaning", "other"),
    ],
)
def test_charges_are_told_apart(code: str, reason: str, kind: str) -> None:
    assert charge_kind(code, reason) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Freight", "freight"),
        ("Shipping and handling charges", "freight"),
        ("Transport chair, foldable", "goods"),
        ("Implantable port", "goods"),
        ("Hazardous goods surcharge", "surcharge"),
        ("", "goods"),
    ],
)
def test_a_line_is_freight_only_when_it_is_nothing_else(name: str, kind: str) -> None:
    assert line_kind(name) == kind


def test_structured_discounts_are_read_and_the_best_is_kept() -> None:
    text = "#SKONTO#TAGE=7#PROZENT=2.00#\n#SKONTO#TAGE=14#PROZENT=1.50#BASISBETRAG=100.00#\n"
    terms = payment_terms(skonto(text), date(2026, 11, 1), date(2026, 12, 1))
    assert terms == PaymentTerms(net_days=30, discount_percent=Decimal("2.00"), discount_days=7)
    assert payment_terms(skonto("2% within 10 days"), date(2026, 11, 1), None) is None


def test_words_of_payment_terms_are_kept_in_the_note() -> None:
    invoice = sound(terms=PaymentTerms(net_days=30, discount_percent=Decimal(2), discount_days=10))
    content = ubl_invoice(invoice).replace(b"#PROZENT=2.00#", b"#PROZENT=2.00#\nLate payment costs 1 % a month.")
    reading = read(content)
    assert reading.invoice.terms == invoice.terms
    assert reading.invoice.note == "Late payment costs 1 % a month."


@pytest.mark.parametrize(("digits", "valid"), [("021000021", True), ("021000022", False), ("12345", False)])
def test_routing_numbers_are_known_by_their_check_digit(digits: str, valid: bool) -> None:
    assert is_routing_number(digits) is valid


def test_every_account_is_read_and_repeated_ones_once() -> None:
    twice = PayeeAccount(iban=ACCOUNTS[0].iban.lower())
    reading = read(cii_invoice(sound(accounts=(*ACCOUNTS, twice))))
    assert reading.invoice.accounts == ACCOUNTS


def test_a_bank_number_that_is_too_long_is_told_without_showing_it() -> None:
    number = "9" * 60
    reading = read(UBL.replace(b"000123456789", number.encode()))
    assert reading.invoice.accounts == ()
    assert [each.rule for each in reading.findings] == ["account"]
    assert number[:10] not in reading.findings[0].message


def test_orders_of_the_header_and_of_lines_are_gathered() -> None:
    lines = (line(1, order_number="PO-2", order_line=4), line(2, order_number="PO-1"))
    invoice = sound(lines, order_numbers=("PO-1", "PO-2"))
    for content in (ubl_invoice(invoice), cii_invoice(invoice)):
        reading = read(content)
        assert reading.invoice.order_numbers == ("PO-1", "PO-2")
        assert [(each.order_number, each.order_line) for each in reading.invoice.lines] == [("PO-2", 4), ("PO-1", None)]


def test_an_order_that_peppol_marks_as_unknown_is_none() -> None:
    assert read(UBL.replace(b"PO-118", b"NA")).invoice.order_numbers == ()


def test_long_text_is_cut_and_told() -> None:
    reading = read(UBL.replace(b"Nitrile gloves", b"glove " * 500))
    assert len(reading.invoice.lines[0].description) <= 2000
    assert rules(reading) == {"text-too-long"}


@pytest.mark.parametrize(
    ("content", "old", "new", "rule", "place"),
    [
        (UBL, b">297.00<", b">297.10<", "BR-CO-10", "/Invoice/cac:LegalMonetaryTotal/cbc:LineExtensionAmount"),
        (UBL, b">297.00<", b">297.10<", "PEPPOL-EN16931-R120", "/Invoice/cac:InvoiceLine[2]/cbc:LineExtensionAmount"),
        (UBL, b"<cbc:ID>1</cbc:ID>", b"", "BR-21", "/Invoice/cac:InvoiceLine[1]/cbc:ID"),
        (UBL, b"<cbc:ID>1</cbc:ID>", b"<cbc:Id>1</cbc:Id>", "XSD", "/Invoice/cac:InvoiceLine[1]/cbc:Id"),
        (
            CII,
            b">297.00<",
            b">297.10<",
            "BR-CO-10",
            "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement"
            "/ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:LineTotalAmount",
        ),
    ],
)
def test_findings_lead_to_the_element(content: bytes, old: bytes, new: bytes, rule: str, place: str) -> None:
    assert old in content
    reading = read(content.replace(old, new))
    assert (rule, place) in {(each.rule, each.place) for each in reading.findings}


def test_documents_of_other_rule_books_are_held_to_their_sums_only() -> None:
    ours = ubl_invoice(sound(buyer=sound().buyer.model_copy(update={"country": ""})))
    theirs = ours.replace(
        b"urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", b"urn:us:bpc:1"
    )
    assert "BR-11" in rules(read(ours))
    assert rules(read(theirs)) == set()
    assert "BR-CO-15" in rules(read(theirs.replace(b">454.71<", b">454.72<")))


def test_the_total_in_the_tax_accounting_currency_is_passed_over() -> None:
    other = b'<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">300.00</cbc:TaxAmount></cac:TaxTotal>'
    content = UBL.replace(
        b"</cbc:DocumentCurrencyCode>", b"</cbc:DocumentCurrencyCode><cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode>"
    )
    reading = read(content.replace(b"<cac:TaxTotal>", other + b"<cac:TaxTotal>", 1))
    assert reading.invoice == sound()
    assert reading.findings == ()


def test_type_codes_tell_credit_notes_apart() -> None:
    for code, kind in ((b"381", "credit-note"), (b"261", "credit-note"), (b"384", "invoice"), (b"389", "invoice")):
        content = CII.replace(b"<ram:TypeCode>380<", b"<ram:TypeCode>" + code + b"<")
        assert read(content).invoice.kind == kind


# --- JSON --------------------------------------------------------------------------------------------------------


def _json(**changes: Any) -> bytes:
    return json.dumps({**json.loads(sound().model_dump_json()), **changes}).encode()


def test_all_faults_of_a_json_invoice_are_told_at_once() -> None:
    content = _json(number="", currency="dollars", surprise=1, issued_on="yesterday", totals={"lines": 1.5})
    with pytest.raises(UnreadableDocumentError) as caught:
        READER.read(content, "application/json")
    places = {each.place for each in caught.value.findings}
    assert {"/number", "/currency", "/surprise", "/issued_on", "/totals/lines", "/totals/payable"} <= places


def test_line_numbers_of_a_json_invoice_are_unique() -> None:
    lines = json.loads(sound().model_dump_json())["lines"]
    with pytest.raises(UnreadableDocumentError) as caught:
        READER.read(_json(lines=[lines[0], lines[0]]), "application/json")
    assert [(each.rule, each.place) for each in caught.value.findings] == [
        ("duplicate-line", "/lines/0/line"),
        ("duplicate-line", "/lines/1/line"),
    ]


def test_binary_fractions_are_refused_with_their_place() -> None:
    totals = json.loads(sound().model_dump_json())["totals"]
    totals["tax"] = {"amount": 32.71, "currency": "USD"}
    with pytest.raises(UnreadableDocumentError) as caught:
        READER.read(_json(totals=totals), "application/json")
    assert [each.place for each in caught.value.findings] == ["/totals/tax/amount"]


def test_sums_of_a_json_invoice_are_checked_and_tax_is_not_demanded() -> None:
    untaxed = sound((line(1, tax_category="", tax_rate=None),)).model_copy(update={"taxes": ()})
    reading = READER.read(untaxed.model_dump_json().encode(), "application/json")
    assert reading.findings == ()
    totals = json.loads(sound().model_dump_json())["totals"]
    totals["payable"] = {"amount": "1.00", "currency": "USD"}
    found = READER.read(_json(totals=totals), "application/json").findings
    assert [(each.rule, each.place) for each in found] == [("BR-CO-16", "/totals/payable")]


# --- media types -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "declared", "found"),
    [
        (UBL, None, "application/xml"),
        (UBL, "text/xml; charset=utf-8", "application/xml"),
        (UBL, "application/octet-stream", "application/xml"),
        (UBL.decode().encode("utf-16"), "application/xml", "application/xml"),
        (b"\xef\xbb\xbf <a/>", "application/ubl+xml", "application/xml"),
        (b' {"number": 1}', "application/json", "application/json"),
        (b"\n%PDF-1.7", "application/pdf", "application/pdf"),
        (b"PK\x03\x04", "application/zip", None),
        (b"<!DOCTYPE html><html>", "text/html", None),
        (b"", None, None),
    ],
)
def test_the_content_tells_what_it_is(content: bytes, declared: str | None, found: str | None) -> None:
    assert media_type_of(content, declared) == found


@pytest.mark.parametrize("declared", ["application/pdf", "application/json", "image/png"])
def test_a_declaration_that_contradicts_the_content_is_a_fault(declared: str) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        media_type_of(UBL, declared)
    assert [each.rule for each in caught.value.findings] == ["media-type"]
