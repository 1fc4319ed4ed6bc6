"""Invoices written as suppliers' systems write them: UBL 2.1, UN/CEFACT CII, and CII inside a PDF."""

from cli.demo.documents.cii import cii_invoice
from cli.demo.documents.pdf import facturx_pdf, invoice_page
from cli.demo.documents.ubl import PEPPOL, ubl_invoice

__all__ = ["PEPPOL", "cii_invoice", "facturx_pdf", "invoice_page", "ubl_invoice"]
