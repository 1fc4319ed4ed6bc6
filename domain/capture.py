"""A document as it came in, and what was read from it. The original never changes; people work on copies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from domain.invoice import Invoice, PaymentTerms
from domain.model import Value
from domain.money import ExactDecimal, Money

Channel = Literal["api", "drop-folder", "mailbox"]
DocumentFormat = Literal["json", "ubl-invoice", "ubl-credit-note", "cii", "factur-x", "pdf"]
MediaType = Literal["application/json", "application/xml", "application/pdf"]

MAX_DOCUMENT_BYTES = 20_000_000


class CapturedDocument(Value):
    """`sha256` of the original's bytes names it for ever. `sender` is the mail address (mailbox), the sub-folder (drop
    folder) or the person (api) that it came from; `received_at` is in UTC.
    """

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    media_type: MediaType
    name: str = ""
    size: int
    channel: Channel
    sender: str = ""
    received_at: AwareDatetime


class Place(Value):
    """Where on a page, in points (1/72 inch) from its upper left corner. Pages count from 1."""

    page: int
    left: ExactDecimal
    top: ExactDecimal
    right: ExactDecimal
    bottom: ExactDecimal


class FieldReading(Value):
    """One field of the invoice as it was read: `pointer` leads to it (RFC 6901), `confidence` is between 0 and 1."""

    pointer: str
    text: str
    confidence: ExactDecimal = Decimal(1)
    place: Place | None = None


class DocumentFinding(Value):
    """A rule that the document breaks: `rule` is the standard's own id (BR-CO-10, PEPPOL-EN16931-R120, XSD ...),
    `place` leads to the element, by XPath or JSON pointer.
    """

    rule: str
    place: str = ""
    message: str
    severity: Literal["fatal", "warning"] = "fatal"


class Reading(Value):
    """What was read of a document. `fields` are given where reading is uncertain, as with plain PDF: all others are
    certain. `invoice` holds the best reading of every field also where people must look.
    """

    format: DocumentFormat
    invoice: Invoice
    findings: tuple[DocumentFinding, ...] = ()
    fields: tuple[FieldReading, ...] = ()

    @property
    def confidence(self) -> Decimal:
        """That of the least certain field."""
        return min((each.confidence for each in self.fields), default=Decimal(1))


class UnreadableDocumentError(Exception):
    """Nothing can be read from the document; `findings` say why, all of them at once."""

    def __init__(self, findings: tuple[DocumentFinding, ...]) -> None:
        self.findings = findings
        super().__init__("; ".join(each.message for each in findings))


class InvoiceCopy(Value):
    """The invoice as people and rules work on it. Version 1 is what was read; each correction is a version of its own.

    `by` is a person, or 'corridor' for the reading. `at` is in UTC.
    """

    case_id: str
    version: int
    document_sha256: str
    format: DocumentFormat
    invoice: Invoice
    findings: tuple[DocumentFinding, ...] = ()
    fields: tuple[FieldReading, ...] = ()
    by: str = "corridor"
    why: str = ""
    at: AwareDatetime


class StatedTerms(Value):
    """What an invoice says of its payment, without its lines: of thousands of invoices at once no more is read."""

    issued_on: date
    payable: Money
    terms: PaymentTerms | None = None

    @classmethod
    def of(cls, invoice: Invoice) -> StatedTerms:
        return cls(issued_on=invoice.issued_on, payable=invoice.totals.payable, terms=invoice.terms)
