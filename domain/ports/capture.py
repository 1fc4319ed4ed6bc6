"""Reading a document: one reader for all formats, and the extraction behind it for those without a structure."""

from __future__ import annotations

from typing import Protocol

from domain.capture import MediaType, Reading


class InvoiceReader(Protocol):
    def read(self, content: bytes, media_type: MediaType) -> Reading:
        """Pure and bounded in time and memory; called in a thread. Raises UnreadableDocumentError."""


class Extraction(Protocol):
    """Reads an invoice from a PDF without structured data. The built-in one uses the text layer and templates."""

    def extract(self, content: bytes) -> Reading:
        """Every field with its confidence and place. Raises UnreadableDocumentError."""
