"""What a route means for people: the questions, in stages, and which of them come next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby, zip_longest

from domain.amending import effect_of
from domain.authority import ApproverDirectory
from domain.model import Value
from domain.money import Money
from domain.people import Actor, PersonId
from domain.policy.model import AmendmentRule, ApprovalLevel, FrozenPolicy
from domain.routing import Route, RoutedLevel
from domain.tasks import DecisionRecord

ADDED_ROLE = "added-approver"
"""The role of a question to somebody who was added to a case: nobody holds it, the person is named."""
ADDED_LEVEL = "added_approver"
"""Not the name of any policy's level: these have no underscores."""
_ADDED_BUSINESS_HOURS = 24


class Ask(Value):
    """One question of a stage. `key` names it for ever within its case; `needs` different persons must approve."""

    key: str
    level: ApprovalLevel
    role: str
    people: tuple[str, ...] = ()
    needs: int = 1
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class AddedApprover(Value):
    """Somebody whom `by` wants to be asked as well, after everybody whom the policy demands. Who is `appointed` by the
    process owner is asked also where the policy names nobody at all.
    """

    person: PersonId
    by: PersonId
    reason: str = ""
    appointed: bool = False


class Given(Value):
    """An approval that was given: by whom, with which decisions, and for which rules it was asked.

    `for_others` are those in `approved_by` who acted on behalf of somebody, namely of `principals`. `implied_by` is the
    key of the question whose answer counts for this one. An approval that `stands` was given for an earlier version of
    the request; `total` is what that came to.
    """

    key: str
    approved_by: tuple[Actor, ...] = ()
    decision_ids: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    implied_by: str = ""
    for_others: tuple[PersonId, ...] = ()
    principals: tuple[PersonId, ...] = ()
    stands: bool = False
    total: Money | None = None


def given_by(ask: Ask, approvals: Sequence[DecisionRecord], total: Money | None = None) -> Given:
    """What the approvals of a question amount to, once the ledger says that they are enough. `total` is what the
    request came to when they were given."""
    decisions = [record.decision for record in approvals]
    return Given(
        key=ask.key,
        approved_by=tuple(decision.actor for decision in decisions),
        decision_ids=tuple(decision.decision_id for decision in decisions),
        rules=ask.rules,
        for_others=tuple(each.actor.person for each in decisions if each.on_behalf_of is not None),
        principals=tuple(each.on_behalf_of for each in decisions if each.on_behalf_of is not None),
        total=total,
    )


def implied_given(ask: Ask, actor: Actor, by: str, total: Money | None = None) -> Given:
    """An approval that counts without being asked for: the actor gave it with the question `by`."""
    return Given(key=ask.key, approved_by=(actor,), rules=ask.rules, implied_by=by, total=total)


def stages(
    policy: FrozenPolicy,
    routed: Route,
    approvers: ApproverDirectory,
    amount: Money,
    requesters: Sequence[str],
    added: Sequence[AddedApprover] = (),
) -> tuple[tuple[Ask, ...], ...]:
    """The questions that the route means, stage by stage; those of one stage are asked side by side.

    Levels that follow one another with the same `stage` share it. A level of the management chain is asked superior by
    superior, each in a stage of their own; where it shares its stage, the others are asked beside its first superior.
    Those who were added come last, side by side. They stand in for nobody: where the policy names no level, there is
    nothing to ask unless the process owner appointed one of them.
    """
    asked = [
        stage
        for levels in _neighbours(routed.levels)
        for stage in _side_by_side([_steps(policy, level, approvers, amount, requesters) for level in levels])
    ]
    if not asked and not any(each.appointed and each.person not in requesters for each in added):
        return ()
    extra = tuple(_added(each) for each in _first_of_each(added) if each.person not in requesters)
    return (*asked, extra) if extra else tuple(asked)


def next_stage(planned: Sequence[Sequence[Ask]], given: Mapping[str, Given]) -> tuple[Ask, ...]:
    """The questions that are still open in the first stage that has any; empty when everything is approved."""
    for stage in planned:
        missing = tuple(ask for ask in stage if ask.key not in given)
        if missing:
            return missing
    return ()


def directly_before(planned: Sequence[Sequence[Ask]], given: Mapping[str, Given]) -> tuple[Given, ...]:
    """The approvals of the stage directly before the one that comes next, for `implied`."""
    before: Sequence[Ask] = ()
    for stage in planned:
        if any(ask.key not in given for ask in stage):
            break
        before = stage
    return tuple(given[ask.key] for ask in before)


def implied(policy: FrozenPolicy, ask: Ask, before: Sequence[Given], facility: str) -> Actor | None:
    """The rule *same person decides once*: who approved in the stage directly before, and need not be asked again.

    Only somebody who approved themselves, on this version of the request, and whose token held this question's role at
    the facility (or whom the question names), may be spared, and only where one approval is enough. `before` are the
    approvals of that one stage: nothing is implied across a stage in between. Of several it is the first by id, so that
    it does not matter who was faster.
    """
    if not policy.same_person_decides_once or ask.needs != 1:
        return None
    spared = [
        actor
        for given in before
        for actor in given.approved_by
        if not given.stands and actor.person not in given.for_others and _may_answer(ask, actor, facility)
    ]
    return min(spared, key=lambda actor: actor.person, default=None)


def short_of(ask: Ask, approvers: ApproverDirectory, requesters: Sequence[str] = ()) -> str | None:
    """In words, how many approvers are missing where more must approve than are known; None when there are enough, or
    when the directory was not asked who holds the role."""
    if ask.needs <= 1 or ask.people or ask.role not in approvers.holders:
        return None
    known = [person for person in approvers.holders[ask.role] if person not in requesters]
    if len(known) >= ask.needs:
        return None
    return f"{ask.level.name} needs {ask.needs} approvals; {ask.role} is held by {', '.join(known) or 'nobody'}"


def still_given(
    given: Mapping[str, Given],
    before: Route | None,
    after: Route,
    before_total: Money,
    after_total: Money,
    rule: AmendmentRule,
    requesters: Sequence[str] = (),
) -> tuple[dict[str, Given], tuple[str, ...]]:
    """Which approvals stand after an amendment, and in words why others have to be given anew.

    A total that rises beyond a bound of the rule is approved anew by everybody; otherwise only those levels are asked
    that are demanded by a rule which fires now and did not before. `before_total` is the total that was approved, so
    that many small steps do not add up unseen; an approval that was given for a smaller total is measured by that one.
    It falls as well when one of those who gave it is a requester now. Without a route `before`, every rule counts as
    firing anew. Raises CurrencyMismatchError.
    """
    if not given:
        return {}, ()
    rules_before = before.rules if before is not None else ()
    effect = effect_of(before_total, after_total, rules_before, after.rules, rule)
    if effect_of(before_total, after_total, (), (), rule).needs_approval:
        return {}, effect.reasons
    new_rules = set(after.rules) - set(rules_before)
    fallen = {routed.level.name for routed in after.levels if new_rules & set(routed.rules)}
    standing, reasons = {}, list(effect.reasons)
    for key, each in given.items():
        faults = (*_outgrown(each, after_total, rule), *_given_by_requester(each, requesters))
        reasons += faults
        if not faults and level_of(key) not in fallen:
            standing[key] = each.model_copy(update={"stands": True})
    return standing, tuple(dict.fromkeys(reasons))


def _outgrown(given: Given, total: Money, rule: AmendmentRule) -> tuple[str, ...]:
    return () if given.total is None else effect_of(given.total, total, (), (), rule).reasons


def _given_by_requester(given: Given, requesters: Sequence[str]) -> tuple[str, ...]:
    people = (*(actor.person for actor in given.approved_by), *given.principals)
    return tuple(f"{person} is a requester now and cannot have approved." for person in people if person in requesters)


def level_of(key: str) -> str:
    """The name of the level that a question belongs to."""
    return key.split("/", 1)[0]


def escalation(policy: FrozenPolicy, ask_role: str, level: ApprovalLevel) -> str | None:
    """Whom the question goes to when `ask_role` does not answer; None at the end of the chain."""
    chain = escalation_chain(policy, level)
    if ask_role not in chain:
        return None
    place = chain.index(ask_role) + 1
    return chain[place] if place < len(chain) else None


def escalation_chain(policy: FrozenPolicy, level: ApprovalLevel) -> tuple[str, ...]:
    """The level's role and all authorities that the policy escalates it to, one after the other, each once."""
    chain, role = [level.role], level.escalate_to
    while role not in chain:
        chain.append(role)
        role = next((each.escalate_to for each in policy.levels if each.role == role), role)
    return tuple(chain)


def authority_of(policy: FrozenPolicy, job_level: int) -> Decimal | None:
    """The largest amount that the job level may approve alone (inclusive), None when it may approve nothing alone."""
    limits = [limit for limit in policy.authority if limit.job_level <= job_level]
    return max(limits, key=lambda limit: limit.job_level).amount if limits else None


def _neighbours(levels: Sequence[RoutedLevel]) -> Iterator[list[RoutedLevel]]:
    """Levels that follow one another in the same stage; a level without a stage stands alone."""
    numbered = enumerate(levels)
    for _, group in groupby(numbered, key=lambda each: each[1].level.stage or each[0]):
        yield [level for _, level in group]


def _side_by_side(steps: Sequence[Sequence[Ask]]) -> Iterator[tuple[Ask, ...]]:
    for step in zip_longest(*steps):
        yield tuple(ask for ask in step if ask is not None)


def _steps(
    policy: FrozenPolicy,
    routed: RoutedLevel,
    approvers: ApproverDirectory,
    amount: Money,
    requesters: Sequence[str],
) -> list[Ask]:
    """The questions of one level, one after the other."""
    if routed.level.approvers == "management-chain":
        return list(_chain(policy, routed, approvers, amount, requesters))
    level = routed.level
    if level.needs == "all":
        holders = tuple(person for person in approvers.holders.get(level.role, ()) if person not in requesters)
        return [_ask(routed, level.name, people=holders, needs=max(len(holders), 1))]
    return [_ask(routed, level.name, needs=1 if level.needs == "any" else level.needs)]


def _chain(
    policy: FrozenPolicy,
    routed: RoutedLevel,
    approvers: ApproverDirectory,
    amount: Money,
    requesters: Sequence[str],
) -> Iterator[Ask]:
    """Superior by superior until one's authority covers the amount; the level's role where the chain ends before."""
    name = routed.level.name
    asked: dict[str, None] = {}
    for superior in approvers.chain:
        if superior.person in requesters or superior.person in asked:
            continue
        asked[superior.person] = None
        yield _ask(routed, f"{name}/{len(asked)}", people=(superior.person,))
        limit = authority_of(policy, superior.job_level)
        if limit is not None and limit >= amount.amount:
            return
    yield _ask(routed, f"{name}/{len(asked) + 1}")


def _ask(routed: RoutedLevel, key: str, people: tuple[str, ...] = (), needs: int = 1) -> Ask:
    return Ask(
        key=key,
        level=routed.level,
        role=routed.level.role,
        people=people,
        needs=needs,
        rules=routed.rules,
        reasons=routed.reasons,
    )


def _first_of_each(added: Sequence[AddedApprover]) -> list[AddedApprover]:
    first: dict[str, AddedApprover] = {}
    for each in added:
        first.setdefault(each.person, each)
    return list(first.values())


def _added(approver: AddedApprover) -> Ask:
    why = f"{approver.by} asked for this approval"
    return Ask(
        key=f"{ADDED_LEVEL}/{approver.person}",
        level=ApprovalLevel(
            name=ADDED_LEVEL, role=ADDED_ROLE, escalate_after_hours=_ADDED_BUSINESS_HOURS, escalate_to="process-owner"
        ),
        role=ADDED_ROLE,
        people=(approver.person,),
        rules=("added-approver",),
        reasons=(f"{why}: {approver.reason}" if approver.reason else why,),
    )


def _may_answer(ask: Ask, actor: Actor, facility: str) -> bool:
    if ask.people:
        return actor.person in ask.people
    return actor.has_role(ask.role) and actor.serves(facility)
