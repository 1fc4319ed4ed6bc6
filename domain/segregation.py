"""Which duties one person must not combine.

A person exercises a duty when they act themselves and when somebody acts on their behalf, so both are looked at. The
rules are data of the policy; an override lets a clash pass for a time, and never on the word of the one who uses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.duties import Duty, DutyDone, SegregationOverride
from domain.model import Value
from domain.policy.model import SegregationRule
from domain.tasks import Decision, Task


class Clash(Value):
    """A rule that forbids a duty to a person who exercised the other one, and the override that lets it pass."""

    rule: SegregationRule
    person: str
    override: SegregationOverride | None = None


def conflict(
    rules: Sequence[SegregationRule],
    person: str,
    duty: Duty,
    done: Sequence[DutyDone],
    overrides: Sequence[SegregationOverride],
    facility: str,
    case_id: str,
    at: datetime,
) -> SegregationRule | None:
    """The first rule that forbids the person this duty after what was done, unless a valid override covers it.

    A rule for the case looks at what was done in `case_id`, one for the family at all of `done`. To repeat a duty is no
    conflict.
    """
    for clash in clashes(rules, person, duty, done, overrides, facility, case_id, at):
        if clash.override is None:
            return clash.rule
    return None


def clashes(
    rules: Sequence[SegregationRule],
    person: str,
    duty: Duty,
    done: Sequence[DutyDone],
    overrides: Sequence[SegregationOverride],
    facility: str,
    case_id: str,
    at: datetime,
) -> tuple[Clash, ...]:
    """Every rule that the duty would break, in the order of the policy, with the override that covers it if one does:
    overrides that were used are to be reported."""
    return tuple(
        Clash(rule=rule, person=person, override=_covering(overrides, person, rule, facility, case_id, at))
        for rule in rules
        if _breaks(rule, person, duty, done, case_id)
    )


def decision_clashes(
    rules: Sequence[SegregationRule],
    decision: Decision,
    task: Task,
    done: Sequence[DutyDone],
    at: datetime,
    facility: str = "",
) -> tuple[Clash, ...]:
    """Every rule that the decision would break: for the actor, and for the person whom they act for.

    To what is known (`done`) comes what the decision brings along from linked cases. An override that one of them
    approved lets the other do nothing. `facility` is that of the case, the task's own when it is left out.
    """
    if task.duty is None:
        return ()
    known, where, people = (*done, *decision.family_duties), facility or task.facility, acting(decision)
    overrides = [each for each in decision.overrides if each.approved_by not in people]
    return tuple(
        clash
        for person in people
        for clash in clashes(rules, person, task.duty, known, overrides, where, task.case_id, at)
    )


def decision_conflict(
    rules: Sequence[SegregationRule],
    decision: Decision,
    task: Task,
    done: Sequence[DutyDone],
    at: datetime,
    facility: str = "",
) -> SegregationRule | None:
    """The first rule that forbids the decision and that no override covers. Gateway and workflow both ask this."""
    for clash in decision_clashes(rules, decision, task, done, at, facility):
        if clash.override is None:
            return clash.rule
    return None


def acting(decision: Decision) -> tuple[str, ...]:
    """Who exercises a duty by this decision: the actor, and the person whom they act for."""
    return tuple(_distinct(decision.actor.person, decision.on_behalf_of))


def _distinct(*people: str | None) -> Iterator[str]:
    yield from dict.fromkeys(person for person in people if person is not None)


def _breaks(rule: SegregationRule, person: str, duty: Duty, done: Sequence[DutyDone], case_id: str) -> bool:
    other = _other(rule, duty)
    return other is not None and any(
        each.person == person and each.duty == other and (rule.scope == "family" or each.case_id == case_id)
        for each in done
    )


def _other(rule: SegregationRule, duty: Duty) -> Duty | None:
    if rule.first == rule.second:
        return None
    if duty == rule.first:
        return rule.second
    return rule.first if duty == rule.second else None


def _covering(
    overrides: Sequence[SegregationOverride],
    person: str,
    rule: SegregationRule,
    facility: str,
    case_id: str,
    at: datetime,
) -> SegregationOverride | None:
    for override in overrides:
        if (
            (override.person, override.rule, override.facility) == (person, rule.name, facility)
            and override.case_id in (None, case_id)
            and override.valid_from <= at < override.valid_until
            and override.approved_by != person
        ):
            return override
    return None
