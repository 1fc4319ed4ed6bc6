"""Reads plain PDFs: the text layer, a supplier's template where one matches, labels and columns for all else."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pypdf.errors import LimitReachedError

from adapters.pdf_extraction.assembly import reading_of
from adapters.pdf_extraction.found import FoundInvoice
from adapters.pdf_extraction.labels import read_labels
from adapters.pdf_extraction.layout import PageText
from adapters.pdf_extraction.line_tables import read_lines
from adapters.pdf_extraction.templates import Templates
from adapters.pdf_extraction.text_layer import MAX_PAGES, TextLayer, TooMuchTextError, text_layer
from domain.capture import DocumentFinding, Reading, UnreadableDocumentError


class PdfExtraction:
    """Implements domain.ports.capture.Extraction without any outside program or call.

    `templates` is a folder of invoice2data templates, of our own suppliers; those of the package come after them.
    Raises OSError when the folder cannot be read.
    """

    def __init__(self, templates: Path | None = None, built_in: bool = True) -> None:
        self._templates = Templates(templates, built_in)

    def extract(self, content: bytes) -> Reading:
        """A scanned page has no text: its reading is empty, every field with confidence 0, and a person keys it.

        Raises UnreadableDocumentError when the file is damaged or asks for more work than an invoice does.
        """
        layer = _layer(content)
        if not layer.rows:
            return reading_of(FoundInvoice({}, []), content, (_warning("no-text", "the PDF has no text to be read"),))
        found = self._found(layer)
        if layer.pages <= MAX_PAGES:
            return _reading(found, content)
        message = f"the PDF has {layer.pages} pages, of which {MAX_PAGES} were read; its lines were not taken"
        return _reading(FoundInvoice(found.fields, []), content, (_warning("too-many-pages", message),))

    def _found(self, layer: TextLayer) -> FoundInvoice:
        """A template's word counts; what it leaves out is read by labels and columns."""
        general = FoundInvoice(read_labels(layer.rows), read_lines(layer.rows))
        matched = self._templates.read(PageText(layer.rows))
        if matched is None:
            return general
        return FoundInvoice(general.fields | matched.fields, matched.lines or general.lines, matched.template)


def _reading(found: FoundInvoice, content: bytes, findings: tuple[DocumentFinding, ...] = ()) -> Reading:
    """What cannot be an invoice, as a price of twenty digits, leaves the whole page to a person."""
    try:
        return reading_of(found, content, findings)
    except (ValidationError, ArithmeticError):
        told = _warning("not-understood", "what the page says is no invoice that we understand")
        return reading_of(FoundInvoice({}, []), content, (*findings, told))


def _layer(content: bytes) -> TextLayer:
    try:
        return text_layer(content)
    except (TooMuchTextError, LimitReachedError, MemoryError) as error:
        raise _refused("too-large", f"the PDF asks for more work than an invoice does: {error}"[:300]) from None
    except Exception as error:  # a hostile file reaches any line of the parser
        message = f"the text of the PDF cannot be read: {type(error).__name__}: {error}"[:300]
        raise _refused("damaged-pdf", message) from None


def _refused(rule: str, message: str) -> UnreadableDocumentError:
    return UnreadableDocumentError((DocumentFinding(rule=rule, message=message),))


def _warning(rule: str, message: str) -> DocumentFinding:
    return DocumentFinding(rule=rule, message=message, severity="warning")
