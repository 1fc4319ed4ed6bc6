"""The rules of EN 16931 over an invoice, as pure functions: each finding carries the standard's own rule id.

The rules are those of CEN's published validation artefacts, as far as they speak of terms that `Invoice` has. Rounding
is XPath's, in which they are published (ties towards positive infinity), not the commercial half up of `Money`.
Findings are placed by JSON pointer into the invoice.
"""

from __future__ import annotations

from domain import en16931_sums, en16931_tax, en16931_terms
from domain.capture import DocumentFinding
from domain.en16931_stated import Stated
from domain.invoice import Invoice

RULES = en16931_sums.RULES | en16931_terms.RULES | en16931_tax.RULES


def check_calculation(invoice: Invoice, stated: Stated | None = None) -> tuple[DocumentFinding, ...]:
    """Only what must hold for any invoice of any country: its sums, its tax rows, one currency, lines told apart.

    Sums are compared to the cent; a line's quantity times price may be 0.02 off (Peppol's R120).
    """
    return tuple(en16931_sums.check_sums(invoice, stated or Stated()))


def check(invoice: Invoice, stated: Stated) -> tuple[DocumentFinding, ...]:
    """All of RULES: for documents that claim to follow EN 16931."""
    return (
        *en16931_terms.check_terms(invoice, stated),
        *en16931_terms.check_decimals(invoice, stated),
        *en16931_sums.check_sums(invoice, stated),
        *en16931_tax.check_tax_categories(invoice, stated),
    )
