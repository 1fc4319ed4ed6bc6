"""PDFs with an invoice as XML inside (Factur-X, ZUGFeRD 2, XRechnung in PDF), and plain ones."""

from __future__ import annotations

from adapters.invoice_documents.faults import bounded, finding
from adapters.invoice_documents.pdf import Attachment, look_into
from adapters.invoice_documents.xml_invoices import NotAnInvoiceError, read_xml
from domain.capture import DocumentFinding, Reading, UnreadableDocumentError
from domain.ports.capture import Extraction

# Factur-X and ZUGFeRD 2.1, ZUGFeRD 2.0, XRechnung: the standard's own names win over any other file.
_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")


def read_pdf(content: bytes, extraction: Extraction | None) -> Reading:
    """The attached XML is the invoice; without one the page is read by `extraction`, which may be missing.

    XML under another name than the standards' is a courtesy of some accounting programs: it stands for the invoice
    only when it breaks no rule, or when nothing else can read the page. Raises UnreadableDocumentError.
    """
    found = look_into(content)
    told = list(found.findings)
    readings: list[tuple[str, Reading]] = []
    for attachment in sorted(found.attachments, key=_rank):
        reading = _attached(attachment, told)
        if reading is not None:
            readings.append((attachment.name, reading))
    if readings and (extraction is None or _may_stand(*readings[0])):
        return _chosen(readings, told)
    if extraction is None:
        reason = finding("no-structure", "the PDF carries no invoice as XML, and no reader of plain PDF is set up")
        raise UnreadableDocumentError(bounded([*told, reason]))
    reading = extraction.extract(content)
    return reading.model_copy(update={"findings": bounded([*told, *reading.findings])})


def _may_stand(name: str, reading: Reading) -> bool:
    return name.lower() in _NAMES or not any(each.severity == "fatal" for each in reading.findings)


def _rank(attachment: Attachment) -> int:
    name = attachment.name.lower()
    return _NAMES.index(name) if name in _NAMES else len(_NAMES)


def _attached(attachment: Attachment, told: list[DocumentFinding]) -> Reading | None:
    """None when it is another kind of XML, or an invoice of which too little is stated; `told` gains why.

    The profiles MINIMUM and BASIC WL of Factur-X have no lines: their PDF is the invoice.
    """
    try:
        return read_xml(attachment.content, "factur-x")
    except NotAnInvoiceError as error:
        told += [each.model_copy(update={"severity": "warning"}) for each in error.findings]
    except UnreadableDocumentError as error:
        told += error.findings
    return None


def _chosen(readings: list[tuple[str, Reading]], told: list[DocumentFinding]) -> Reading:
    name, first = readings[0]
    others = [other for other, reading in readings[1:] if reading.invoice != first.invoice]
    if others:
        message = f"{name} was read, but the PDF carries other invoices too: {', '.join(others)}"[:500]
        told = [*told, finding("several-invoices", message)]
    return first.model_copy(update={"findings": bounded([*told, *first.findings])})
