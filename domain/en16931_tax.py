"""The tax category rules of EN 16931: ten questions that are asked of each category that a document names."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple

from domain.en16931_stated import Faults, Stated, cents, fault, product
from domain.invoice import Invoice, TaxTotal

Rate = Literal["above-zero", "zero", "none", "any"]


class _Family(NamedTuple):
    """The letters in the rules' names, the category of UNTDID 5305 and what it demands.

    `by_rate`: one breakdown for each rate, and leeway below one unit of currency. `reason`: an exemption reason is
    owed (true) or forbidden (false).
    """

    letters: str
    category: str
    rate: Rate
    by_rate: bool
    reason: bool


_FAMILIES = (
    _Family("S", "S", "above-zero", by_rate=True, reason=False),
    _Family("Z", "Z", "zero", by_rate=False, reason=False),
    _Family("E", "E", "zero", by_rate=False, reason=True),
    _Family("AE", "AE", "zero", by_rate=False, reason=True),
    _Family("IC", "K", "zero", by_rate=False, reason=True),
    _Family("G", "G", "zero", by_rate=False, reason=True),
    _Family("O", "O", "none", by_rate=False, reason=True),
    _Family("AF", "L", "any", by_rate=True, reason=False),
    _Family("AG", "M", "any", by_rate=True, reason=False),
)
RULES = frozenset(f"BR-{family.letters}-{number:02}" for family in _FAMILIES for number in range(1, 11))


class _Taxed(NamedTuple):
    """A line, allowance or charge: `sign` says whether it adds to the taxable amount."""

    pointer: str
    category: str
    rate: Decimal | None
    amount: Decimal
    sign: int


def check_tax_categories(invoice: Invoice, stated: Stated) -> Faults:
    """BR-S-01 to BR-AG-10."""
    lines, allowances, charges = _taxed_lines(invoice), _taxed_extras(invoice, False), _taxed_extras(invoice, True)
    rows = list(enumerate(invoice.taxes))
    for family in _FAMILIES:
        groups = [
            [each for each in group if each.category == family.category] for group in (lines, allowances, charges)
        ]
        own = [(index, row) for index, row in rows if row.category == family.category]
        if not own and not any(groups):
            continue
        yield from _breakdown(family, groups, len(own))
        yield from _parties(family, groups, stated)
        yield from _rates(family, groups)
        yield from _rows(family, groups, own, stated)


def _taxed_lines(invoice: Invoice) -> list[_Taxed]:
    return [
        _Taxed(f"/lines/{index}", line.tax_category, line.tax_rate, line.amount.amount, 1)
        for index, line in enumerate(invoice.lines)
    ]


def _taxed_extras(invoice: Invoice, is_charge: bool) -> list[_Taxed]:
    return [
        _Taxed(f"/allowances/{index}", extra.tax_category, extra.tax_rate, extra.amount.amount, 1 if is_charge else -1)
        for index, extra in enumerate(invoice.allowances)
        if extra.is_charge is is_charge
    ]


def _breakdown(family: _Family, groups: list[list[_Taxed]], rows: int) -> Faults:
    rule, named = f"BR-{family.letters}-01", any(groups)
    if family.by_rate and (rows > 0) != named:
        problem = "is used and has no breakdown" if named else "has a breakdown and nothing is in it"
        yield fault(rule, "/taxes", f"tax category {family.category} {problem}")
    elif not family.by_rate and rows != 1:
        yield fault(rule, "/taxes", f"tax category {family.category} has {rows} breakdowns where one is asked for")


def _parties(family: _Family, groups: list[list[_Taxed]], stated: Stated) -> Faults:
    problem = _identification(family.letters, stated)
    for number, group in zip((2, 3, 4), groups, strict=True):
        if group and problem:
            yield fault(f"BR-{family.letters}-{number:02}", group[0].pointer, problem)


def _identification(letters: str, stated: Stated) -> str:
    """What is wrong with how the parties are identified; empty when nothing is."""
    known = stated.identified
    if letters == "O":
        forbidden = sorted(known & {"seller-vat", "representative-vat", "buyer-vat"})
        return f"tax identifiers must not be given for category O: {', '.join(forbidden)}" if forbidden else ""
    seller = {"seller-vat"} if letters in ("G", "IC") else {"seller-vat", "seller-tax"}
    if not known & (seller | {"representative-vat"}):
        return "the seller's tax identifier is missing"
    if letters == "IC" and "buyer-vat" not in known:
        return "the buyer's tax identifier is missing"
    if letters == "AE" and not known & {"buyer-vat", "buyer-legal"}:
        return "the buyer's tax or legal identifier is missing"
    return ""


def _rates(family: _Family, groups: list[list[_Taxed]]) -> Faults:
    for number, group in zip((5, 6, 7), groups, strict=True):
        for each in group:
            if not _rate_fits(family.rate, each.rate):
                message = f"a rate of {each.rate if each.rate is not None else 'none'} does not go with {each.category}"
                yield fault(f"BR-{family.letters}-{number:02}", f"{each.pointer}/tax_rate", message)


def _rate_fits(wanted: Rate, rate: Decimal | None) -> bool:
    if rate is None:
        return wanted == "none"
    return {"above-zero": rate > 0, "zero": rate == 0, "none": False, "any": rate >= 0}[wanted]


def _rows(family: _Family, groups: list[list[_Taxed]], rows: Iterable[tuple[int, TaxTotal]], stated: Stated) -> Faults:
    letters = family.letters
    for index, row in rows:
        place = f"/taxes/{index}"
        expected = _taxable(family, groups, row)
        if expected is not None and not _taxable_fits(family, row.taxable.amount, expected):
            message = f"the taxable amount is {row.taxable.amount:f}, what is in it comes to {expected:f}"
            yield fault(f"BR-{letters}-08", f"{place}/taxable", message)
        if f"{place}/tax" in stated.absent or not _tax_fits(family, row):
            message = f"the tax is {row.tax.amount:f}, not what the rate makes of {row.taxable.amount:f}"
            yield fault(f"BR-{letters}-09", f"{place}/tax", message)
        if bool(row.exemption_reason) != family.reason:
            problem = "is missing" if family.reason else "must not be given"
            yield fault(f"BR-{letters}-10", f"{place}/exemption_reason", f"a reason for exemption {problem}")


def _taxable(family: _Family, groups: list[list[_Taxed]], row: TaxTotal) -> Decimal | None:
    """None where the rule asks nothing: a breakdown by rate that names no rate."""
    if family.by_rate and row.rate is None:
        return None
    amounts = (
        each.amount * each.sign for group in groups for each in group if not family.by_rate or each.rate == row.rate
    )
    return sum(amounts, Decimal(0))


def _taxable_fits(family: _Family, found: Decimal, expected: Decimal) -> bool:
    return abs(found - expected) < 1 if family.by_rate else found == expected


def _tax_fits(family: _Family, row: TaxTotal) -> bool:
    if not family.by_rate:
        return row.tax.amount == 0
    if row.rate is None:
        return False
    return abs(abs(row.tax.amount) - cents(product(abs(row.taxable.amount), row.rate.scaleb(-2)))) < 1
