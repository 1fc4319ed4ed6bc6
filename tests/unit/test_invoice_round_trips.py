"""What is written in a format is read again: every term, to the last digit, and without a finding."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.invoice_documents import DocumentReader
from domain.capture import Reading
from domain.invoice import Invoice
from tests.fixtures.invoice_documents import cii_invoice, facturx_pdf, ubl_invoice
from tests.fixtures.sound_invoices import sound, sound_invoices

READER = DocumentReader()


def _agrees(reading: Reading, invoice: Invoice) -> None:
    assert reading.invoice == invoice
    assert [each for each in reading.findings if each.rule != "unknown-unit"] == []
    assert reading.confidence == 1


def _sums(invoice: Invoice) -> None:
    totals = invoice.totals
    assert totals.lines == sum((each.amount for each in invoice.lines[1:]), invoice.lines[0].amount)
    assert totals.lines - totals.allowances + totals.charges == totals.before_tax
    assert totals.before_tax + totals.tax == totals.total
    assert totals.total - totals.prepaid + totals.rounding == totals.payable


@given(sound_invoices())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_ubl_is_read_without_loss(invoice: Invoice) -> None:
    reading = READER.read(ubl_invoice(invoice), "application/xml")
    assert reading.format == ("ubl-credit-note" if invoice.kind == "credit-note" else "ubl-invoice")
    _agrees(reading, invoice)
    _sums(reading.invoice)


@given(sound_invoices())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_cii_is_read_without_loss(invoice: Invoice) -> None:
    reading = READER.read(cii_invoice(invoice), "application/xml")
    assert reading.format == "cii"
    _agrees(reading, invoice)
    _sums(reading.invoice)


@given(sound_invoices())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_our_own_json_is_read_without_loss(invoice: Invoice) -> None:
    reading = READER.read(invoice.model_dump_json().encode(), "application/json")
    assert reading.format == "json"
    _agrees(reading, invoice)


@pytest.mark.parametrize("kind", ["invoice", "credit-note"])
def test_factur_x_is_read_without_loss(kind: str) -> None:
    invoice = sound(kind=kind)
    reading = READER.read(facturx_pdf(invoice), "application/pdf")
    assert reading.format == "factur-x"
    _agrees(reading, invoice)


def test_amounts_keep_their_digits() -> None:
    invoice = sound()
    document = json.loads(invoice.model_dump_json())
    document["totals"]["payable"]["amount"] = "451.50"
    amount = READER.read(json.dumps(document).encode(), "application/json").invoice.totals.payable.amount
    assert (amount, str(amount)) == (Decimal("451.5"), "451.50")
