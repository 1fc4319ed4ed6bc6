"""What of a bill is not paid when it is paid short, taxes included.

The tax of what is withheld is the share of its row of the breakdown that belongs to it, rounded to the minor unit half
up (`Money.rounded`), row by row. A document's own discounts go with its lines in proportion to their amounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from domain.invoice import Invoice
from domain.match_draft import NOTHING, Draft
from domain.money import Money

TaxKey = tuple[str, Decimal | None]


def withheld_of(invoice: Invoice, drafts: Sequence[Draft], charges: Mapping[int, Decimal]) -> Money:
    """Between zero and the payable amount. `charges` are those of the document that are not paid, by position."""
    payable = invoice.totals.payable.rounded()
    if payable.amount <= 0 or not (charges or any(each.payable != each.line.amount.amount for each in drafts)):
        return Money.zero(invoice.currency)
    net = _net_by_tax(invoice, drafts, charges)
    amount = _round(sum(net.values(), NOTHING), invoice.currency)
    if amount <= 0:
        return Money.zero(invoice.currency)
    if amount >= invoice.totals.before_tax.amount:
        return payable
    whole = amount + _tax(invoice, net)
    return min(payable, Money(amount=whole, currency=invoice.currency))


def _net_by_tax(invoice: Invoice, drafts: Sequence[Draft], charges: Mapping[int, Decimal]) -> dict[TaxKey, Decimal]:
    lines = sum((each.line.amount.amount for each in drafts), NOTHING)
    allowed = sum((each.amount.amount for each in invoice.allowances if not each.is_charge), NOTHING)
    kept = 1 - allowed / lines if lines > 0 else Decimal(1)
    net: dict[TaxKey, Decimal] = {}
    for draft in drafts:
        missing = draft.line.amount.amount - draft.payable
        if missing:
            key = (draft.line.tax_category, draft.line.tax_rate)
            net[key] = net.get(key, NOTHING) + missing * kept
    for at, missing in charges.items():
        key = (invoice.allowances[at].tax_category, invoice.allowances[at].tax_rate)
        net[key] = net.get(key, NOTHING) + missing
    return net


def _tax(invoice: Invoice, net: Mapping[TaxKey, Decimal]) -> Decimal:
    """Rows by category and rate; what names no row of the breakdown bears the average of the document."""
    rows = {(each.category, each.rate): each for each in invoice.taxes if each.taxable.amount > 0}
    tax, rest = NOTHING, NOTHING
    for key, amount in net.items():
        row = rows.get(key)
        if row is None:
            rest += amount
        else:
            tax += _round(row.tax.amount * amount / row.taxable.amount, invoice.currency)
    before_tax = invoice.totals.before_tax.amount
    if rest and before_tax > 0:
        tax += _round(invoice.totals.tax.amount * rest / before_tax, invoice.currency)
    return max(NOTHING, min(tax, invoice.totals.tax.amount))


def _round(amount: Decimal, currency: str) -> Decimal:
    return Money(amount=Decimal(1), currency=currency).times(amount).rounded().amount
