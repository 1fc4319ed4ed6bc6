"""Whether the tax is what its rate gives, and whether the rate is one that suppliers may charge here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from domain.invoice import Invoice, TaxTotal
from domain.invoice_checks.log import ControlLog
from domain.model import Value
from domain.money import minor_units
from domain.policy.model import InvoiceRule

MAX_SHOWN = 20
CATEGORIES = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"})
"""Tax categories of UNTDID 5305 that EN 16931 knows."""
WITHOUT_TAX = frozenset({"Z", "E", "AE", "K", "G", "O"})
"""Zero rated, exempt, reverse charge, intra-community, export, out of scope: nothing is charged."""
_WIDE = Context(prec=60)
TaxCode = Literal["tax-code-missing", "tax-over", "tax-under"]
TAX_CODES: tuple[TaxCode, ...] = ("tax-code-missing", "tax-over", "tax-under")
"""In the order in which they are asked."""


class TaxFault(Value):
    """`expected` is the tax that an allowed rate gives; None where no rate can be told."""

    code: TaxCode
    pointer: str
    why: str
    category: str = ""
    rate: Decimal | None = None
    taxable: Decimal
    tax: Decimal
    expected: Decimal | None = None


def check_taxes(invoice: Invoice, rule: InvoiceRule, log: ControlLog) -> None:
    """One finding per code, with its rows; all amounts of the invoice are in its currency."""
    faults = list(tax_faults(invoice, rule))
    for code in TAX_CODES:
        found = [fault for fault in faults if fault.code == code]
        if found:
            log.ask(
                code,
                f"{found[0].why}{f' And {len(found) - 1} more.' if len(found) > 1 else ''}",
                currency=invoice.currency,
                rows=[_shown(fault) for fault in found[:MAX_SHOWN]],
                count=len(found),
                tolerance=f"{rule.tax_amount:f}",
                allowed_rates=[f"{rate:f}" for rate in rule.tax_rates],
            )


def tax_faults(invoice: Invoice, rule: InvoiceRule) -> Iterator[TaxFault]:
    """Row by row of the breakdown, then the lines that no row covers, then the tax that the lines' own rates give."""
    places = minor_units(invoice.currency)
    for at, row in enumerate(invoice.taxes):
        fault = _row_fault(at, row, rule, places)
        if fault is not None:
            yield fault
    totals = invoice.totals
    if not invoice.taxes and totals.tax.amount:
        yield TaxFault(
            code="tax-code-missing",
            pointer="/taxes",
            why="Tax is charged, and no row says at which rate.",
            taxable=totals.before_tax.amount,
            tax=totals.tax.amount,
        )
    yield from _uncovered_lines(invoice)
    yield from _line_tax(invoice, rule, places)


def _row_fault(at: int, row: TaxTotal, rule: InvoiceRule, places: int) -> TaxFault | None:
    judged = _judged(row, rule, places)
    if judged is None:
        return None
    code, why, expected = judged
    return TaxFault(
        code=code,
        pointer=f"/taxes/{at}",
        why=why,
        category=row.category,
        rate=row.rate,
        taxable=row.taxable.amount,
        tax=row.tax.amount,
        expected=expected,
    )


def _judged(row: TaxTotal, rule: InvoiceRule, places: int) -> tuple[TaxCode, str, Decimal | None] | None:
    """A rate above all that suppliers may charge is too much tax; one between them is a rate that nobody knows."""
    exempt, taxable, tax = row.category in WITHOUT_TAX, row.taxable.amount, row.tax.amount
    rate = Decimal(0) if exempt and row.rate is None else row.rate
    highest = Decimal(0) if exempt else max(rule.tax_rates, default=Decimal(0))
    if row.category and row.category not in CATEGORIES:
        return "tax-code-missing", f"Tax category {row.category} is not known.", None
    if rate is None:
        return ("tax-code-missing", f"{tax:f} of tax has no rate.", None) if tax else None
    if rate > highest:
        why = (
            f"{rate:f} % is more than any rate that suppliers may charge here{f' in {row.category}' if exempt else ''}."
        )
        return "tax-over", why, _tax(taxable, highest, places)
    if rate and rate not in rule.tax_rates:
        return "tax-code-missing", f"{rate:f} % is no rate that suppliers may charge here.", None
    expected = _tax(taxable, rate, places)
    if abs(tax - expected) <= rule.tax_amount:
        return None
    code: TaxCode = "tax-over" if tax > expected else "tax-under"
    return code, f"{rate:f} % of {taxable:f} is {expected:f}, and the row charges {tax:f}.", expected


def _uncovered_lines(invoice: Invoice) -> Iterator[TaxFault]:
    """Lines of a category that no row of the breakdown has (BR-S-01 and its siblings)."""
    covered = {row.category for row in invoice.taxes}
    if not covered:
        return
    for at, line in enumerate(invoice.lines):
        if line.tax_category and line.tax_category not in covered:
            yield TaxFault(
                code="tax-code-missing",
                pointer=f"/lines/{at}/tax_category",
                why=f"Line {line.line} has tax category {line.tax_category}, and no row of the breakdown has.",
                category=line.tax_category,
                rate=line.tax_rate,
                taxable=line.amount.amount,
                tax=Decimal(0),
            )


def _line_tax(invoice: Invoice, rule: InvoiceRule, places: int) -> Iterator[TaxFault]:
    """Where each line, allowance and charge states its rate, their tax must be the document's. Every group of one
    rate is rounded once, and may differ by the tolerance.
    """
    bases = _taxed_by_rate(invoice)
    if not bases:
        return
    expected = sum((_tax(base, rate, places) for rate, base in bases.items()), Decimal(0))
    tax = invoice.totals.tax.amount
    if abs(tax - expected) <= rule.tax_amount * len(bases):
        return
    yield TaxFault(
        code="tax-over" if tax > expected else "tax-under",
        pointer="/totals/tax",
        why=f"The rates of the lines give {expected:f} of tax, and the document charges {tax:f}.",
        taxable=sum(bases.values(), Decimal(0)),
        tax=tax,
        expected=expected,
    )


def _taxed_by_rate(invoice: Invoice) -> Mapping[Decimal, Decimal]:
    """What is taxed at which rate; empty unless every part of the invoice says so."""
    parts = [(line.tax_category, line.tax_rate, line.amount.amount) for line in invoice.lines]
    parts += [
        (each.tax_category, each.tax_rate, each.amount.amount if each.is_charge else -each.amount.amount)
        for each in invoice.allowances
    ]
    bases: dict[Decimal, Decimal] = {}
    for category, rate, amount in parts:
        known = Decimal(0) if rate is None and category in WITHOUT_TAX else rate
        if known is None:
            return {}
        bases[known] = bases.get(known, Decimal(0)) + amount
    return bases


def _tax(taxable: Decimal, rate: Decimal, places: int) -> Decimal:
    """Half up to the minor unit (EN 16931, BR-CO-17)."""
    exact = _WIDE.divide(_WIDE.multiply(taxable, rate), Decimal(100))
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)


def _shown(fault: TaxFault) -> dict[str, object]:
    numbers = {"rate": fault.rate, "taxable": fault.taxable, "tax": fault.tax, "expected": fault.expected}
    shown: dict[str, object] = {"pointer": fault.pointer, "why": fault.why, "category": fault.category}
    shown.update((name, None if number is None else f"{number:f}") for name, number in numbers.items())
    return shown
