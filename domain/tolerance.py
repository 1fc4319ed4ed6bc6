"""How far a price or a quantity may differ before a person is asked."""

from __future__ import annotations

from decimal import Decimal

from domain.model import Value
from domain.money import Money
from domain.policy.model import Tolerances

_HUNDRED = Decimal(100)


class LineTolerances(Value):
    """The tolerances of each line of a purchase, by the requisition's line number; `general` for any other line."""

    general: Tolerances = Tolerances()
    lines: dict[int, Tolerances] = {}

    def of(self, line: int) -> Tolerances:
        return self.lines.get(line, self.general)


def price_allowance(unit_price: Money, quantity: Decimal, tolerances: Tolerances) -> Decimal:
    """What a whole line may differ, in the price's currency: the smaller of the percentage and the fixed amount."""
    share = abs(unit_price.amount) * quantity * tolerances.price_percent / _HUNDRED
    return min(share, tolerances.price_amount)


def price_tolerated(expected: Money, found: Money, quantity: Decimal, tolerances: Tolerances) -> bool:
    """Whether `quantity` units at `found` may stand for units at `expected`, cheaper or dearer.

    A price in another currency is never tolerated.
    """
    if expected.currency != found.currency:
        return False
    difference = abs(found.amount - expected.amount) * quantity
    return difference <= price_allowance(expected, quantity, tolerances)


def most_receivable(ordered: Decimal, tolerances: Tolerances) -> Decimal:
    """The largest quantity that may be accepted on a line without a person."""
    return ordered * (_HUNDRED + tolerances.over_receipt_percent) / _HUNDRED


def least_complete(ordered: Decimal, tolerances: Tolerances) -> Decimal:
    """The smallest quantity with which a line counts as delivered."""
    return max(Decimal(0), ordered * (_HUNDRED - tolerances.short_receipt_percent) / _HUNDRED)
