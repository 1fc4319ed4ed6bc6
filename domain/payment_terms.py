"""When a bill is due, and under which terms."""

from __future__ import annotations

from datetime import date, timedelta

from domain.invoice import Invoice, PaymentTerms


def agreed_terms(invoice: Invoice, master: PaymentTerms) -> PaymentTerms:
    """The supplier master's terms, which were agreed; a discount that only the document offers is taken as well."""
    offered = invoice.terms
    if offered is None or master.discount_percent or not offered.discount_percent:
        return master
    return master.model_copy(
        update={"discount_percent": offered.discount_percent, "discount_days": offered.discount_days}
    )


def due_date(invoice: Invoice, master: PaymentTerms) -> date:
    """The later of what the document asks for and what was agreed: a supplier cannot shorten its terms by itself."""
    agreed = invoice.issued_on + timedelta(days=master.net_days)
    if invoice.due_on is not None:
        return max(invoice.due_on, agreed)
    if invoice.terms is not None:
        return max(invoice.issued_on + timedelta(days=invoice.terms.net_days), agreed)
    return agreed
