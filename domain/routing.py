"""Who approves a request, and which rules say so.

The routing table has the hit policy *collect*: every rule that matches contributes its levels. A level that several
rules demand is asked once, in the order in which the policy lists its levels.
"""

from __future__ import annotations

from collections.abc import Collection

from domain.exceptions import CATALOGUE
from domain.facility import Facility
from domain.model import Value
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import ApprovalLevel, FrozenPolicy, RoutingRule


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
    fired = [rule for rule in policy.routing if _concerns(rule, facility) and matches(rule, facts)]
    levels = (_routed(level, fired) for level in policy.levels)
    return Route(levels=tuple(level for level in levels if level.rules), rules=tuple(rule.name for rule in fired))


def _concerns(rule: RoutingRule, facility: Facility) -> bool:
    return (not rule.facilities or facility.code in rule.facilities) and (not rule.kinds or facility.kind in rule.kinds)


def matches(rule: RoutingRule, facts: RequestFacts) -> bool:
    """Whether every condition on the request holds. One matching category, cost centre or risk of several is enough."""
    amount = facts.amount.amount
    return (
        amount >= rule.amount_from
        and (rule.amount_below is None or amount < rule.amount_below)
        and (not rule.urgencies or facts.urgency in rule.urgencies)
        and _any_of(rule.categories, facts.categories)
        and _any_of(rule.cost_centres, facts.cost_centres)
        and _any_of(rule.risks, facts.risks)
        and _level_fits(rule, facts.requester_level)
    )


def _any_of(wanted: Collection[str], given: Collection[str]) -> bool:
    return not wanted or any(each in wanted for each in given)


def _level_fits(rule: RoutingRule, job_level: int | None) -> bool:
    if job_level is None:
        return True
    return (rule.requester_level_from is None or job_level >= rule.requester_level_from) and (
        rule.requester_level_below is None or job_level < rule.requester_level_below
    )


def _routed(level: ApprovalLevel, fired: list[RoutingRule]) -> RoutedLevel:
    demanding = [rule for rule in fired if level.name in rule.levels]
    return RoutedLevel(
        level=level,
        rules=tuple(rule.name for rule in demanding),
        reasons=tuple(rule.reason for rule in demanding),
    )


def explain(route: Route) -> list[str]:
    """The route in words, one sentence per level, for a worklist, a timeline or a preview."""
    if not route.levels:
        return ["No rule of the policy names an approver for this request."]
    return [_sentence(place, routed) for place, routed in enumerate(route.levels, start=1)]


def _sentence(place: int, routed: RoutedLevel) -> str:
    causes = "; ".join(f"{reason} ({rule})" for rule, reason in zip(routed.rules, routed.reasons, strict=True))
    level = routed.level
    who = level.name if level.name == level.role else f"{level.name} ({level.role})"
    return (
        f"{place}. {who}: {causes}. Reminded after {level.remind_after_hours} business hours, "
        f"passed to {level.escalate_to} after {level.escalate_after_hours}."
    )


def exception_owner(policy: FrozenPolicy, code: str) -> str:
    """The role whose worklist an exception enters: the facility's choice, else the catalogue's.

    Raises KeyError when the catalogue has no such exception.
    """
    return policy.exception_owners.get(code, CATALOGUE[code].owner)


def exception_hours(policy: FrozenPolicy, code: str) -> int:
    """The service level of an exception in business hours. Raises KeyError when the catalogue has no such exception."""
    return policy.exception_hours.get(code, CATALOGUE[code].hours)
