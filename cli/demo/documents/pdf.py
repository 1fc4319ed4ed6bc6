"""Invoices as pages: a plain one, and one with the CII document inside (Factur-X)."""

from __future__ import annotations

import importlib
import warnings
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from cli.demo.documents.cii import cii_invoice
from domain.invoice import Invoice


def invoice_page(invoice: Invoice) -> bytes:
    """A plain page that says for people what the invoice is."""
    buffer = BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(
        72, 760, f"{invoice.kind} {invoice.number} of {invoice.issued_on}".encode("ascii", "replace").decode()
    )
    canvas.drawString(72, 740, f"Payable: {invoice.totals.payable}")
    canvas.save()
    return buffer.getvalue()


def facturx_pdf(invoice: Invoice, level: str = "en16931") -> bytes:
    """A page with the CII document attached, by the package that suppliers' systems use."""
    with warnings.catch_warnings():
        # requests, which factur-x brings in for a service that is not used here, may warn about its own dependencies.
        warnings.simplefilter("ignore")
        generate = importlib.import_module("facturx").generate_from_binary  # slow to load, and it tells no types
    pdf: bytes = generate(
        invoice_page(invoice), cii_invoice(invoice), flavor="factur-x", level=level, check_xsd=False, lang="en"
    )
    return pdf
