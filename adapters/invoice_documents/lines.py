"""How much of a document's header is kept, and what lines add to it."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from adapters.invoice_documents.terms import Terms
from domain.invoice import InvoiceLine

MOST_MEANS = 100
MOST_REFERENCES = 200
MOST_TAX_ROWS = 100
_NO_ORDER = "NA"  # what Peppol has senders write when only their own sales order is known


def order_numbers(
    terms: Terms, root: etree._Element, header: Iterable[str], lines: Iterable[InvoiceLine]
) -> tuple[str, ...]:
    """Those of the header first, then those that only lines name."""
    named = dict.fromkeys([*header, *(line.order_number for line in lines if line.order_number)])
    named.pop(_NO_ORDER, None)
    return terms.limited(list(named), MOST_REFERENCES, "order numbers", root)
