"""Rules of the register of invoices: which entries hold their number, and which look like the same invoice."""

from __future__ import annotations

from datetime import date

from domain.invoice import normalised_number
from domain.invoice_control import RegisteredInvoice

FREES_THE_NUMBER = ("rejected", "cancelled", "duplicate")
BOOKED = ("posted", "payable", "paid")
"""In the ERP's books: the entry follows its state only, whoever registers it again."""
PAYABLE = ("posted", "payable")
"""Matched, or approved where no order backs it, and booked: the states in which an invoice may be paid."""
MAX_SIMILAR = 100
"""Invoices that somebody compares with; of a blanket order with more, the nearest are enough."""


def holds_number(entry: RegisteredInvoice) -> bool:
    """Whether nobody else may take the number while this entry is as it is."""
    return entry.state not in FREES_THE_NUMBER


def number_key(number: str) -> str:
    """What is unique per supplier and kind: the normalised number, or the text where it has no letter and no digit."""
    return normalised_number(number) or number.strip().upper()


def same_number(one: RegisteredInvoice, other: RegisteredInvoice) -> bool:
    """Whether both would take the same place in the register."""
    return (one.supplier, one.kind, number_key(one.number)) == (other.supplier, other.kind, number_key(other.number))


def resembles(invoice: RegisteredInvoice, other: RegisteredInvoice, since: date) -> bool:
    """Whether another case's entry could be the same invoice: read from the same document; or of the same supplier,
    issued `since`, with the same number, or of the same kind with the same amount or an order that both name. What was
    rejected, cancelled or found to be a duplicate could not.
    """
    if other.case_id == invoice.case_id or not holds_number(other):
        return False
    if other.document_sha256 == invoice.document_sha256:
        return True
    if other.supplier != invoice.supplier or other.issued_on < since:
        return False
    if number_key(other.number) == number_key(invoice.number):
        return True
    common_order = set(invoice.order_numbers) & set(other.order_numbers)
    return other.kind == invoice.kind and (invoice.amount == other.amount or bool(common_order))


def nearness(invoice: RegisteredInvoice, other: RegisteredInvoice) -> tuple[bool, bool, bool, int, str]:
    """Sorts what resembles an invoice: the same document first, then the same number, the same amount, and the
    latest issued.
    """
    return (
        other.document_sha256 != invoice.document_sha256,
        number_key(other.number) != number_key(invoice.number),
        invoice.amount != other.amount,
        -other.issued_on.toordinal(),
        other.case_id,
    )


def entered(
    invoice: RegisteredInvoice, known: RegisteredInvoice | None, holder: RegisteredInvoice | None
) -> RegisteredInvoice:
    """The case's entry after registering it: with another holder it is a duplicate, which holds nothing.

    What is in the books stays as it is; the first registration's instant stays.
    """
    if known is not None and known.state in BOOKED:
        return known
    state = invoice.state if holder is None else "duplicate"
    at = known.registered_at if known is not None else invoice.registered_at
    return invoice.model_copy(update={"state": state, "registered_at": at})
