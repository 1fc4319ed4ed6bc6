"""What a bill may differ from its order without a person, and against what its lines are matched."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Literal

from domain.policy.model import FrozenPolicy, InvoiceToleranceRule

ToleranceKind = Literal["price", "quantity", "freight", "surcharge"]
_HUNDRED = Decimal(100)
_NOTHING = Decimal(0)


def ways_of(policy: FrozenPolicy, category: str, supplier: str) -> int:
    """2: the order; 3: its receipt as well; 4: its inspection as well. Hit policy *first*, else the general rule.

    Where the category is unknown (''), only rows without a condition on it match.
    """
    for rule in policy.match_ways:
        if _holds(rule.categories, category) and _holds(rule.suppliers, supplier):
            return rule.ways
    return policy.invoice.ways


def invoice_tolerance(
    policy: FrozenPolicy, kind: ToleranceKind, category: str, supplier: str
) -> InvoiceToleranceRule | None:
    """The row that says what may differ. Hit policy *first* per kind; None: nothing may."""
    for rule in policy.invoice_tolerances:
        if rule.kind == kind and _holds(rule.categories, category) and _holds(rule.suppliers, supplier):
            return rule
    return None


def allowance(rule: InvoiceToleranceRule | None, base: Decimal) -> Decimal:
    """What may differ of `base` (an amount): the smaller of the percentage and the fixed amount, in currency units."""
    if rule is None:
        return _NOTHING
    return min(abs(base) * rule.percent / _HUNDRED, rule.amount)


def quantity_allowance(rule: InvoiceToleranceRule | None, base: Decimal, unit_price: Decimal) -> Decimal:
    """By how much the quantity may differ: the percentage of `base`, and no more than the fixed amount buys."""
    if rule is None:
        return _NOTHING
    share = abs(base) * rule.percent / _HUNDRED
    return min(share, rule.amount / unit_price) if unit_price > 0 else share


class InvoiceTolerances:
    """The look-ups of one supplier's invoice, each row sought once per category."""

    def __init__(self, policy: FrozenPolicy, supplier: str) -> None:
        self._policy, self._supplier = policy, supplier
        self._rules: dict[tuple[ToleranceKind, str], InvoiceToleranceRule | None] = {}
        self._ways: dict[str, int] = {}

    def rule(self, kind: ToleranceKind, category: str) -> InvoiceToleranceRule | None:
        if (kind, category) not in self._rules:
            self._rules[kind, category] = invoice_tolerance(self._policy, kind, category, self._supplier)
        return self._rules[kind, category]

    def ways(self, category: str) -> int:
        if category not in self._ways:
            self._ways[category] = ways_of(self._policy, category, self._supplier)
        return self._ways[category]


def _holds(wanted: Collection[str], given: str) -> bool:
    return not wanted or given in wanted
