"""Whether the invoice says all that it must say, in one currency, and for a plausible day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from domain.invoice import Invoice, InvoiceLine, normalised_number
from domain.invoice_checks.log import ControlLog
from domain.money import Money
from domain.payables import PayableSupplier
from domain.policy.model import FrozenPolicy, InvoiceRule

MAX_SHOWN = 20


def check_required(invoice: Invoice, log: ControlLog) -> None:
    missing = list(_missing(invoice))
    if missing:
        log.ask(
            "missing-required",
            f"Missing: {', '.join(what for _, what in missing[:5])}.",
            missing=[{"pointer": pointer, "what": what} for pointer, what in missing[:MAX_SHOWN]],
            count=len(missing),
        )


def _missing(invoice: Invoice) -> Iterator[tuple[str, str]]:
    if not normalised_number(invoice.number):
        yield "/number", "an invoice number with a letter or a digit"
    seller = invoice.seller
    if not (seller.name or seller.tax_id or seller.gln or seller.electronic_address):
        yield "/seller", "who the seller is"
    for at, line in enumerate(invoice.lines):
        if not (line.description or line.seller_item or line.buyer_item or line.gtin):
            yield f"/lines/{at}", f"what line {line.line} bills"


def check_currency(invoice: Invoice, supplier: PayableSupplier | None, policy: FrozenPolicy, log: ControlLog) -> None:
    """One currency in all of the document, agreed with the supplier and kept by the facility: nothing is converted.

    An order's currency is compared where the order is known, when the invoice is matched.
    """
    inside = [(place, money.currency) for place, money in _amounts(invoice) if money.currency != invoice.currency]
    wanted = {"facility": policy.facility.currency}
    if supplier is not None and supplier.currency:
        wanted["supplier"] = supplier.currency
    differing = [f"{whose}'s {currency}" for whose, currency in wanted.items() if currency != invoice.currency]
    if not inside and not differing:
        return
    said = [f"it is in {invoice.currency} and not in the {' nor the '.join(differing)}"] if differing else []
    said += [f"{len(inside)} of its amounts are in other currencies than {invoice.currency}"] if inside else []
    log.ask(
        "currency-mismatch",
        f"The invoice cannot be taken as it is: {', and '.join(said)}.",
        currency=invoice.currency,
        expected=wanted,
        amounts=[{"pointer": place, "currency": currency} for place, currency in inside[:MAX_SHOWN]],
    )


def in_one_currency(invoice: Invoice) -> bool:
    """Whether its amounts can be added up at all."""
    return all(money.currency == invoice.currency for _, money in _amounts(invoice))


def _amounts(invoice: Invoice) -> Iterator[tuple[str, Money]]:
    for name in type(invoice.totals).model_fields:
        yield f"/totals/{name}", getattr(invoice.totals, name)
    for at, tax in enumerate(invoice.taxes):
        yield f"/taxes/{at}/taxable", tax.taxable
        yield f"/taxes/{at}/tax", tax.tax
    for at, each in enumerate(invoice.allowances):
        yield f"/allowances/{at}/amount", each.amount
    for at, line in enumerate(invoice.lines):
        yield from _amounts_of_line(at, line)


def _amounts_of_line(at: int, line: InvoiceLine) -> Iterator[tuple[str, Money]]:
    yield f"/lines/{at}/unit_price", line.unit_price
    yield f"/lines/{at}/amount", line.amount
    for number, each in enumerate(line.allowances):
        yield f"/lines/{at}/allowances/{number}/amount", each.amount


def check_dates(invoice: Invoice, rule: InvoiceRule, today: date, log: ControlLog) -> None:
    """`today` is the facility's day."""
    odd = list(_odd_dates(invoice, rule, today))
    if odd:
        log.ask(
            "date-implausible",
            " ".join(odd),
            issued_on=invoice.issued_on.isoformat(),
            due_on=invoice.due_on.isoformat() if invoice.due_on else None,
            today=today.isoformat(),
            future_days=rule.future_days,
            duplicate_days=rule.duplicate_days,
        )


def _odd_dates(invoice: Invoice, rule: InvoiceRule, today: date) -> Iterator[str]:
    age = today - invoice.issued_on
    if age < timedelta(days=-rule.future_days):
        yield f"It is dated {invoice.issued_on}, {-age.days} days ahead."
    if age > timedelta(days=rule.duplicate_days):
        yield f"It is dated {invoice.issued_on}, {age.days} days ago, further back than duplicates are looked for."
    if invoice.due_on is not None and invoice.due_on < invoice.issued_on:
        yield f"It is due on {invoice.due_on}, before it was issued."
