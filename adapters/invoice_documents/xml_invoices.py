"""One XML document of any known format: parsed, checked against its schema, read, and held to the rules."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree
from pydantic import ValidationError

from adapters.invoice_documents import cii_places, ubl_places
from adapters.invoice_documents.cii import read_cii
from adapters.invoice_documents.faults import bounded, finding, refuse, shape_faults
from adapters.invoice_documents.schemas import check_schema
from adapters.invoice_documents.ubl import read_ubl
from adapters.invoice_documents.xml_documents import XmlReading
from adapters.invoice_documents.xml_trees import parse
from domain.capture import DocumentFormat, Reading, UnreadableDocumentError
from domain.invoice import MAX_INVOICE_LINES

# Root element -> format, its reader, how its root is usually written, and where its lines are.
_FORMATS: dict[str, tuple[DocumentFormat, Callable[[etree._Element], XmlReading], str, str]] = {
    ubl_places.INVOICE: ("ubl-invoice", read_ubl, "/Invoice", ubl_places.INVOICE_LINE),
    ubl_places.CREDIT_NOTE: ("ubl-credit-note", read_ubl, "/CreditNote", ubl_places.CREDIT_NOTE_LINE),
    cii_places.INVOICE: ("cii", read_cii, "/rsm:CrossIndustryInvoice", cii_places.LINE),
}


class NotAnInvoiceError(UnreadableDocumentError):
    """Well-formed XML of another kind."""


def read_xml(content: bytes, form: DocumentFormat | None = None) -> Reading:
    """`form` names the format of a document that carried the XML. Raises UnreadableDocumentError."""
    root = parse(content)
    if root.tag not in _FORMATS:
        name = etree.QName(root)
        message = f"{name.localname} of {name.namespace or 'no namespace'} is no invoice that can be read"[:300]
        raise NotAnInvoiceError((finding("not-an-invoice", message),))
    own_form, read, root_name, line_path = _FORMATS[root.tag]
    lines = root.findall(line_path)
    if len(lines) > MAX_INVOICE_LINES:
        refuse("too-many", f"{len(lines)} lines are given; {MAX_INVOICE_LINES} can be read", root_name)
    schema = check_schema(root, own_form, root_name, lines)
    try:
        return read(root).reading(root_name, schema, form)
    except ValidationError as error:
        raise UnreadableDocumentError(bounded([*shape_faults(error), *schema])) from error
    except UnreadableDocumentError as error:
        # What makes the document unreadable comes first: a schema may find hundreds of lesser faults.
        raise UnreadableDocumentError(bounded([*error.findings, *schema])) from error
