"""A line of a bill while it is matched: what is found, what is wrong with it, and what of it is to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from domain.invoice import InvoiceLine
from domain.invoice_units import SAME, Conversion
from domain.match_result import LineMatch, LineState
from domain.money import MAX_AMOUNT, Money
from domain.order_lookup import Ordered

NOTHING = Decimal(0)
WAITING = frozenset({"receipt-missing", "receipt-short"})
NEVER_ACCEPTED = frozenset({"coding-required", "currency-mismatch", "unit-mismatch"})
"""Whoever accepts these leaves it open what is booked, and where: they are corrected."""

AcceptedCodes = Mapping[str, bool]
"""The codes that are let pass, and whether only what matches is paid."""


@dataclass(slots=True)
class Problem:
    """`expected`, `found` and `allowance` are words for people. `at_stake` is the amount that the code holds up;
    without a `line` it concerns the document."""

    code: str
    expected: str
    found: str
    allowance: str = ""
    at_stake: Decimal = NOTHING
    line: InvoiceLine | None = None
    ordered: Ordered | None = None


@dataclass(slots=True)
class Draft:
    """`quantity` is in the order's unit, with the document's sign; `expected` what it costs at the order's price."""

    line: InvoiceLine
    payable: Decimal
    ordered: Ordered | None = None
    conversion: Conversion = SAME
    ways: int = 0
    quantity: Decimal = NOTHING
    disputed: Decimal = NOTHING
    expected: Decimal | None = None
    differs: bool = False
    charge: bool = False
    claims_order: bool = False
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def problem(self, code: str, expected: str, found: str, allowance: str = "", at_stake: Decimal = NOTHING) -> None:
        self.problems.append(Problem(code, expected, found, allowance, at_stake, self.line, self.ordered))

    @property
    def charges(self) -> Decimal:
        """What the line's own charges add to its amount."""
        if not self.line.allowances:
            return NOTHING
        return sum((each.amount.amount for each in self.line.allowances if each.is_charge), NOTHING)

    @property
    def goods(self) -> Decimal:
        """The line's amount without its charges: what its price is judged by."""
        return self.line.amount.amount - self.charges if self.line.allowances else self.line.amount.amount

    def state(self, accepted: AcceptedCodes) -> LineState:
        open_codes = [each.code for each in self.problems if each.code not in accepted]
        if open_codes:
            return "waiting" if WAITING.issuperset(open_codes) else "exception"
        if self.problems:
            return "accepted"
        if self.charge:
            return "charge"
        if self.ordered is None:
            return "non-order"
        return "tolerated" if self.differs else "matched"

    def result(self, accepted: AcceptedCodes) -> LineMatch:
        line, ordered = self.line, self.ordered
        currency = line.amount.currency
        order_line = None if ordered is None else ordered.position.line
        price_known = order_line is not None and self.expected is not None
        variance = line.amount.amount - (self.expected or NOTHING) if price_known else NOTHING
        return LineMatch(
            line=line.line,
            state=self.state(accepted),
            order_number=ordered.order.number if ordered else "",
            order_line=order_line.line if order_line else None,
            ways=self.ways,
            quantity=self.quantity,
            disputed=self.disputed,
            expected_price=order_line.unit_price if order_line and price_known else None,
            price=self.conversion.price(line.unit_price) if price_known else None,
            amount=line.amount,
            payable=line.amount
            if self.payable == line.amount.amount
            else Money(amount=self.payable, currency=currency),
            variance=money_within(variance, currency) if variance else _zero(currency),
            codes=tuple(dict.fromkeys(each.code for each in self.problems)),
            note="; ".join(self.notes),
            costs=order_line.costs if order_line else line.costs,
        )


@lru_cache(maxsize=32)
def _zero(currency: str) -> Money:
    return Money.zero(currency)


def money_within(amount: Decimal, currency: str) -> Money:
    """An amount of evidence, held within what money can be."""
    return Money(amount=max(-MAX_AMOUNT, min(MAX_AMOUNT, amount)), currency=currency)
