"""Whether lines, allowances, charges, taxes and totals explain one another (EN 16931, BR-CO-10 to BR-CO-16)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal

from domain.invoice import AllowanceOrCharge, Invoice, InvoiceLine
from domain.invoice_checks.log import ControlLog
from domain.model import Value
from domain.policy.model import InvoiceRule

MAX_SHOWN = 20
_WIDE = Context(prec=60)  # products and sums of any amounts that an invoice can hold, without rounding
_CENT = Decimal("0.01")
_LAST_PLACE = Decimal("0.000001")  # unit prices are kept to six decimal places


class Difference(Value):
    """`what` is stated at `pointer` as `stated`, where the rest of the invoice gives `computed`."""

    pointer: str
    what: str
    stated: Decimal
    computed: Decimal


def check_balance(invoice: Invoice, rule: InvoiceRule, log: ControlLog) -> None:
    """All amounts of the invoice are in its currency. Every sum may differ by `rule.total_amount`."""
    found = [*differences(invoice, rule.total_amount), *_negative(invoice)]
    if found:
        first = found[0]
        log.ask(
            "not-balanced",
            f"{first.what.capitalize()}: stated {first.stated:f}, expected {_shown(first.computed)} {invoice.currency}"
            f"{f', and {len(found) - 1} more' if len(found) > 1 else ''}.",
            currency=invoice.currency,
            differences=[
                {
                    "pointer": each.pointer,
                    "what": each.what,
                    "stated": f"{each.stated:f}",
                    "computed": _shown(each.computed),
                }
                for each in found[:MAX_SHOWN]
            ],
            count=len(found),
            tolerance=f"{rule.total_amount:f}",
        )


def _shown(computed: Decimal) -> str:
    """Products of prices have more places than anybody compares with a stated amount."""
    return f"{computed.quantize(_CENT, context=_WIDE):f}"


def differences(invoice: Invoice, tolerance: Decimal) -> Iterator[Difference]:
    """Sums that are off by more than `tolerance` (the invoice's currency), the totals first."""
    for what, pointer, stated, computed in _sums(invoice):
        if abs(stated - computed) > tolerance:
            yield Difference(pointer=f"/totals/{pointer}", what=what, stated=stated, computed=computed)
    for at, line in enumerate(invoice.lines):
        stated, computed, slack = line.amount.amount, line_amount(line), abs(line.quantity.value) * _LAST_PLACE
        if abs(stated - computed) > tolerance + slack:
            yield Difference(
                pointer=f"/lines/{at}/amount", what=f"amount of line {line.line}", stated=stated, computed=computed
            )


def line_amount(line: InvoiceLine) -> Decimal:
    """What quantity and price of a line come to, with its own charges and without its allowances; not rounded."""
    return _WIDE.multiply(line.quantity.value, line.unit_price.amount) + _signed(line.allowances)


def _sums(invoice: Invoice) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    totals = invoice.totals
    lines, before_tax, tax, total = (
        each.amount for each in (totals.lines, totals.before_tax, totals.tax, totals.total)
    )
    given = -_signed(each for each in invoice.allowances if not each.is_charge)
    charged = _signed(each for each in invoice.allowances if each.is_charge)
    yield "sum of the lines", "lines", lines, _sum(line.amount.amount for line in invoice.lines)
    yield "sum of the allowances", "allowances", totals.allowances.amount, given
    yield "sum of the charges", "charges", totals.charges.amount, charged
    yield "total before tax", "before_tax", before_tax, lines - totals.allowances.amount + totals.charges.amount
    if invoice.taxes:
        yield "tax", "tax", tax, _sum(each.tax.amount for each in invoice.taxes)
        yield "what is taxed", "before_tax", before_tax, _sum(each.taxable.amount for each in invoice.taxes)
    yield "total", "total", total, before_tax + tax
    yield "amount to be paid", "payable", totals.payable.amount, total - totals.prepaid.amount + totals.rounding.amount


def _negative(invoice: Invoice) -> Iterator[Difference]:
    """What a document must state as positive: an invoice that gives money back is a credit note."""
    for name in ("before_tax", "total", "payable", "allowances", "charges"):
        amount = getattr(invoice.totals, name).amount
        if amount < 0:
            yield Difference(pointer=f"/totals/{name}", what=f"negative {name}", stated=amount, computed=Decimal(0))
    for at, each in enumerate(invoice.allowances):
        if each.amount.amount < 0:
            what = "negative charge" if each.is_charge else "negative allowance"
            yield Difference(
                pointer=f"/allowances/{at}/amount", what=what, stated=each.amount.amount, computed=Decimal(0)
            )
    for at, line in enumerate(invoice.lines):
        if line.unit_price.amount < 0:
            yield Difference(
                pointer=f"/lines/{at}/unit_price",
                what=f"negative price of line {line.line}",
                stated=line.unit_price.amount,
                computed=Decimal(0),
            )


def _signed(allowances: Iterable[AllowanceOrCharge]) -> Decimal:
    return _sum(each.amount.amount if each.is_charge else -each.amount.amount for each in allowances)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = _WIDE.add(total, amount)
    return total
