"""XML invoices of any format: which reader takes them, and which rules they are held to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from adapters.invoice_documents.faults import bounded, finding, placed
from adapters.invoice_documents.terms import Terms
from domain import en16931
from domain.capture import DocumentFinding, DocumentFormat, Reading, UnreadableDocumentError
from domain.en16931_stated import Stated
from domain.en16931_terms import missing
from domain.invoice import Invoice

# UNTDID 1001: credit notes of all sorts, among them self-billed (261) and factored (396) ones.
CREDIT_NOTE_TYPES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
_SCHEMA_FIRST = 50
_PEPPOL = "urn:fdc:peppol.eu"
_EN16931 = ("en16931", "peppol", "factur-x", "xrechnung", "zugferd")


@dataclass(frozen=True)
class XmlReading:
    """What a format's reader made of a document. `specification` is BT-24, `places` lead from pointers to XPaths."""

    format: DocumentFormat
    specification: str
    terms: Terms
    invoice: Invoice
    places: dict[str, str]
    tax_totals: int
    tax_point_twice: bool

    def reading(self, root: str, schema: list[DocumentFinding], form: DocumentFormat | None = None) -> Reading:
        """`form` names another format than that of the XML: a PDF that carried it."""
        rules = placed(self._rules(), self.places, root)
        # A schema may find the same fault on every line; it must not hide the others.
        findings = bounded([*schema[:_SCHEMA_FIRST], *self.terms.findings, *rules, *schema[_SCHEMA_FIRST:]])
        return Reading(format=form or self.format, invoice=self.invoice, findings=findings)

    def _rules(self) -> tuple[DocumentFinding, ...]:
        """All rules for documents that follow EN 16931 or name nothing; only the sums for those of other rule books."""
        stated = Stated(
            absent=frozenset(self.terms.absent),
            identified=frozenset(self.terms.identified),
            tax_totals=self.tax_totals,
            tax_point_twice=self.tax_point_twice,
            strict_lines=_PEPPOL in self.specification,
        )
        named = self.specification.lower()
        if not named or any(each in named for each in _EN16931):
            return en16931.check(self.invoice, stated)
        return en16931.check_calculation(self.invoice, stated)


def essentials(
    terms: Terms, number: str, issued_on: date | None, currency: str, lines: int, places: dict[str, str], root: str
) -> date:
    """The issue date, when there is all that an invoice cannot be without. Raises UnreadableDocumentError.

    From here on `terms` knows the currency.
    """
    terms.currency = currency
    lost = [pointer for pointer, there in (("/number", number), ("/issued_on", issued_on)) if not there]
    faults = [each for pointer in lost for each in missing(pointer)]
    if not re.fullmatch(r"[A-Z]{3}", currency):
        faults += (
            [finding("BR-CL-04", f"{currency[:20]!r} is not an ISO 4217 currency code", "/currency")]
            if currency
            else missing("/currency")
        )
    if lines == 0:
        faults += missing("/lines")
    if faults or issued_on is None:
        raise UnreadableDocumentError(bounded([*placed(faults, places, root), *terms.findings]))
    return issued_on
