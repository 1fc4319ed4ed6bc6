"""What kind of document some bytes are, by their content."""

from __future__ import annotations

import codecs

from adapters.invoice_documents.faults import refuse
from domain.capture import MediaType

_PDF_HEADER_WITHIN = 1024  # readers of PDF accept bytes before the header
_NO_CLAIM = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain", "application/x-download"})
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def media_type_of(content: bytes, declared: str | None = None) -> MediaType | None:
    """What the content is; None when it is none of the kinds that can be read, whatever was declared.

    Raises UnreadableDocumentError when a declared type contradicts the content. A type that claims nothing, such as
    application/octet-stream, contradicts nothing.
    """
    found = _sniffed(content)
    claim = _claimed(declared)
    if found is not None and claim is not None and claim != found:
        refuse("media-type", f"the document was sent as {declared} and is {found}")
    return found


def _sniffed(content: bytes) -> MediaType | None:
    if b"%PDF-" in content[:_PDF_HEADER_WITHIN]:
        return "application/pdf"
    start = _text_start(content)
    if start.startswith(("{", "[")):
        return "application/json"
    if start.startswith("<") and not start.lower().startswith(("<html", "<!doctype html")):
        return "application/xml"
    return None


def _text_start(content: bytes) -> str:
    head = content[:400]
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="replace").lstrip()
    for start, encoding in ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"), (b"{\x00", "utf-16-le")):
        if head.startswith(start):
            return head.decode(encoding, errors="replace").lstrip()
    return head.decode("ascii", errors="replace").lstrip()


def _claimed(declared: str | None) -> str | None:
    """The kind that a declared type names; the type itself when we read nothing of its kind."""
    kind = (declared or "").partition(";")[0].strip().lower()
    if kind in _NO_CLAIM:
        return None
    for ending, media_type in (("json", "application/json"), ("xml", "application/xml"), ("pdf", "application/pdf")):
        if kind.partition("/")[2] == ending or kind.endswith((f"+{ending}", f"/x-{ending}")):
            return media_type
    return kind
