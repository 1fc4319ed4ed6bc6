"""A credit note as a whole: it names what it takes back, and takes back no more than that."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.invoice import Invoice, normalised_number
from domain.match_draft import Problem


def judge_credit(invoice: Invoice, credited: Sequence[Invoice]) -> list[Problem]:
    """Nothing for an invoice. `credited` are the invoices that were found of those that the credit note names."""
    if invoice.kind != "credit-note":
        return []
    found = {normalised_number(each.number): each for each in credited if each.currency == invoice.currency}
    named = list(dict.fromkeys(normalised_number(each) for each in invoice.credited))
    missing = [each for each in named if each not in found]
    amount = invoice.totals.total.amount
    if not named or missing:
        said = f"{', '.join(missing[:10])}: not known in {invoice.currency}" if missing else "no invoice is named"
        return [Problem("credit-incomplete", "the invoice that is credited", said, at_stake=amount)]
    billed = sum((found[each].totals.total.amount for each in named), Decimal(0))
    if amount > billed:
        what = f"{billed:f} {invoice.currency} billed by {', '.join(named[:10])}"
        return [Problem("credit-exceeds", what, f"{amount:f} {invoice.currency} credited", at_stake=amount - billed)]
    return []
