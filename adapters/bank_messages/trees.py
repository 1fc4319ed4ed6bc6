"""XML from outside: nothing is loaded, expanded or believed that is not in the message itself."""

from __future__ import annotations

import re

from lxml import etree

from adapters.bank_messages.errors import UnreadableError
from adapters.closed_xml import closed_parser

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)


def tree(content: str) -> etree._Element:
    """The root, without namespaces in its names. Raises UnreadableError for what is malformed or hostile.

    Banks differ in the version of a message, which is in its namespace, and not in the names of what is read here.
    """
    if _DOCTYPE.search(content):
        raise UnreadableError("it has a document type definition, which no bank message has")
    # What the declaration says of the encoding is past: the content is text by now.
    octets = _DECLARATION.sub("", content, count=1).encode()
    try:
        root = etree.fromstring(octets, closed_parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"it is no well-formed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("it has a document type definition, which no bank message has")
    return root


def without_namespaces(root: etree._Element) -> None:
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname


def text(element: etree._Element | None, *paths: str) -> str:
    """The text at the first of the paths that has one, or nothing."""
    if element is None:
        return ""
    for path in paths:
        found = element.findtext(path)
        if found is not None and found.strip():
            return found.strip()
    return ""
