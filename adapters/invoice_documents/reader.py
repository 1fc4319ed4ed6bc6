"""The reader of structured documents: pure, bounded, and safe to be called in several threads at once."""

from __future__ import annotations

from adapters.invoice_documents.faults import refuse
from adapters.invoice_documents.hybrids import read_pdf
from adapters.invoice_documents.media_types import media_type_of
from adapters.invoice_documents.own_json import read_json
from adapters.invoice_documents.xml_invoices import read_xml
from domain.capture import MAX_DOCUMENT_BYTES, MediaType, Reading
from domain.ports.capture import Extraction


class DocumentReader:
    """Implements domain.ports.capture.InvoiceReader; `extraction` reads PDFs without XML inside."""

    def __init__(self, extraction: Extraction | None = None) -> None:
        self._extraction = extraction

    def read(self, content: bytes, media_type: MediaType) -> Reading:
        """Raises UnreadableDocumentError when no invoice can be read: its findings are all that is wrong."""
        if len(content) > MAX_DOCUMENT_BYTES:
            refuse("too-large", f"the document has {len(content)} bytes; {MAX_DOCUMENT_BYTES} can be read")
        if not content.strip():
            refuse("malformed", "the document is empty")
        if media_type_of(content, media_type) is None:
            refuse("malformed", f"the document is not {media_type}")
        if media_type == "application/json":
            return read_json(content)
        if media_type == "application/xml":
            return read_xml(content)
        return read_pdf(content, self._extraction)
