"""Which acceptances outlive a correction: people accepted what they saw, not what it became."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.capture import FieldReading, InvoiceCopy
from domain.duplicates import order_numbers
from domain.invoice import Invoice, InvoiceLine

_Part = Callable[[Invoice], object]


def _seller(invoice: Invoice) -> object:
    return invoice.seller


def _dates(invoice: Invoice) -> object:
    return invoice.issued_on, invoice.due_on


def _taxed(invoice: Invoice) -> object:
    lines = [(line.line, line.amount, line.tax_category, line.tax_rate) for line in invoice.lines]
    return invoice.currency, invoice.taxes, invoice.totals, invoice.allowances, lines


def _accounts(invoice: Invoice) -> object:
    return invoice.seller, {account.identity for account in invoice.accounts}


def _credit(invoice: Invoice) -> object:
    return invoice.kind, invoice.credited, invoice.totals.payable


def _charges(invoice: Invoice) -> object:
    """The allowance for freight and surcharges is a share of the goods: both count."""
    lines = [(line.line, line.kind, line.amount) for line in invoice.lines]
    return invoice.allowances, invoice.totals.charges, lines


_ABOUT: dict[str, _Part] = {
    "sender-unverified": _seller,
    "date-implausible": _dates,
    "tax-code-missing": _taxed,
    "tax-over": _taxed,
    "tax-under": _taxed,
    "tax-validation-failed": _seller,
    "bank-account-mismatch": _accounts,
    "credit-incomplete": _credit,
    "credit-exceeds": _credit,
    "charge-over": _charges,
}
"""What the question of a code was about, as a whole."""

_OF_ORDER_LINES = frozenset(
    {
        "order-not-found",
        "order-closed",
        "item-not-ordered",
        "price-variance",
        "quantity-over-ordered",
        "amount-over-ordered",
        "receipt-missing",
        "receipt-short",
    }
)
"""Codes of lines that orders back: what becomes of other lines, or of a line that is coded now, does not matter."""


def still_accepted_codes(
    before: InvoiceCopy, after: InvoiceCopy, accepted: Sequence[str], same_supplier: bool = True
) -> tuple[str, ...]:
    """Those of the accepted codes whose question is the same in both copies, in their order.

    With another supplier nothing stays accepted. Accepted codes that are not known here stay while nothing changes.
    """
    return tuple(code for code in accepted if _same(code, before, after)) if same_supplier else ()


def _same(code: str, before: InvoiceCopy, after: InvoiceCopy) -> bool:
    if code == "capture-uncertain":
        return _unsure(after) <= _unsure(before)
    if before.invoice == after.invoice and before.findings == after.findings:
        return True
    if code == "document-invalid":
        return set(after.findings) <= set(before.findings)
    if code == "duplicate-suspected":
        return _resembling(before) == _resembling(after)
    if code in _OF_ORDER_LINES:
        return _ordered(after.invoice) <= _ordered(before.invoice)
    part = _ABOUT.get(code)
    return part is not None and part(before.invoice) == part(after.invoice)


def _unsure(copy: InvoiceCopy) -> set[FieldReading]:
    return {field for field in copy.fields if field.confidence < 1}


def _resembling(copy: InvoiceCopy) -> object:
    """All that duplicates are told by."""
    invoice = copy.invoice
    about = (invoice.kind, invoice.number, invoice.issued_on, invoice.totals.payable, invoice.seller)
    return (*about, set(order_numbers(copy)), copy.document_sha256)


def _ordered(invoice: Invoice) -> set[tuple[object, ...]]:
    """The lines that are not coded, each with all that it is matched by."""
    orders = (invoice.kind, invoice.currency, frozenset(invoice.order_numbers))
    return {
        (
            *orders,
            line.line,
            line.order_number,
            line.order_line,
            _items(line),
            line.quantity,
            line.unit_price,
            line.amount,
        )
        for line in invoice.lines
        if not line.costs
    }


def _items(line: InvoiceLine) -> tuple[str, ...]:
    return line.seller_item, line.buyer_item, line.gtin, line.description, line.kind
