"""Who approves a request, and which rules say so.

The routing table has the hit policy *collect*: every rule that matches contributes its levels. A level that several
rules demand is asked once, in the order in which the policy lists its levels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from domain.exceptions import CATALOGUE
from domain.model import Value
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import ApprovalLevel, FrozenPolicy, RoutingRule
from domain.policy.rule_index import concerns, index_of, level_fits

READ_ROW_BY_ROW = 64
"""Rules up to which a table is read row by row; beyond, it is compiled."""


class RequestFacts(Value):
    """What the rules look at: the total, and the categories, cost centres and supplier risks of all lines.

    `requester_level` is the requester's job level, None where the people directory does not say.
    """

    amount: Money
    categories: tuple[str, ...] = ()
    urgency: str = "routine"
    cost_centres: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    requester_level: int | None = None


class RoutedLevel(Value):
    """A level that must approve, the names of the rules that demand it and their reasons, in the same order."""

    level: ApprovalLevel
    rules: tuple[str, ...]
    reasons: tuple[str, ...]


class Route(Value):
    """The levels in the order in which they are asked, and every rule that matched. Empty when no rule matched."""

    levels: tuple[RoutedLevel, ...] = ()
    rules: tuple[str, ...] = ()


def route(policy: FrozenPolicy, facts: RequestFacts) -> Route:
    """The approvals that a request needs.

    An empty route means that the policy names nobody; it never means that nobody needs to approve. Raises
    CurrencyMismatchError when the amount is not in the facility's currency, in which the bands are written.
    """
    facility = policy.facility
    if facts.amount.currency != facility.currency:
        raise CurrencyMismatchError(f"the bands of {facility.code} are in {facility.currency}")
    fired = _fired(policy, facts)
    return Route(levels=_routed(policy.levels, fired), rules=tuple(rule.name for rule in fired))


def _fired(policy: FrozenPolicy, facts: RequestFacts) -> list[RoutingRule]:
    """The rules that match. A short table is quicker read than compiled, and every case brings its own copy."""
    if len(policy.routing) <= READ_ROW_BY_ROW:
        return [rule for rule in policy.routing if concerns(rule, policy.facility) and matches(rule, facts)]
    return index_of(policy.routing, policy.facility).matching(
        facts.amount.amount,
        facts.urgency,
        facts.categories,
        facts.cost_centres,
        facts.risks,
        facts.requester_level,
    )


def matches(rule: RoutingRule, facts: RequestFacts) -> bool:
    """Whether every condition on the request holds. One matching category, cost centre or risk of several is enough.

    In a long table `route` finds the same rules by an index.
    """
    amount = facts.amount.amount
    return (
        amount >= rule.amount_from
        and (rule.amount_below is None or amount < rule.amount_below)
        and (not rule.urgencies or facts.urgency in rule.urgencies)
        and _any_of(rule.categories, facts.categories)
        and _any_of(rule.cost_centres, facts.cost_centres)
        and _any_of(rule.risks, facts.risks)
        and level_fits(rule, facts.requester_level)
    )


def _any_of(wanted: Collection[str], given: Collection[str]) -> bool:
    return not wanted or any(each in wanted for each in given)


def _routed(levels: Iterable[ApprovalLevel], fired: Iterable[RoutingRule]) -> tuple[RoutedLevel, ...]:
    demanding: dict[str, list[RoutingRule]] = {}
    for rule in fired:
        for name in dict.fromkeys(rule.levels):
            demanding.setdefault(name, []).append(rule)
    return tuple(
        RoutedLevel(
            level=level,
            rules=tuple(rule.name for rule in demanding[level.name]),
            reasons=tuple(rule.reason for rule in demanding[level.name]),
        )
        for level in levels
        if level.name in demanding
    )


def explain(route: Route) -> list[str]:
    """The route in words, one sentence per level, for a worklist, a timeline or a preview."""
    if not route.levels:
        return ["No rule of the policy names an approver for this request."]
    return [_sentence(place, routed, route.levels) for place, routed in enumerate(route.levels, start=1)]


def _sentence(place: int, routed: RoutedLevel, all_levels: Sequence[RoutedLevel]) -> str:
    causes = "; ".join(f"{reason} ({rule})" for rule, reason in zip(routed.rules, routed.reasons, strict=True))
    level = routed.level
    beside = [each.level.name for each in all_levels if each.level.stage == level.stage and each is not routed]
    who = level.name if level.name == level.role else f"{level.name} ({level.role})"
    with_others = f", side by side with {' and '.join(beside)}" if level.stage and beside else ""
    return (
        f"{place}. {who}{_how_many(level)}{with_others}: {causes}. "
        f"Reminded after {level.remind_after_hours} business hours, "
        f"passed to {level.escalate_to} after {level.escalate_after_hours}."
    )


def _how_many(level: ApprovalLevel) -> str:
    if level.approvers == "management-chain":
        return ", after the requester's superiors up to the authority for the amount"
    return "" if level.needs == "any" else f", {level.needs} of them"


def exception_owner(policy: FrozenPolicy, code: str) -> str:
    """The role whose worklist an exception enters: the facility's choice, else the catalogue's.

    Raises KeyError when the catalogue has no such exception.
    """
    return policy.exception_owners.get(code, CATALOGUE[code].owner)


def exception_hours(policy: FrozenPolicy, code: str) -> int:
    """The service level of an exception in business hours. Raises KeyError when the catalogue has no such exception."""
    return policy.exception_hours.get(code, CATALOGUE[code].hours)
