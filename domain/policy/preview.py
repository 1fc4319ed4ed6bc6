"""What would happen to a request: who is asked, which rule says so, and where a silent question goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from domain.model import Value
from domain.money import Money
from domain.people import Person
from domain.policy.model import FrozenPolicy
from domain.policy.proof import escalation_chain
from domain.routing import RequestFacts, RoutedLevel, explain, route


class PreviewedLevel(Value):
    """One level. `people` hold its role at the facility and may decide; `escalation` are the roles that a silent
    question passes through. Hours are business hours of the facility."""

    place: int
    name: str
    role: str
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    remind_after_hours: int
    escalate_after_hours: int
    escalation: tuple[str, ...]
    people: tuple[str, ...] = ()


class Preview(Value):
    """`retrospective` is set when the order would go out at once as an emergency: the levels are then not asked,
    and the named role answers afterwards."""

    facility: str
    policy_version: str
    policy_sha256: str
    effective_from: date
    amount: Money
    categories: tuple[str, ...]
    urgency: str
    levels: tuple[PreviewedLevel, ...]
    words: tuple[str, ...]
    retrospective: str | None = None
    retrospective_hours: int | None = None


def preview_of(
    policy: FrozenPolicy,
    amount: Money,
    categories: tuple[str, ...],
    urgency: str,
    people: Iterable[Person] = (),
    requester: str | None = None,
) -> Preview:
    """The route of a request. `requester` may not decide it and is left out of the people.

    Raises CurrencyMismatchError when the amount is not in the facility's currency.
    """
    found = route(policy, RequestFacts(amount=amount, categories=categories, urgency=urgency))
    at_once = urgency == "emergency" and amount.amount <= policy.emergency.cap
    staff = [person for person in people if person.active and person.person != requester]
    return Preview(
        facility=policy.facility.code,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        effective_from=policy.effective_from,
        amount=amount,
        categories=categories,
        urgency=urgency,
        levels=tuple(_previewed(policy, place, each, staff) for place, each in enumerate(found.levels, start=1)),
        words=tuple(explain(found)),
        retrospective=policy.emergency.retrospective_role if at_once else None,
        retrospective_hours=policy.emergency.retrospective_hours if at_once else None,
    )


def _previewed(policy: FrozenPolicy, place: int, routed: RoutedLevel, staff: Collection[Person]) -> PreviewedLevel:
    level, facility = routed.level, policy.facility.code
    holders = [
        person.person
        for person in staff
        if level.role in person.roles and (facility in person.facilities or "*" in person.facilities)
    ]
    return PreviewedLevel(
        place=place,
        name=level.name,
        role=level.role,
        rules=routed.rules,
        reasons=routed.reasons,
        remind_after_hours=level.remind_after_hours,
        escalate_after_hours=level.escalate_after_hours,
        escalation=escalation_chain(policy.levels, level.role)[0][1:],
        people=tuple(sorted(holders)),
    )
