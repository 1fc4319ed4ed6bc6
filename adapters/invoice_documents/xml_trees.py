"""XML from strangers: no DTD, no entities, no network, known encodings, bounded size and depth."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from adapters.closed_xml import closed_parser
from adapters.invoice_documents.faults import refuse

# 20,000 lines of 70 elements each have fewer tags; libxml2 needs about 100 bytes for each.
MAX_TAGS = 3_000_000
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION_TEXT = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}


def parse(content: bytes) -> etree._Element:
    """The root of a well-formed document. Raises UnreadableDocumentError for all that is refused or broken."""
    text = _decoded(content)
    # Declarations of entities are only possible in a DTD, and no invoice format has one.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        refuse("dtd", "documents with a document type declaration (DTD) are not read")
    if text.count("<") > MAX_TAGS:
        refuse("too-large", f"the document has more than {MAX_TAGS} tags")
    try:
        return etree.fromstring(_DECLARATION_TEXT.sub("", text).encode("utf-8"), closed_parser())
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        refuse("malformed", f"the document is not well-formed XML: {error}")


def _decoded(content: bytes) -> str:
    encoding = _encoding(content)
    try:
        return content.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        refuse("encoding", f"the document is not in {encoding}: byte {error.start} does not fit")


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content.startswith(b"<\x00"):
        return "utf-16-le"
    if content.startswith(b"\x00<"):
        return "utf-16-be"
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8"
    declared = _DECLARATION.match(content[:600])
    name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    if name not in _ENCODINGS:
        refuse("encoding", f"documents in {name} are not read")
    return _ENCODINGS[name]


def path_of(element: etree._Element, prefixes: dict[str, str]) -> str:
    """The XPath of an element by the prefixes that its format is usually written with; positions where they matter."""
    steps: list[str] = []
    current: etree._Element | None = element
    while current is not None:
        steps.append(_step(current, prefixes))
        current = current.getparent()
    return "/" + "/".join(reversed(steps))


def _step(element: etree._Element, prefixes: dict[str, str]) -> str:
    name = etree.QName(element)
    prefix = prefixes.get(name.namespace or "", "")
    step = f"{prefix}:{name.localname}" if prefix else name.localname
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = before == 0 and next(element.itersiblings(element.tag), None) is None
    return step if alone else f"{step}[{before + 1}]"
