"""The calculation rules of EN 16931 (BR-CO-10 to BR-CO-17) and what else an invoice's numbers must agree in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from domain.en16931_stated import Faults, Stated, cents, fault, product, rounded
from domain.invoice import Invoice, InvoiceLine
from domain.money import Money

# Peppol's leeway for the net amount of a line, in units of the currency.
_LINE_SLACK = Decimal("0.02")
# A unit price is kept with six decimals, so each unit may carry half of the last one.
_PRICE_STEP = Decimal("0.0000005")

RULES = frozenset(
    {f"BR-CO-{number}" for number in (10, 11, 12, 13, 14, 15, 16, 17)}
    | {"PEPPOL-EN16931-R051", "PEPPOL-EN16931-R120", "negative-total", "duplicate-line"}
)


def check_sums(invoice: Invoice, stated: Stated) -> Faults:
    """Every rule that invoices of any format and country must keep."""
    yield from _currencies(invoice)
    yield from _lines(invoice, stated)
    yield from _parts(invoice, stated)
    yield from _tax(invoice, stated)
    yield from _payable(invoice, stated)
    yield from _negative(invoice)


def _shown(number: Decimal | None) -> str:
    return "nothing" if number is None else f"{number:f}"


def _compare(rule: str, pointer: str, what: str, found: Decimal | None, expected: Decimal | None) -> Faults:
    """What is absent is equal to nothing, as in XPath."""
    if found is None or expected is None or found != expected:
        yield fault(rule, pointer, f"{what} is {_shown(found)}, its parts come to {_shown(expected)}")


def _given(stated: Stated, pointer: str, amount: Money) -> Decimal | None:
    return None if pointer in stated.absent else amount.amount


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    return sum(numbers, Decimal(0))


def _lines(invoice: Invoice, stated: Stated) -> Faults:
    severity: Literal["fatal", "warning"] = "fatal" if stated.strict_lines else "warning"
    for index, line in enumerate(invoice.lines):
        expected, leeway = _line_amount(line)
        if abs(line.amount.amount - expected) > leeway:
            message = f"the net amount is {line.amount.amount:f}, quantity times price comes to {cents(expected):f}"
            yield fault("PEPPOL-EN16931-R120", f"/lines/{index}/amount", message, severity)
    yield from _line_ids(invoice)


def _line_amount(line: InvoiceLine) -> tuple[Decimal, Decimal]:
    count = line.quantity.value
    extras = _sum(each.amount.amount if each.is_charge else -each.amount.amount for each in line.allowances)
    return product(count, line.unit_price.amount) + extras, _LINE_SLACK + product(abs(count), _PRICE_STEP)


def _line_ids(invoice: Invoice) -> Faults:
    seen = Counter(line.reference for line in invoice.lines if line.reference)
    for index, line in enumerate(invoice.lines):
        if seen[line.reference] > 1:
            message = f"line id {line.reference!r} occurs {seen[line.reference]} times"
            yield fault("duplicate-line", f"/lines/{index}/reference", message, "warning")


def _parts(invoice: Invoice, stated: Stated) -> Faults:
    totals = invoice.totals
    lines = _given(stated, "/totals/lines", totals.lines)
    allowances = _given(stated, "/totals/allowances", totals.allowances)
    charges = _given(stated, "/totals/charges", totals.charges)
    net = cents(_sum(line.amount.amount for line in invoice.lines))
    yield from _compare("BR-CO-10", "/totals/lines", "the sum of line net amounts", lines, net)
    for rule, name, found, is_charge in (
        ("BR-CO-11", "allowances", allowances, False),
        ("BR-CO-12", "charges", charges, True),
    ):
        amounts = [each.amount.amount for each in invoice.allowances if each.is_charge is is_charge]
        if amounts or found is not None:
            yield from _compare(rule, f"/totals/{name}", f"the sum of {name}", found, cents(_sum(amounts)))
    before_tax = lines
    if lines is not None and not (allowances is None and charges is None):
        before_tax = cents(lines - (allowances or 0) + (charges or 0))
    found = _given(stated, "/totals/before_tax", totals.before_tax)
    yield from _compare("BR-CO-13", "/totals/before_tax", "the total without tax", found, before_tax)


def _tax(invoice: Invoice, stated: Stated) -> Faults:
    tax = _given(stated, "/totals/tax", invoice.totals.tax)
    if invoice.taxes:
        expected = cents(_sum(row.tax.amount for row in invoice.taxes))
        yield from _compare("BR-CO-14", "/totals/tax", "the total tax", tax, expected)
    for index, row in enumerate(invoice.taxes):
        if f"/taxes/{index}/tax" in stated.absent or not _tax_agrees(row.taxable.amount, row.tax.amount, row.rate):
            rate = _shown(row.rate)
            message = f"the tax is {row.tax.amount:f}, not {rate} % of {row.taxable.amount:f}"
            yield fault("BR-CO-17", f"/taxes/{index}/tax", message)


def _tax_agrees(taxable: Decimal, tax: Decimal, rate: Decimal | None) -> bool:
    """The published rule leaves less than one unit of currency, for issuers who round line by line."""
    if rate is None or rounded(rate) == 0:
        return rounded(tax) == 0
    expected = cents(product(abs(taxable), rate.scaleb(-2)))
    return abs(abs(tax) - expected) < 1


def _payable(invoice: Invoice, stated: Stated) -> Faults:
    totals = invoice.totals
    before_tax = _given(stated, "/totals/before_tax", totals.before_tax)
    tax = _given(stated, "/totals/tax", totals.tax)
    total = _given(stated, "/totals/total", totals.total)
    if stated.tax_totals != 1:
        message = f"there are {stated.tax_totals} total tax amounts in the invoice's currency where one is asked for"
        yield fault("BR-CO-15", "/totals/tax", message)
    else:
        expected = None if before_tax is None or tax is None else cents(before_tax + tax)
        yield from _compare("BR-CO-15", "/totals/total", "the total with tax", total, expected)
    prepaid = _given(stated, "/totals/prepaid", totals.prepaid)
    rounding = _given(stated, "/totals/rounding", totals.rounding)
    owed = total if total is None or prepaid is None else cents(total - prepaid)
    payable = _given(stated, "/totals/payable", totals.payable)
    if payable is not None and rounding is not None:
        payable = cents(payable - rounding)
    yield from _compare("BR-CO-16", "/totals/payable", "the amount due without rounding", payable, owed)


def _negative(invoice: Invoice) -> Faults:
    for name, amount in (("total", invoice.totals.total), ("payable", invoice.totals.payable)):
        if amount.amount < 0:
            message = f"{amount.amount:f} is neither owed nor credited: what is credited is stated positively"
            yield fault("negative-total", f"/totals/{name}", message)
            return


def _currencies(invoice: Invoice) -> Faults:
    for pointer, amount in _amounts(invoice):
        if amount.currency != invoice.currency:
            message = f"the amount is in {amount.currency}, the invoice in {invoice.currency}"
            yield fault("PEPPOL-EN16931-R051", pointer, message)


def _amounts(invoice: Invoice) -> Iterable[tuple[str, Money]]:
    for name in type(invoice.totals).model_fields:
        yield f"/totals/{name}", getattr(invoice.totals, name)
    for index, extra in enumerate(invoice.allowances):
        yield f"/allowances/{index}/amount", extra.amount
    for index, row in enumerate(invoice.taxes):
        yield f"/taxes/{index}/taxable", row.taxable
        yield f"/taxes/{index}/tax", row.tax
    for index, line in enumerate(invoice.lines):
        yield f"/lines/{index}/unit_price", line.unit_price
        yield f"/lines/{index}/amount", line.amount
        for place, extra in enumerate(line.allowances):
            yield f"/lines/{index}/allowances/{place}/amount", extra.amount
