"""What would happen to a request: who is asked, which rule says so, and where a silent question goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from domain.approval_plan import Ask, authority_of, escalation_chain, stages
from domain.authority import ApproverDirectory
from domain.model import Value
from domain.money import Money
from domain.policy.model import FrozenPolicy
from domain.policy.tables import clocks
from domain.routing import RequestFacts, Route, explain, route


class PreviewedLevel(Value):
    """One question. Questions of the same `place` are asked side by side; `needs` different persons must approve.

    `people` may answer, `person_limit` is what the one superior may approve alone (None: no chain, or no authority);
    `escalation` are the roles that a silent question passes through. Hours are business hours of the facility, set by
    `clock_rule` where it is not empty.
    """

    place: int
    name: str
    role: str
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    remind_after_hours: int
    escalate_after_hours: int
    escalate_to: str
    escalation: tuple[str, ...]
    people: tuple[str, ...] = ()
    needs: int = 1
    quorum: str = "any"
    approvers: Literal["role", "management-chain"] = "role"
    stage: str = ""
    person_limit: Money | None = None
    clock_rule: str = ""


class Preview(Value):
    """`retrospective` is set when the order would go out at once as an emergency: the levels are then not asked,
    and the named role answers afterwards. `words` has one sentence for each stage."""

    facility: str
    policy_version: str
    policy_sha256: str
    effective_from: date
    amount: Money
    categories: tuple[str, ...]
    urgency: str
    levels: tuple[PreviewedLevel, ...]
    words: tuple[str, ...]
    rules: tuple[str, ...] = ()
    requester: str | None = None
    requester_level: int | None = None
    retrospective: str | None = None
    retrospective_hours: int | None = None


def preview_of(
    policy: FrozenPolicy,
    facts: RequestFacts,
    approvers: ApproverDirectory | None = None,
    requester: str | None = None,
    on_behalf_of: str | None = None,
) -> Preview:
    """The route of a request, with the people of `approvers`, whose `holders` are those of the policy's roles; without
    it, the route is told in roles alone. Neither `requester` nor the person on whose behalf they ask may decide: both
    are left out of the people.

    Raises CurrencyMismatchError when the amount is not in the facility's currency.
    """
    found = route(policy, facts)
    directory = approvers or ApproverDirectory()
    requesters = tuple(person for person in (requester, on_behalf_of) if person is not None)
    plan = stages(policy, found, directory, facts.amount, requesters)
    at_once = facts.urgency == "emergency" and facts.amount.amount <= policy.emergency.cap
    levels = [
        _previewed(policy, facts, place, ask, directory, requesters)
        for place, stage in enumerate(plan, start=1)
        for ask in stage
    ]
    return Preview(
        facility=policy.facility.code,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        effective_from=policy.effective_from,
        amount=facts.amount,
        categories=facts.categories,
        urgency=facts.urgency,
        levels=tuple(levels),
        words=tuple(_in_words(found, levels)),
        rules=found.rules,
        requester=requester,
        requester_level=facts.requester_level,
        retrospective=policy.emergency.retrospective_role if at_once else None,
        retrospective_hours=policy.emergency.retrospective_hours if at_once else None,
    )


def _previewed(
    policy: FrozenPolicy,
    facts: RequestFacts,
    place: int,
    ask: Ask,
    directory: ApproverDirectory,
    requesters: Sequence[str],
) -> PreviewedLevel:
    times = clocks(policy, ask.level, facts.urgency, facts.amount.amount)
    holders = [person for person in directory.holders.get(ask.role, ()) if person not in requesters]
    return PreviewedLevel(
        place=place,
        name=ask.level.name,
        role=ask.role,
        rules=ask.rules,
        reasons=ask.reasons,
        remind_after_hours=times.remind_after_hours,
        escalate_after_hours=times.escalate_after_hours,
        escalate_to=ask.level.escalate_to,
        escalation=escalation_chain(policy, ask.level)[1:],
        people=ask.people or tuple(holders),
        needs=ask.needs,
        quorum=str(ask.level.needs),
        approvers=ask.level.approvers,
        stage=ask.level.stage,
        person_limit=_limit(policy, ask, directory, facts.amount.currency),
        clock_rule=times.rule or "",
    )


def _limit(policy: FrozenPolicy, ask: Ask, directory: ApproverDirectory, currency: str) -> Money | None:
    """What the superior who is asked may approve alone."""
    if ask.level.approvers != "management-chain" or len(ask.people) != 1:
        return None
    job_level = next((each.job_level for each in directory.chain if each.person == ask.people[0]), None)
    amount = None if job_level is None else authority_of(policy, job_level)
    return None if amount is None else Money(amount=amount, currency=currency)


def _in_words(found: Route, levels: Sequence[PreviewedLevel]) -> Iterable[str]:
    if not levels:
        return explain(found)
    places = sorted({level.place for level in levels})
    return [_stage_in_words([level for level in levels if level.place == place]) for place in places]


def _stage_in_words(together: Sequence[PreviewedLevel]) -> str:
    names = " and ".join(level.name for level in together)
    beside = " side by side" if len(together) > 1 else ""
    return f"{together[0].place}. {names}{beside}: {'; '.join(_question_in_words(level) for level in together)}."


def _question_in_words(level: PreviewedLevel) -> str:
    causes = "; ".join(f"{reason} ({rule})" for rule, reason in zip(level.rules, level.reasons, strict=True))
    return f"{who_in_words(level)}, because: {causes}"


def who_in_words(level: PreviewedLevel) -> str:
    """Who answers a question, and how many of them must approve."""
    if level.approvers == "management-chain" and len(level.people) == 1:
        limit = f", who may approve {level.person_limit.amount:,} alone" if level.person_limit is not None else ""
        return f"the superior {level.people[0]}{limit}"
    people = f": {', '.join(level.people)}" if level.people else ""
    if level.approvers == "management-chain":
        return f"any {level.role}, where no superior has the authority{people}"
    if level.quorum == "all":
        return f"every {level.role}{people}"
    return f"any {level.needs} who hold {level.role}{people}" if level.needs > 1 else f"any {level.role}{people}"
