"""What must hold of a policy before a case may rely on it, proven over every request that could come.

The proof does not try requests: it works on the bands. For each category and urgency the rules that apply cover
intervals of amounts, and whatever they leave between zero and infinity is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import get_args

from domain.exceptions import CATALOGUE
from domain.model import Value
from domain.people import Role
from domain.policy.model import ApprovalLevel, FrozenPolicy, RoutingRule
from domain.requisition import Urgency

URGENCIES: tuple[str, ...] = get_args(Urgency)
ROLES: tuple[str, ...] = get_args(Role)
MAY_NOT_APPROVE = frozenset({"requester", "portal", "auditor"})
"""Those who ask, those who carry the question, and those who watch."""
UNLISTED = "(a category that the policy does not list)"


class Flaw(Value):
    """What a policy lacks. `part` and `name` say where: a 'rule', a 'level', an 'exception', or the 'routing'."""

    part: str
    name: str = ""
    reason: str


class Band(Value):
    """Amounts from `lower` (inclusive) to `upper` (exclusive; None: without end)."""

    lower: Decimal
    upper: Decimal | None

    def words(self, currency: str) -> str:
        if self.upper is None:
            return f"from {self.lower:,} {currency} on"
        return f"from {self.lower:,} to below {self.upper:,} {currency}"


def prove(policy: FrozenPolicy, categories: Sequence[str]) -> list[Flaw]:
    """Every flaw of the policy, given all categories of goods; an empty list is the proof that it has none."""
    return [
        *_gaps(policy, categories),
        *_rule_flaws(policy, categories),
        *_level_flaws(policy.levels),
        *_endless_escalations(policy.levels),
        *_exception_flaws(policy),
    ]


def uncovered(rules: Iterable[RoutingRule], category: str, urgency: str) -> list[Band]:
    """The bands of amounts for which no rule names a level, for a request of one category.

    More categories only add rules, so that what holds for each category holds for every combination of them.
    """
    covered_to = Decimal(0)
    gaps: list[Band] = []
    applying = [rule for rule in rules if rule.levels and _applies(rule, category, urgency)]
    for rule in sorted(applying, key=lambda each: each.amount_from):
        if rule.amount_below is not None and rule.amount_below <= max(rule.amount_from, covered_to):
            continue
        if rule.amount_from > covered_to:
            gaps.append(Band(lower=covered_to, upper=rule.amount_from))
        if rule.amount_below is None:
            return gaps
        covered_to = rule.amount_below
    return [*gaps, Band(lower=covered_to, upper=None)]


def _applies(rule: RoutingRule, category: str, urgency: str) -> bool:
    return (not rule.categories or category in rule.categories) and (not rule.urgencies or urgency in rule.urgencies)


def _gaps(policy: FrozenPolicy, categories: Sequence[str]) -> list[Flaw]:
    """One flaw per band that nobody approves, however many categories and urgencies share it."""
    among: dict[tuple[str, str], list[str]] = {}
    for urgency in URGENCIES:
        for category in (*categories, UNLISTED):
            for band in uncovered(policy.routing, category, urgency):
                among.setdefault((band.words(policy.facility.currency), urgency), []).append(category)
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (amounts, urgency), found in among.items():
        shared.setdefault((amounts, tuple(found)), []).append(urgency)
    return [
        Flaw(
            part="routing",
            reason=f"nobody approves {_any(urgencies)} {amounts} of {_few(of, len(categories) + 1)}",
        )
        for (amounts, of), urgencies in shared.items()
    ]


def _any(urgencies: Sequence[str]) -> str:
    return "requests" if len(urgencies) == len(URGENCIES) else f"{' or '.join(urgencies)} requests"


def _few(categories: Sequence[str], of: int) -> str:
    if len(categories) == of:
        return "any category"
    return (
        ", ".join(categories) if len(categories) < 5 else f"{', '.join(categories[:3])} and {len(categories) - 3} more"
    )


def _rule_flaws(policy: FrozenPolicy, categories: Sequence[str]) -> Iterable[Flaw]:
    levels = {level.name for level in policy.levels}
    for rule in policy.routing:
        reason = _why_unreachable(rule, categories)
        if reason:
            yield Flaw(part="rule", name=rule.name, reason=f"can never match: {reason}")
        for name in rule.levels:
            if name not in levels:
                yield Flaw(part="rule", name=rule.name, reason=f"demands {name}, which is no level")


def _why_unreachable(rule: RoutingRule, categories: Sequence[str]) -> str | None:
    """A rule's conditions are independent of one another: it can match unless one of them cannot hold by itself."""
    if rule.amount_below is not None and rule.amount_below <= max(rule.amount_from, Decimal(0)):
        return f"no amount is from {rule.amount_from:,} and below {rule.amount_below:,}"
    if rule.categories and not set(rule.categories) & set(categories):
        return "the policy lists none of its categories"
    if rule.urgencies and not set(rule.urgencies) & set(URGENCIES):
        return "there is no such urgency"
    return None


def _level_flaws(levels: Sequence[ApprovalLevel]) -> Iterable[Flaw]:
    for level in levels:
        for role in (level.role, level.escalate_to):
            if role not in ROLES:
                yield Flaw(part="level", name=level.name, reason=f"{role} is no role")
            elif role in MAY_NOT_APPROVE:
                yield Flaw(part="level", name=level.name, reason=f"a {role} may not approve")
        if level.remind_after_hours >= level.escalate_after_hours:
            yield Flaw(part="level", name=level.name, reason="the reminder must come before the escalation")


def escalation_chain(levels: Sequence[ApprovalLevel], role: str) -> tuple[tuple[str, ...], bool]:
    """The roles that a silent question passes through, beginning with `role`, and whether it comes to an end.

    It ends with a role that is no level's own: there the question stays until somebody answers.
    """
    following = {level.role: level.escalate_to for level in reversed(levels)}
    chain = [role]
    while chain[-1] in following:
        upper = following[chain[-1]]
        if upper in chain:
            return (*chain, upper), False
        chain.append(upper)
    return tuple(chain), True


def _endless_escalations(levels: Sequence[ApprovalLevel]) -> Iterable[Flaw]:
    for level in levels:
        chain, ends = escalation_chain(levels, level.role)
        if not ends:
            yield Flaw(part="level", name=level.name, reason=f"its escalation never ends: {' -> '.join(chain)}")


def _exception_flaws(policy: FrozenPolicy) -> Iterable[Flaw]:
    owners = {code: row.owner for code, row in CATALOGUE.items()} | policy.exception_owners
    for code, owner in owners.items():
        if code not in CATALOGUE:
            yield Flaw(part="exception", name=code, reason="no such exception in the catalogue")
        if owner not in ROLES:
            yield Flaw(part="exception", name=code, reason=f"its owner {owner} is no role")
    for part, role in (
        ("budget", policy.budget.override_role),
        ("emergency", policy.emergency.retrospective_role),
    ):
        if role not in ROLES or role in MAY_NOT_APPROVE:
            yield Flaw(part=part, reason=f"{role} cannot decide it")
