"""What must hold of the decision tables beside the routing: every row can decide, and none contradicts another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Protocol, TypeVar

from domain.policy.boxes import Box, from_on, left_over, meet
from domain.policy.flaws import MAY_NOT_APPROVE, ROLES, UNLISTED, URGENCIES, Flaw
from domain.policy.model import AcceptanceRule, FrozenPolicy, InvoiceToleranceRule, MatchWaysRule, SegregationRule

OTHER = "(any other)"
"""Stands for every supplier, or every cost centre, that no row names."""


class Named(Protocol):
    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)


def table_flaws(policy: FrozenPolicy, categories: Sequence[str]) -> Iterator[Flaw]:
    """Every flaw of the tables, given all categories of goods."""
    yield from _service_level_flaws(policy)
    yield from _tolerance_flaws(policy, categories)
    yield from _budget_flaws(policy, categories)
    yield from _acceptance_flaws(policy.acceptance, categories)
    yield from _authority_flaws(policy)
    yield from _segregation_flaws(policy.segregation)
    yield from _delegation_flaws(policy)
    yield from _invoice_flaws(policy, categories)
    yield from _payment_flaws(policy)


def _service_level_flaws(policy: FrozenPolicy) -> Iterator[Flaw]:
    levels = [level.name for level in policy.levels]
    bounds = sorted({rule.amount_from for rule in policy.service_levels})
    for rule in policy.service_levels:
        if rule.remind_after_hours >= rule.escalate_after_hours:
            reason = "the reminder must come before the escalation"
            yield Flaw(part="service_levels", name=rule.name, reason=reason)
    yield from _undecided(
        "service_levels",
        policy.service_levels,
        lambda rule: (_of(rule.levels, levels), _of(rule.urgencies, URGENCIES), from_on(rule.amount_from, bounds)),
    )


def _tolerance_flaws(policy: FrozenPolicy, categories: Sequence[str]) -> Iterator[Flaw]:
    goods = (*categories, UNLISTED)
    suppliers = (*(supplier for rule in policy.tolerance_rules for supplier in rule.suppliers), OTHER)
    yield from _undecided(
        "tolerance_rules",
        policy.tolerance_rules,
        lambda rule: (_of(rule.categories, goods), _of(rule.suppliers, suppliers)),
    )


def _invoice_flaws(policy: FrozenPolicy, categories: Sequence[str]) -> Iterator[Flaw]:
    """Rows about bills that never decide; those of one kind of tolerance stand in no other's shadow."""
    goods = (*categories, UNLISTED)
    tolerances, ways = policy.invoice_tolerances, policy.match_ways
    named = (supplier for suppliers in (*_suppliers(ways), *_suppliers(tolerances)) for supplier in suppliers)
    suppliers = (*named, OTHER)
    yield from _undecided(
        "match_ways", ways, lambda rule: (_of(rule.categories, goods), _of(rule.suppliers, suppliers))
    )
    for kind in sorted({rule.kind for rule in tolerances}):
        yield from _undecided(
            "invoice_tolerances",
            [rule for rule in tolerances if rule.kind == kind],
            lambda rule: (_of(rule.categories, goods), _of(rule.suppliers, suppliers)),
        )


def _suppliers(rules: Sequence[MatchWaysRule] | Sequence[InvoiceToleranceRule]) -> list[tuple[str, ...]]:
    return [rule.suppliers for rule in rules]


def _payment_flaws(policy: FrozenPolicy) -> Iterator[Flaw]:
    for role, does in ((policy.payment.approver_role, "approve"), (policy.payment.release_role, "release")):
        if role not in ROLES or role in MAY_NOT_APPROVE:
            yield Flaw(part="payment", reason=f"a {role} may not {does} payments")


def _budget_flaws(policy: FrozenPolicy, categories: Sequence[str]) -> Iterator[Flaw]:
    goods = (*categories, UNLISTED)
    cost_centres = (*(each for rule in policy.budget_rules for each in rule.cost_centres), OTHER)
    yield from _undecided(
        "budget_rules",
        policy.budget_rules,
        lambda rule: (_of(rule.cost_centres, cost_centres), _of(rule.categories, goods)),
    )


def _of(wanted: Collection[str], known: Collection[str]) -> frozenset[str]:
    return frozenset(known) & frozenset(wanted) if wanted else frozenset(known)


def _undecided(table: str, rows: Sequence[Row], box_of: Callable[[Row], Box]) -> Iterator[Flaw]:
    """Rows of a table with the hit policy *first* that never decide, because others always do before them."""
    before: list[tuple[str, Box]] = []
    for row in rows:
        box = box_of(row)
        if not all(box):
            yield Flaw(part=table, name=row.name, reason="can never match: the policy lists none of what it names")
        elif not left_over(box, (each for _, each in before)):
            earlier = ", ".join(name for name, each in before if meet(box, each))
            reason = f"can never decide: the first rule that matches does, and that is always {earlier}"
            yield Flaw(part=table, name=row.name, reason=reason)
        before.append((row.name, box))


def _acceptance_flaws(rules: Sequence[AcceptanceRule], categories: Sequence[str]) -> Iterator[Flaw]:
    goods = (*categories, UNLISTED)
    for one, other in combinations(rules, 2):
        shared = _of(one.categories, goods) & _of(other.categories, goods)
        if one.code == other.code and shared and one.max_amount != other.max_amount:
            reason = (
                f"accepts {other.code} up to {other.max_amount:,} where {one.name} does so up to {one.max_amount:,}: "
                "the hit policy any wants rules that match to agree"
            )
            yield Flaw(part="acceptance", name=other.name, reason=reason)
    for rule in rules:
        if rule.categories and not set(rule.categories) & set(categories):
            reason = "can never match: the policy lists none of its categories"
            yield Flaw(part="acceptance", name=rule.name, reason=reason)


def _authority_flaws(policy: FrozenPolicy) -> Iterator[Flaw]:
    for lower, upper in pairwise(policy.authority):
        if upper.job_level <= lower.job_level:
            reason = f"job level {upper.job_level} stands after {lower.job_level}: list each once, in rising order"
            yield Flaw(part="authority", reason=reason)
        elif upper.amount <= lower.amount:
            reason = (
                f"job level {upper.job_level} may approve {upper.amount:,}, "
                f"which is not more than the {lower.amount:,} of level {lower.job_level} below it"
            )
            yield Flaw(part="authority", reason=reason)
    for level in policy.levels:
        if level.approvers == "management-chain" and not policy.authority:
            reason = "climbs the management chain until somebody has the authority, and no job level has any"
            yield Flaw(part="level", name=level.name, reason=reason)


def _segregation_flaws(rules: Sequence[SegregationRule]) -> Iterator[Flaw]:
    for rule in rules:
        if rule.first == rule.second:
            reason = f"keeps {rule.first} apart from itself: name two duties"
            yield Flaw(part="segregation", name=rule.name, reason=reason)
        if rule.override_role not in ROLES or rule.override_role in MAY_NOT_APPROVE:
            reason = f"a {rule.override_role} may not let it pass"
            yield Flaw(part="segregation", name=rule.name, reason=reason)
    for one, other in combinations(rules, 2):
        if {one.first, one.second} == {other.first, other.second} and one.scope == other.scope:
            yield Flaw(part="segregation", name=other.name, reason=f"keeps the same duties apart as {one.name}")


def _delegation_flaws(policy: FrozenPolicy) -> Iterator[Flaw]:
    for role in policy.delegation.roles_never:
        if role not in ROLES:
            yield Flaw(part="delegation", reason=f"{role} is no role")
