"""What must hold of the hire rules before a hire may rely on them.

Whatever a hire asks for, somebody approves it; everybody gets a worker record and is awaited; and nothing is given
before, or beside, what makes it safe.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple, get_args

from domain.facility import Facility, FacilityKind
from domain.hire import EmploymentType
from domain.hire_approvals import HIRE_ASKS
from domain.hire_rules import EntitlementRule, HireRules, ItemKind, PlanRule
from domain.policy.bands import uncovered_words
from domain.policy.boxes import Box, left_over, meet
from domain.policy.flaws import MAY_NOT_APPROVE, ROLES, Flaw
from domain.policy.model import FrozenPolicy
from domain.policy.rule_index import concerns
from domain.requisition import Urgency

OTHER = "(any other)"
"""Stands for every job family, department or facility that no row names."""
FOR_EVERYBODY: dict[ItemKind, str] = {
    "worker-record": "no worker record is made",
    "arrival": "nobody is asked whether they arrived",
}
EMPLOYMENT: tuple[EmploymentType, ...] = get_args(EmploymentType)
KINDS: tuple[FacilityKind, ...] = get_args(FacilityKind)
AS_EVER: Urgency = "routine"
"""A hire knows no urgency."""
SHOWN_MOST = 4


def hire_flaws(policy: FrozenPolicy, rules: HireRules) -> Iterator[Flaw]:
    """Every flaw of the hire rules at the policy's facility."""
    plan = _Plan(rules, policy.facility)
    yield from _approval_flaws(policy, rules)
    yield from _shadowed(rules)
    yield from _not_for_everybody(plan)
    for row in plan.rows:
        yield from _row_flaws(plan, row)
    yield from _conflicting_birthrights(plan)


def _approval_flaws(policy: FrozenPolicy, rules: HireRules) -> Iterator[Flaw]:
    """Asks that nobody is sure to be asked about, and rows that cannot ask anybody."""
    here = [rule for rule in rules.approvals if concerns(rule, policy.facility)]
    levels = {level.name for level in policy.levels}
    for ask in HIRE_ASKS:
        for words in uncovered_words(here, ask, AS_EVER, policy.facility.currency):
            yield Flaw(part="hire_approvals", reason=f"nobody approves a hire's {ask} {words}")
    for rule in rules.approvals:
        unknown = [name for name in rule.levels if name not in levels]
        lower, upper = rule.requester_level_from, rule.requester_level_below
        if unknown:
            yield Flaw(part="hire_approvals", name=rule.name, reason=f"demands {unknown[0]}, which is no level")
        if rule.categories and not set(rule.categories) & set(HIRE_ASKS):
            yield Flaw(part="hire_approvals", name=rule.name, reason="can never match: no hire asks for this")
        if rule.amount_below is not None and rule.amount_below <= rule.amount_from:
            reason = f"can never match: no amount is from {rule.amount_from:,} and below {rule.amount_below:,}"
            yield Flaw(part="hire_approvals", name=rule.name, reason=reason)
        if lower is not None and upper is not None and upper <= lower:
            reason = f"can never match: no job level is from {lower} on and below {upper}"
            yield Flaw(part="hire_approvals", name=rule.name, reason=reason)


class _Hold(NamedTuple):
    """A row, and the hires for which it decides what its item is."""

    row: PlanRule
    boxes: tuple[Box, ...]


class _Plan:
    """The rows of the plan that hold at one facility. A box tells job families, departments and employment types."""

    def __init__(self, rules: HireRules, facility: Facility) -> None:
        rows = [row for row in rules.plan if row_concerns(row, facility)]
        self._axes = _Axes(rules)
        self._after = {row.item: row.after for row in rows}
        for row in rows:
            self._after[row.item] = tuple(dict.fromkeys((*self._after[row.item], *row.after)))
        self.rules = rules
        self.everybody = self._axes.everybody()[:3]
        self.rows = tuple(
            _Hold(row, self._decided(row, [later for later in rows[at + 1 :] if later.item == row.item]))
            for at, row in enumerate(rows)
        )

    def _decided(self, row: PlanRule, later: Sequence[PlanRule]) -> tuple[Box, ...]:
        return tuple(left_over(self._axes.box(row)[:3], (self._axes.box(each)[:3] for each in later)))

    def granted(self, row: PlanRule) -> list[EntitlementRule]:
        found = (self.rules.entitlement(name) for name in row.entitlements)
        return [each for each in found if each is not None]

    def without(self, boxes: Sequence[Box], wanted: Callable[[PlanRule], bool]) -> list[Box]:
        """The part of these hires in whose plan no row of this sort stands."""
        taken = [box for each in self.rows if wanted(each.row) for box in each.boxes]
        return [left for box in boxes for left in left_over(box, taken)]

    def before(self, row: PlanRule) -> set[str]:
        """The items that must be done before the row's, at any remove."""
        found: set[str] = set()
        ahead = [*row.after]
        while ahead:
            item = ahead.pop()
            if item not in found:
                found.add(item)
                ahead += self._after.get(item, ())
        return found


class _Axes:
    """All values that a condition of a row may have, with one that stands for those that no row names."""

    def __init__(self, rules: HireRules) -> None:
        named = {family for row in rules.plan for family in row.job_families}
        self.families = frozenset((*rules.job_families, *named, OTHER))
        self.departments = frozenset((*(each for row in rules.plan for each in row.departments), OTHER))
        self.facilities = frozenset((*(each for row in rules.plan for each in row.facilities), OTHER))

    def everybody(self) -> Box:
        return (self.families, self.departments, frozenset(EMPLOYMENT), frozenset(KINDS), self.facilities)

    def box(self, row: PlanRule) -> Box:
        conditions: tuple[Collection[str], ...] = (
            row.job_families,
            row.departments,
            row.employment_types,
            row.kinds,
            row.facilities,
        )
        pairs = zip(self.everybody(), conditions, strict=True)
        return tuple(every & frozenset(wanted) if wanted else every for every, wanted in pairs)


def row_concerns(row: PlanRule, facility: Facility) -> bool:
    """Whether the row of the plan is one for this facility."""
    return (not row.facilities or facility.code in row.facilities) and (not row.kinds or facility.kind in row.kinds)


def _shadowed(rules: HireRules) -> Iterator[Flaw]:
    """Rows that never decide, because a later row for the same item always does."""
    axes = _Axes(rules)
    for at, row in enumerate(rules.plan):
        later = [each for each in rules.plan[at + 1 :] if each.item == row.item]
        if not left_over(axes.box(row), (axes.box(each) for each in later)):
            names = ", ".join(each.name for each in later if meet(axes.box(row), axes.box(each)))
            reason = f"can never decide: the last row for {row.item} that matches does, and that is always {names}"
            yield Flaw(part="plan", name=row.name, reason=reason)


def _not_for_everybody(plan: _Plan) -> Iterator[Flaw]:
    def of_kind(kind: ItemKind) -> Callable[[PlanRule], bool]:
        return lambda row: row.kind == kind

    for kind, words in FOR_EVERYBODY.items():
        left = plan.without((plan.everybody,), of_kind(kind))
        if left:
            yield Flaw(part="plan", reason=f"{words} for {_who(left[0], plan.everybody)}")


def _row_flaws(plan: _Plan, hold: _Hold) -> Iterator[Flaw]:
    row = hold.row
    if row.done_by not in ROLES or row.done_by in MAY_NOT_APPROVE:
        yield Flaw(part="plan", name=row.name, reason=f"a {row.done_by} can answer for nothing")
    for other in plan.rows:
        if other.row.item not in row.after or other.row.due_days <= row.due_days:
            continue
        if any(meet(one, two) for one in hold.boxes for two in other.boxes):
            reason = f"is due before {other.row.item}, for which it waits"
            yield Flaw(part="plan", name=row.name, reason=reason)
    if row.kind == "access":
        yield from _access_flaws(plan, hold)


def _access_flaws(plan: _Plan, hold: _Hold) -> Iterator[Flaw]:
    row, first = hold.row, plan.before(hold.row)
    for granted in plan.granted(row):

        def opens(other: PlanRule, system: str = granted.system) -> bool:
            return other.kind == "account" and other.target == system and other.item in first

        def screens(other: PlanRule) -> bool:
            return other.kind == "screening" and other.item in first

        left = plan.without(hold.boxes, opens)
        if left:
            who = _who(left[0], plan.everybody)
            reason = f"gives {granted.name} without waiting for an account in {granted.system}, for {who}"
            yield Flaw(part="plan", name=row.name, reason=reason)
        left = plan.without(hold.boxes, screens) if granted.clinical else []
        if left:
            who = _who(left[0], plan.everybody)
            reason = f"gives {granted.name}, which is clinical, without waiting for a screening, for {who}"
            yield Flaw(part="plan", name=row.name, reason=reason)


def _conflicting_birthrights(plan: _Plan) -> Iterator[Flaw]:
    for conflict in plan.rules.conflicts:
        pair = {conflict.first, conflict.second}
        giving = [each for each in plan.rows if pair & set(each.row.entitlements)]
        for one, other in combinations_with_replacement(giving, 2):
            gives = set(one.row.entitlements) | set(other.row.entitlements)
            alone = one is not other and any(pair <= set(each.row.entitlements) for each in (one, other))
            meeting = any(meet(mine, yours) for mine in one.boxes for yours in other.boxes)
            if pair <= gives and meeting and not alone:
                beside = "" if one is other else f", beside {one.row.name},"
                reason = (
                    f"gives{beside} by birthright what {conflict.name} keeps apart: "
                    f"{conflict.first} and {conflict.second}"
                )
                yield Flaw(part="plan", name=other.row.name, reason=reason)


def _who(box: Box, everybody: Box) -> str:
    """Hires in words; what does not tell them from others is left unsaid."""
    said = []
    for name, values, every in zip(("job family", "department", "employment type"), box, everybody, strict=True):
        if values != every:
            shown = sorted(values)
            more = f" and {len(shown) - SHOWN_MOST} more" if len(shown) > SHOWN_MOST else ""
            said.append(f"{name} {', '.join(shown[:SHOWN_MOST])}{more}")
    return "; ".join(said) or "anybody"
