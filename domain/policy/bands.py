"""The amounts for which a routing table is sure to name somebody, and those for which it is not.

For each category, urgency and job level of the requester, the rules that apply cover intervals of amounts, and whatever
they leave between zero and infinity is a gap. A rule that asks for a cost centre or for a supplier's risk covers
nothing: there are always requests with another one, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.model import Value
from domain.policy.model import RoutingRule
from domain.policy.rule_index import level_fits


class Band(Value):
    """Amounts from `lower` (inclusive) to `upper` (exclusive; None: without end)."""

    lower: Decimal
    upper: Decimal | None

    def words(self, currency: str) -> str:
        if self.upper is None:
            return f"from {self.lower:,} {currency} on"
        return f"from {self.lower:,} to below {self.upper:,} {currency}"


def uncovered(rules: Iterable[RoutingRule], category: str, urgency: str, job_level: int | None = None) -> list[Band]:
    """The bands of amounts for which no rule is sure to name a level, for a request of one category by somebody of
    this job level (None: unknown, which no condition on it leaves out).

    More categories only add rules, so that what holds for each category holds for every combination of them.
    """
    covered_to = Decimal(0)
    gaps: list[Band] = []
    applying = [rule for rule in rules if rule.levels and _applies(rule, category, urgency, job_level)]
    for rule in sorted(applying, key=lambda each: each.amount_from):
        if rule.amount_below is not None and rule.amount_below <= max(rule.amount_from, covered_to):
            continue
        if rule.amount_from > covered_to:
            gaps.append(Band(lower=covered_to, upper=rule.amount_from))
        if rule.amount_below is None:
            return gaps
        covered_to = rule.amount_below
    return [*gaps, Band(lower=covered_to, upper=None)]


def _applies(rule: RoutingRule, category: str, urgency: str, job_level: int | None) -> bool:
    return (
        not rule.cost_centres
        and not rule.risks
        and (not rule.categories or category in rule.categories)
        and (not rule.urgencies or urgency in rule.urgencies)
        and level_fits(rule, job_level)
    )


def _job_levels(rules: Iterable[RoutingRule]) -> list[tuple[int | None, str]]:
    """One job level of each span in which the same rules hold, and the span in words ('' when all are alike)."""
    edges = {rule.requester_level_from for rule in rules} | {rule.requester_level_below for rule in rules}
    bounds = sorted(edge for edge in edges if edge is not None)
    if not bounds:
        return [(None, "")]
    ends = [f" to below {bound}" for bound in bounds[1:]] + [" on"]
    return [
        (None, ""),
        (bounds[0] - 1, f" by somebody of a job level below {bounds[0]}"),
        *((bound, f" by somebody of job level {bound}{end}") for bound, end in zip(bounds, ends, strict=True)),
    ]


def uncovered_words(rules: Sequence[RoutingRule], category: str, urgency: str, currency: str) -> list[str]:
    """Each gap once: what nobody approves whoever asks is not told again for every job level."""
    always = uncovered(rules, category, urgency)
    words = [band.words(currency) for band in always]
    for job_level, who in _job_levels(rules)[1:]:
        gaps = uncovered(rules, category, urgency, job_level)
        words += [f"{band.words(currency)}{who}" for band in gaps if band not in always]
    return words
