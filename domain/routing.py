"""Who approves a request, and which rules say so.

The routing table has the hit policy *collect*: every rule that matches contributes its levels. A level that several
rules demand is asked once, in the order in which the policy lists its levels.
"""

from __future__ import annotations

from collections.abc import Collection

from domain.exceptions import CATALOGUE
from domain.model import Value
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import ApprovalLevel, FrozenPolicy, RoutingRule


class RoutedLevel(Value):
    """A level that must approve, the names of the rules that demand it and their reasons, in the same order."""

    level: ApprovalLevel
    rules: tuple[str, ...]
    reasons: tuple[str, ...]


class Route(Value):
    """The levels in the order in which they are asked, and every rule that matched. Empty when no rule matched."""

    levels: tuple[RoutedLevel, ...] = ()
    rules: tuple[str, ...] = ()


def route(policy: FrozenPolicy, amount: Money, categories: Collection[str], urgency: str) -> Route:
    """The approvals that a request needs: `amount` is its total, `categories` those of all of its lines.

    An empty route means that the policy names nobody; it never means that nobody needs to approve. Raises
    CurrencyMismatchError when the amount is not in the facility's currency, in which the bands are written.
    """
    if amount.currency != policy.facility.currency:
        raise CurrencyMismatchError(f"the bands of {policy.facility.code} are in {policy.facility.currency}")
    fired = [rule for rule in policy.routing if matches(rule, amount, categories, urgency)]
    levels = (_routed(level, fired) for level in policy.levels)
    return Route(levels=tuple(level for level in levels if level.rules), rules=tuple(rule.name for rule in fired))


def matches(rule: RoutingRule, amount: Money, categories: Collection[str], urgency: str) -> bool:
    """Whether every condition of the rule holds. One matching category of several is enough."""
    return (
        amount.amount >= rule.amount_from
        and (rule.amount_below is None or amount.amount < rule.amount_below)
        and (not rule.urgencies or urgency in rule.urgencies)
        and (not rule.categories or any(category in rule.categories for category in categories))
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
