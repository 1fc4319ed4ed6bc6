"""What is inside a PDF: attached XML, and actions that it would run. Nothing is ever executed or fetched.

Decompression is bounded: a stream that unpacks to more than MAX_DOCUMENT_BYTES ends the reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pypdf import PdfReader, apply_configuration
from pypdf.errors import LimitReachedError
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

from adapters.invoice_documents.faults import finding, refuse
from domain.capture import MAX_DOCUMENT_BYTES, DocumentFinding, UnreadableDocumentError

_MAX_ATTACHMENTS = 20
_MAX_NODES = 200  # of the trees of attachments and pages
_MAX_PAGES = 50  # that are looked at for actions
_MAX_ANNOTATIONS = 100  # of each page
_ACTIVE = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition"})
_LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": MAX_DOCUMENT_BYTES,
    "lzw_maximum_output_length": MAX_DOCUMENT_BYTES,
    "run_length_maximum_output_length": MAX_DOCUMENT_BYTES,
    "maximum_declared_stream_length": MAX_DOCUMENT_BYTES,
    # Broken streams are mended byte by byte, in Python.
    "zlib_maximum_recovery_input_length": 200_000,
}


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes


@dataclass(frozen=True)
class PdfContent:
    """`attachments` are those whose names end in .xml; `findings` tell of what was ignored."""

    attachments: tuple[Attachment, ...]
    findings: tuple[DocumentFinding, ...]


def look_into(content: bytes) -> PdfContent:
    """Raises UnreadableDocumentError for what is encrypted, damaged or unpacks to too much."""
    try:
        with apply_configuration(**_LIMITS):
            return _look(PdfReader(BytesIO(content), strict=False))
    except UnreadableDocumentError:
        raise
    except (LimitReachedError, MemoryError) as error:
        refuse("too-large", f"the PDF unpacks to more than {MAX_DOCUMENT_BYTES} bytes: {error}")
    except Exception as error:  # a hostile file reaches any line of the parser
        refuse("damaged-pdf", f"the PDF cannot be read: {type(error).__name__}: {error}"[:300])


def _look(reader: PdfReader) -> PdfContent:
    if reader.is_encrypted:
        refuse("encrypted-pdf", "the PDF is encrypted: send it without a password")
    catalogue = _dictionary(reader.trailer.get("/Root"))
    pages = [] if catalogue is None else list(_pages(catalogue))
    if catalogue is None or not pages:
        refuse("damaged-pdf", "the PDF has no pages")
    active = sorted(set(_actions(catalogue, pages)))
    findings = [_ignored(active)] if active else []
    return PdfContent(tuple(_attachments(catalogue)), tuple(findings))


def _ignored(active: list[str]) -> DocumentFinding:
    message = f"the PDF would run actions ({', '.join(active)}); they were ignored, and invoices have none"
    return finding("active-content", message)


def _dictionary(value: Any) -> DictionaryObject | None:
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if isinstance(found, DictionaryObject) else None


def _array(value: Any) -> ArrayObject:
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if isinstance(found, ArrayObject) else ArrayObject()


def _attachments(catalogue: DictionaryObject) -> Iterator[Attachment]:
    seen: set[str] = set()
    for specification in _specifications(catalogue):
        name = str(specification.get("/UF") or specification.get("/F") or "")
        files = _dictionary(specification.get("/EF"))
        if files is None or name in seen or not name.lower().endswith(".xml"):
            continue
        stream = _dictionary(files.get("/UF")) or _dictionary(files.get("/F"))
        if not isinstance(stream, StreamObject):
            continue
        if len(seen) == _MAX_ATTACHMENTS:
            refuse("too-many", f"the PDF carries more than {_MAX_ATTACHMENTS} XML files")
        seen.add(name)
        data = stream.get_data()
        if len(data) > MAX_DOCUMENT_BYTES:
            refuse("too-large", f"the attached {name[:80]} has more than {MAX_DOCUMENT_BYTES} bytes")
        yield Attachment(name, data)


def _specifications(catalogue: DictionaryObject) -> Iterator[DictionaryObject]:
    """File specifications of the associated files first, then of the name tree."""
    for each in _array(catalogue.get("/AF"))[:_MAX_NODES]:
        specification = _dictionary(each)
        if specification is not None:
            yield specification
    names = _dictionary(catalogue.get("/Names"))
    waiting = [] if names is None else [_dictionary(names.get("/EmbeddedFiles"))]
    for _ in range(_MAX_NODES):
        node = waiting.pop() if waiting else None
        if node is None:
            return
        for each in _array(node.get("/Names"))[1 : 2 * _MAX_NODES : 2]:
            specification = _dictionary(each)
            if specification is not None:
                yield specification
        waiting += [_dictionary(each) for each in _array(node.get("/Kids"))[:_MAX_NODES]]


def _pages(catalogue: DictionaryObject) -> Iterator[DictionaryObject]:
    """The first pages, without unfolding a tree that may have a million or lead back into itself."""
    waiting = [_dictionary(catalogue.get("/Pages"))]
    found = 0
    for _ in range(_MAX_NODES):
        node = waiting.pop(0) if waiting else None
        if node is None or found == _MAX_PAGES:
            return
        if "/Kids" in node:
            waiting[:0] = [_dictionary(each) for each in _array(node["/Kids"])[:_MAX_PAGES]]
        else:
            found += 1
            yield node


def _actions(catalogue: DictionaryObject, pages: list[DictionaryObject]) -> Iterator[str]:
    names = _dictionary(catalogue.get("/Names"))
    if names is not None and "/JavaScript" in names:
        yield "JavaScript"
    yield from _action(catalogue.get("/OpenAction"))
    yield from _triggered(catalogue)
    for page in pages:
        yield from _triggered(page)
        for each in _array(page.get("/Annots"))[:_MAX_ANNOTATIONS]:
            annotation = _dictionary(each)
            if annotation is not None:
                yield from _action(annotation.get("/A"))
                yield from _triggered(annotation)


def _triggered(owner: DictionaryObject) -> Iterator[str]:
    triggers = _dictionary(owner.get("/AA"))
    for action in [] if triggers is None else list(triggers.values())[:20]:
        yield from _action(action)


def _action(value: Any) -> Iterator[str]:
    action = _dictionary(value)
    kind = str(action.get("/S", "")) if action is not None else ""
    if kind in _ACTIVE:
        yield kind[1:]
