"""What people are shown of a bill that does not match: one finding per code, short enough for a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.exceptions import CATALOGUE, Finding
from domain.match_draft import NOTHING, AcceptedCodes, Problem, money_within

MAX_LINES_SHOWN = 50
_ORDER = (
    "order-not-found",
    "order-closed",
    "currency-mismatch",
    "item-not-ordered",
    "unit-mismatch",
    "price-variance",
    "quantity-over-ordered",
    "amount-over-ordered",
    "charge-over",
    "receipt-missing",
    "receipt-short",
    "credit-incomplete",
    "credit-exceeds",
    "coding-required",
)


def findings_of(problems: Sequence[Problem], accepted: AcceptedCodes, currency: str) -> tuple[Finding, ...]:
    """What is not accepted, in the sequence in which it is best solved."""
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.code not in accepted:
            by_code.setdefault(problem.code, []).append(problem)
    return tuple(_finding(code, by_code[code], currency) for code in sorted(by_code, key=_ORDER.index))


def _finding(code: str, problems: Sequence[Problem], currency: str) -> Finding:
    at_stake = sum((each.at_stake for each in problems), NOTHING)
    stake = str(money_within(at_stake.quantize(Decimal("0.000001")), currency))
    lines = len({each.line.line for each in problems if each.line is not None})
    return Finding(
        code=code,
        message=_message(code, problems, lines, stake if at_stake else ""),
        line=problems[0].line.line if lines == 1 == len(problems) and problems[0].line else None,
        evidence={
            "lines": [_shown(each) for each in problems[:MAX_LINES_SHOWN]],
            "lines_concerned": lines,
            "at_stake": stake,
            "categories": sorted({each.ordered.position.category for each in problems if each.ordered} - {""}),
        },
    )


def _message(code: str, problems: Sequence[Problem], lines: int, stake: str) -> str:
    """'Unit price outside tolerance: line 3, expected 12.00 USD, found 12.50 USD. At stake: 5.00 USD.'"""
    first = problems[0]
    where = f"line {first.line.line}, " if first.line is not None else ""
    more = f" and {lines - 1} more line{'s' if lines > 2 else ''}" if lines > 1 else ""
    text = f"{CATALOGUE[code].title}: {where}expected {first.expected}, found {first.found}{more}."
    return f"{text} At stake: {stake}." if stake else text


def _shown(problem: Problem) -> dict[str, object]:
    shown: dict[str, object] = {"expected": problem.expected, "found": problem.found}
    if problem.allowance:
        shown["allowance"] = problem.allowance
    if problem.line is not None:
        line = problem.line
        shown |= {"line": line.line, "item": line.buyer_item or line.gtin or line.seller_item}
        shown |= {"description": line.description[:80], "billed": f"{line.quantity} for {line.amount}"}
    if problem.ordered is not None:
        shown |= {
            "order": problem.ordered.order.number,
            "order_line": problem.ordered.position.line.line,
            "ordered": str(problem.ordered.position.line.quantity),
            "received": f"{problem.ordered.position.received.normalize():f}",
            "already_billed": f"{problem.ordered.position.billed.normalize():f}",
        }
    return shown
