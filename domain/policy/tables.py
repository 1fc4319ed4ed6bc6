"""What the decision tables of a frozen policy say about one question.

Each look-up states the hit policy of its table: *first*, the first row that matches decides; *any*, rows that match say
the same. Where no row matches, the general parameters of the policy hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Literal

from domain.duties import Duty
from domain.exceptions import CATALOGUE
from domain.model import Value
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import AcceptanceRule, ApprovalLevel, FrozenPolicy, SegregationRule, Tolerances
from domain.tolerance import LineTolerances

BudgetBehaviour = Literal["stop", "warn", "ignore"]
ALARMS = frozenset(
    {
        "duties-conflict",
        "evidence-fault",
        "policy-refused",
        "sla-breached",
        "bill-posted-outside",
        "bill-unknown",
        "changed-after-closing",
    }
)
"""Exceptions that say that a control struck or failed: a rule that accepts them would switch the control off."""
_STRICTEST_FIRST: tuple[BudgetBehaviour, ...] = ("stop", "warn", "ignore")


class Clocks(Value):
    """Business hours of the facility since a task was opened, and the row that says so (None: the level's own)."""

    remind_after_hours: int
    escalate_after_hours: int
    rule: str | None = None


def clocks(policy: FrozenPolicy, level: ApprovalLevel, urgency: str, amount: Decimal) -> Clocks:
    """When the approvers of a level are reminded, and when the question passes to the next authority.

    Hit policy *first*. `amount` is in the facility's currency.
    """
    for rule in policy.service_levels:
        if _holds(rule.levels, level.name) and _holds(rule.urgencies, urgency) and amount >= rule.amount_from:
            return Clocks(
                remind_after_hours=rule.remind_after_hours,
                escalate_after_hours=rule.escalate_after_hours,
                rule=rule.name,
            )
    return Clocks(remind_after_hours=level.remind_after_hours, escalate_after_hours=level.escalate_after_hours)


def tolerances_of(policy: FrozenPolicy, category: str, supplier: str) -> Tolerances:
    """What may differ on a line of this category from this supplier ('' where one is unknown). Hit policy *first*."""
    for rule in policy.tolerance_rules:
        if _holds(rule.categories, category) and _holds(rule.suppliers, supplier):
            return rule.tolerances
    return policy.tolerances


def line_tolerances(policy: FrozenPolicy, categories: Mapping[int, str], supplier: str) -> LineTolerances:
    """The tolerances of every line of an order, by its category, for what the supplier answers and delivers."""
    return LineTolerances(
        general=tolerances_of(policy, "", supplier),
        lines={line: tolerances_of(policy, category, supplier) for line, category in categories.items()},
    )


def budget_behaviour(
    policy: FrozenPolicy, cost_centres: Collection[str], categories: Collection[str]
) -> BudgetBehaviour:
    """What happens when budgets would be passed: the strictest that holds for any cost centre and category.

    Hit policy *first* for each pair. Where either is unknown, only rows without a condition on it match.
    """
    found = {
        _behaviour(policy, cost_centre, category)
        for cost_centre in (cost_centres or ("",))
        for category in (categories or ("",))
    }
    return next(each for each in _STRICTEST_FIRST if each in found)


def _behaviour(policy: FrozenPolicy, cost_centre: str, category: str) -> BudgetBehaviour:
    for rule in policy.budget_rules:
        if _holds(rule.cost_centres, cost_centre) and _holds(rule.categories, category):
            return rule.behaviour
    return policy.budget.behaviour


def acceptable_by_rule(code: str) -> bool:
    """Whether a rule may accept the exception: only what people may accept, and no alarm of the controls themselves."""
    return code in CATALOGUE and "accept" in CATALOGUE[code].actions and code not in ALARMS


def accepted_by_rule(
    policy: FrozenPolicy, code: str, amount: Money, categories: Collection[str]
) -> AcceptanceRule | None:
    """The rule that accepts an exception without a person, or None when people must be asked.

    Hit policy *any*. `amount` is that of the whole request; a rule for some categories covers the exception only when
    it covers all of its `categories`. What is not `acceptable_by_rule` is accepted by none.

    Raises CurrencyMismatchError when the amount is not in the facility's currency, in which the limits are written.
    """
    if amount.currency != policy.facility.currency:
        raise CurrencyMismatchError(f"the limits of {policy.facility.code} are in {policy.facility.currency}")
    if not acceptable_by_rule(code):
        return None
    for rule in policy.acceptance:
        if rule.code == code and amount.amount <= rule.max_amount and _all_held(rule.categories, categories):
            return rule
    return None


def authority_from(policy: FrozenPolicy, amount: Decimal) -> int | None:
    """The lowest job level that may approve this amount (facility's currency) alone; None when none may."""
    return min((limit.job_level for limit in policy.authority if limit.amount >= amount), default=None)


def broken_by(policy: FrozenPolicy, duties: Collection[Duty]) -> tuple[SegregationRule, ...]:
    """The rules that one person would break by exercising all of these duties in a case."""
    return tuple(rule for rule in policy.segregation if rule.first in duties and rule.second in duties)


def _holds(wanted: Collection[str], given: str) -> bool:
    return not wanted or given in wanted


def _all_held(wanted: Collection[str], given: Collection[str]) -> bool:
    return not wanted or (bool(given) and all(each in wanted for each in given))
