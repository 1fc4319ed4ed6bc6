"""Reads structured invoices: our own JSON, UBL 2.1, UN/CEFACT CII, and the XML inside Factur-X and ZUGFeRD PDFs."""

from adapters.invoice_documents.media_types import media_type_of
from adapters.invoice_documents.reader import DocumentReader

__all__ = ["DocumentReader", "media_type_of"]
