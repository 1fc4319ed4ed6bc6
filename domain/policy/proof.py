"""What must hold of a policy before a case may rely on it, proven over every request that could come.

The proof does not try requests: it works on the bands. For each category, urgency and job level of the requester, the
rules that apply cover intervals of amounts, and whatever they leave between zero and infinity is a gap. A rule that
asks for a cost centre or for a supplier's risk covers nothing: there are always requests with another one, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.exceptions import CATALOGUE
from domain.model import Value
from domain.policy.flaws import MAY_NOT_APPROVE, ROLES, UNLISTED, URGENCIES, Flaw
from domain.policy.model import ApprovalLevel, FrozenPolicy, RoutingRule
from domain.policy.rule_index import concerns, level_fits
from domain.policy.table_proof import table_flaws


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
        *_stage_flaws(policy.levels),
        *_exception_flaws(policy),
        *table_flaws(policy, categories),
    ]


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


def _gaps(policy: FrozenPolicy, categories: Sequence[str]) -> list[Flaw]:
    """One flaw per band that nobody approves, however many categories and urgencies share it."""
    rules = [rule for rule in policy.routing if concerns(rule, policy.facility)]
    among: dict[tuple[str, str], list[str]] = {}
    for urgency in URGENCIES:
        for category in (*categories, UNLISTED):
            for words in _uncovered_words(rules, category, urgency, policy.facility.currency):
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


def _uncovered_words(rules: Sequence[RoutingRule], category: str, urgency: str, currency: str) -> list[str]:
    """Each gap once: what nobody approves whoever asks is not told again for every job level."""
    always = uncovered(rules, category, urgency)
    words = [band.words(currency) for band in always]
    for job_level, who in _job_levels(rules)[1:]:
        gaps = uncovered(rules, category, urgency, job_level)
        words += [f"{band.words(currency)}{who}" for band in gaps if band not in always]
    return words


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
