"""What must hold of a policy before a case may rely on it, proven over every request that could come.

The proof does not try requests: it works on the bands of amounts that rules cover, see `domain.policy.bands`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.exceptions import CATALOGUE
from domain.policy.bands import uncovered_words
from domain.policy.flaws import MAY_NOT_APPROVE, ROLES, UNLISTED, URGENCIES, Flaw
from domain.policy.hire_proof import hire_flaws
from domain.policy.model import ApprovalLevel, FrozenPolicy, RoutingRule
from domain.policy.rule_index import concerns
from domain.policy.table_proof import table_flaws


def prove(policy: FrozenPolicy, categories: Sequence[str]) -> list[Flaw]:
    """Every flaw of the policy, given all categories of goods; an empty list is the proof that it has none."""
    return [
        *_gaps(policy, categories),
        *_rule_flaws(policy, categories),
        *_level_flaws(policy.levels),
        *_endless_escalations(policy.levels),
        *_stage_flaws(policy.levels),
        *_exception_flaws(policy),
        *table_flaws(policy, categories),
        *(hire_flaws(policy, policy.hire) if policy.hire is not None else ()),
    ]


def _gaps(policy: FrozenPolicy, categories: Sequence[str]) -> list[Flaw]:
    """One flaw per band that nobody approves, however many categories and urgencies share it."""
    rules = [rule for rule in policy.routing if concerns(rule, policy.facility)]
    among: dict[tuple[str, str], list[str]] = {}
    for urgency in URGENCIES:
        for category in (*categories, UNLISTED):
            for words in uncovered_words(rules, category, urgency, policy.facility.currency):
                among.setdefault((words, urgency), []).append(category)
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (words, urgency), found in among.items():
        shared.setdefault((words, tuple(found)), []).append(urgency)
    return [
        Flaw(
            part="routing",
            reason=f"nobody approves {_any(urgencies)} {words} of {_few(of, len(categories) + 1)}",
        )
        for (words, of), urgencies in shared.items()
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
    lower, upper = rule.requester_level_from, rule.requester_level_below
    if lower is not None and upper is not None and upper <= lower:
        return f"no job level is from {lower} on and below {upper}"
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


def _stage_flaws(levels: Sequence[ApprovalLevel]) -> Iterable[Flaw]:
    for place, level in enumerate(levels):
        if level.approvers == "management-chain" and level.needs != "any":
            reason = f"climbs the management chain, which is asked one by one: it cannot need {level.needs}"
            yield Flaw(part="level", name=level.name, reason=reason)
        apart = level.stage and place and levels[place - 1].stage != level.stage
        if apart and any(each.stage == level.stage for each in levels[:place]):
            reason = f"is of the stage {level.stage}, whose other levels are not its neighbours"
            yield Flaw(part="level", name=level.name, reason=reason)


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
        above, ends = escalation_chain(levels, level.escalate_to)
        if level.role in above:
            above, ends = above[: above.index(level.role) + 1], False
        if not ends:
            reason = f"its escalation never ends: {' -> '.join((level.role, *above))}"
            yield Flaw(part="level", name=level.name, reason=reason)


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
