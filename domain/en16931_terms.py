"""Which terms an invoice must have (BR-01 to BR-61, some of BR-CO) and how many decimals amounts may have (BR-DEC)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from domain.en16931_stated import Faults, Stated, fault
from domain.invoice import AllowanceOrCharge, Invoice

# JSON pointer ('*' stands for an index) -> (rules, what is missing). Rules of allowances and charges differ: see below.
_REQUIRED: dict[str, tuple[tuple[str, ...], str]] = {
    "/specification": (("BR-01",), "the specification identifier (BT-24)"),
    "/number": (("BR-02",), "the invoice number (BT-1)"),
    "/issued_on": (("BR-03",), "the issue date (BT-2)"),
    "/kind": (("BR-04",), "the type code (BT-3)"),
    "/currency": (("BR-05",), "the currency code (BT-5)"),
    "/seller/name": (("BR-06",), "the seller's name (BT-27)"),
    "/buyer/name": (("BR-07",), "the buyer's name (BT-44)"),
    "/seller/address": (("BR-08",), "the seller's postal address (BG-5)"),
    "/seller/country": (("BR-09",), "the seller's country code (BT-40)"),
    "/buyer/address": (("BR-10",), "the buyer's postal address (BG-8)"),
    "/buyer/country": (("BR-11",), "the buyer's country code (BT-55)"),
    "/totals/lines": (("BR-12",), "the sum of line net amounts (BT-106)"),
    "/totals/before_tax": (("BR-13",), "the total without tax (BT-109)"),
    "/totals/total": (("BR-14",), "the total with tax (BT-112)"),
    "/totals/payable": (("BR-15",), "the amount due (BT-115)"),
    "/lines": (("BR-16",), "an invoice line (BG-25)"),
    "/payee/name": (("BR-17",), "the payee's name (BT-59)"),
    "/lines/*/reference": (("BR-21",), "the line's identifier (BT-126)"),
    "/lines/*/quantity/value": (("BR-22",), "the invoiced quantity (BT-129)"),
    "/lines/*/quantity/unit": (("BR-23",), "the unit of the quantity (BT-130)"),
    "/lines/*/amount": (("BR-24",), "the line's net amount (BT-131)"),
    "/lines/*/description": (("BR-25",), "the item's name (BT-153)"),
    "/lines/*/unit_price": (("BR-26", "BR-27"), "the item's net price (BT-146)"),
    "/lines/*/tax_category": (("BR-CO-04",), "the line's tax category (BT-151)"),
    "/taxes": (("BR-CO-18",), "a tax breakdown (BG-23)"),
    "/taxes/*/taxable": (("BR-45",), "the taxable amount (BT-116)"),
    "/taxes/*/tax": (("BR-46",), "the tax amount (BT-117)"),
    "/taxes/*/category": (("BR-47",), "the tax category (BT-118)"),
    "/taxes/*/rate": (("BR-48",), "the tax rate (BT-119)"),
    "/payment_means": (("BR-49",), "the payment means code (BT-81)"),
    "/accounts": (("BR-61",), "the account to pay to by credit transfer (BT-84)"),
    "/seller/identifier": (("BR-CO-26",), "an identifier of the seller (BT-29, BT-30 or BT-31)"),
    "/credited": (("BR-55",), "the number of the preceding invoice (BT-25)"),
}
# Of an allowance first, of a charge second.
_REQUIRED_EXTRA: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "/allowances/*/amount": (("BR-31",), ("BR-36",)),
    "/allowances/*/tax_category": (("BR-32",), ("BR-37",)),
    "/allowances/*/reason": (("BR-33", "BR-CO-21"), ("BR-38", "BR-CO-22")),
    "/lines/*/allowances/*/amount": (("BR-41",), ("BR-43",)),
    "/lines/*/allowances/*/reason": (("BR-42", "BR-CO-23"), ("BR-44", "BR-CO-24")),
}
_DECIMALS = {
    "/totals/lines": "BR-DEC-09",
    "/totals/allowances": "BR-DEC-10",
    "/totals/charges": "BR-DEC-11",
    "/totals/before_tax": "BR-DEC-12",
    "/totals/total": "BR-DEC-14",
    "/totals/prepaid": "BR-DEC-16",
    "/totals/rounding": "BR-DEC-17",
    "/totals/payable": "BR-DEC-18",
}
RULES = frozenset(
    {rule for rules, _ in _REQUIRED.values() for rule in rules}
    | {rule for pair in _REQUIRED_EXTRA.values() for rules in pair for rule in rules}
    | set(_DECIMALS.values())
    | {"BR-DEC-01", "BR-DEC-05", "BR-DEC-19", "BR-DEC-20", "BR-DEC-23", "BR-DEC-24", "BR-DEC-27", "BR-CO-03"}
)
_INDEX = re.compile(r"/[0-9]+(?=/|$)")


def check_terms(invoice: Invoice, stated: Stated) -> Faults:
    """What is missing, what is negative, and what is given where it must not be."""
    for pointer in sorted(stated.absent):
        yield from missing(pointer, invoice)
    for index, line in enumerate(invoice.lines):
        if line.unit_price.amount < 0:
            yield fault("BR-27", f"/lines/{index}/unit_price", f"the net price is {line.unit_price.amount:f}")
    if stated.tax_point_twice:
        yield fault("BR-CO-03", "/issued_on", "the tax point is given by a date (BT-7) and by a code (BT-8)")


def missing(pointer: str, invoice: Invoice | None = None) -> Faults:
    """The findings about one absent term; `invoice` is needed for terms of allowances and tax rows."""
    general = _INDEX.sub("/*", pointer)
    if general in _REQUIRED_EXTRA and invoice is not None:
        of_allowance, of_charge = _REQUIRED_EXTRA[general]
        is_charge = _extra(invoice, pointer).is_charge
        term = f"the {general.rsplit('/', 1)[1].replace('_', ' ')} of this {'charge' if is_charge else 'allowance'}"
        for rule in of_charge if is_charge else of_allowance:
            yield fault(rule, pointer, f"{term} is missing")
        return
    rules, term = _REQUIRED.get(general, ((), ""))
    if general == "/taxes/*/rate" and invoice is not None and _row_category(invoice, pointer) == "O":
        return
    for rule in rules:
        yield fault(rule, pointer, f"{term} is missing")


def _extra(invoice: Invoice, pointer: str) -> AllowanceOrCharge:
    parts = pointer.split("/")
    if parts[1] == "lines":
        return invoice.lines[int(parts[2])].allowances[int(parts[4])]
    return invoice.allowances[int(parts[2])]


def _row_category(invoice: Invoice, pointer: str) -> str:
    return invoice.taxes[int(pointer.split("/")[2])].category


def check_decimals(invoice: Invoice, stated: Stated) -> Faults:
    """Amounts have at most two decimals, as they are written."""
    for rule, pointer, amount in _written(invoice):
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -2 and pointer not in stated.absent:
            yield fault(rule, pointer, f"{amount:f} has more than two decimals")


def _written(invoice: Invoice) -> Iterable[tuple[str, str, Decimal]]:
    for pointer, rule in _DECIMALS.items():
        yield rule, pointer, getattr(invoice.totals, pointer.rsplit("/", 1)[1]).amount
    for index, extra in enumerate(invoice.allowances):
        yield "BR-DEC-05" if extra.is_charge else "BR-DEC-01", f"/allowances/{index}/amount", extra.amount.amount
    for index, row in enumerate(invoice.taxes):
        yield "BR-DEC-19", f"/taxes/{index}/taxable", row.taxable.amount
        yield "BR-DEC-20", f"/taxes/{index}/tax", row.tax.amount
    for index, line in enumerate(invoice.lines):
        yield "BR-DEC-23", f"/lines/{index}/amount", line.amount.amount
        for place, extra in enumerate(line.allowances):
            rule = "BR-DEC-27" if extra.is_charge else "BR-DEC-24"
            yield rule, f"/lines/{index}/allowances/{place}/amount", extra.amount.amount
