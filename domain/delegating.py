"""Handing decisions to a substitute: what makes a delegation, and what it is good for when it is used.

One step and no further: who acts for somebody decides with that person's own authority, never with one that was lent
to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from domain.delegation import DelegatedAuthority, Delegation, DelegationScope
from domain.entitlement import entitled
from domain.people import Actor, Person
from domain.policy.model import DelegationRule
from domain.tasks import IgnoredBecause, Task

# A day on which clocks are put back has 25 hours, so that days in UTC and days on the wall differ by one.
_CLOCKS_PUT_BACK = timedelta(hours=1)
MOST_AT_ONCE = 50
"""Delegations of one person that overlap in time: whatever a substitute asks for, each of theirs is looked at."""


def delegation_refusal(
    delegation: Delegation,
    rule: DelegationRule,
    at: datetime,
    *,
    existing: Sequence[Delegation],
    delegator: Person,
    delegate: Person,
) -> tuple[str, ...]:
    """Every reason, in words, why this delegation may not be made at `at`; empty when it may.

    `existing` are the other delegations of anybody; those that were revoked, that do not overlap in time or that cannot
    concern the same task are no chain.
    """
    others = [each for each in existing if _in_the_way(delegation, each)]
    return (
        *_faults_of_people(delegation, delegator, delegate),
        *_faults_of_dates(delegation, rule, at),
        *_faults_of_scope(delegation.scope, rule, delegator),
        *_faults_of_number(delegation, existing),
        *_faults_of_chains(delegation, others),
    )


def authority_refusal(
    authority: DelegatedAuthority, task: Task, actor: Actor, on_behalf_of: str, at: datetime, rule: DelegationRule
) -> IgnoredBecause | None:
    """Why `actor` may not decide the task for `on_behalf_of` at `at`, or None when they may.

    A delegation that is limited to amounts or categories does not cover a task of which these are not known.
    """
    delegation = authority.delegation
    if {delegation.delegator, delegation.delegate} & set(task.excluded):
        return "requester-may-not-decide"
    if not (_concerns(authority, actor, on_behalf_of) and _in_force(delegation, at) and _covers(delegation, task)):
        return "delegation-not-valid"
    if task.role in rule.roles_never or not _within(task, rule.max_amount):
        return "delegation-not-valid"
    return None if entitled(task, authority.delegator) else "not-authorised"


def _faults_of_people(delegation: Delegation, delegator: Person, delegate: Person) -> Iterator[str]:
    if delegation.delegator == delegation.delegate:
        yield f"{delegation.delegator} cannot be their own substitute"
    if delegation.made_by == delegation.delegate != delegation.delegator:
        yield f"{delegation.delegate} cannot make themselves the substitute of {delegation.delegator}"
    if not delegator.active:
        yield f"{delegator.person} is no longer active and has nothing to hand over"
    if not delegate.active and delegate.person != delegator.person:
        yield f"{delegate.person} is no longer active and cannot stand in"


def _faults_of_dates(delegation: Delegation, rule: DelegationRule, at: datetime) -> Iterator[str]:
    begin, end = delegation.valid_from, delegation.valid_until
    if end <= begin:
        yield f"it ends ({end:%Y-%m-%d %H:%M} UTC) before it begins ({begin:%Y-%m-%d %H:%M} UTC)"
    elif end <= at:
        yield f"it ended already ({end:%Y-%m-%d %H:%M} UTC)"
    if end - begin > timedelta(days=rule.max_days) + _CLOCKS_PUT_BACK:
        begun_days = -(-(end - begin) // timedelta(days=1))
        yield f"it holds for {begun_days} days, more than the {rule.max_days} that the policy allows"


def _faults_of_scope(scope: DelegationScope, rule: DelegationRule, delegator: Person) -> Iterator[str]:
    never = [role for role in scope.roles if role in rule.roles_never]
    for role in dict.fromkeys(never):
        yield f"the policy never lets {role} be delegated"
    if not scope.roles and delegator.roles and all(role in rule.roles_never for role in delegator.roles):
        yield f"the policy lets none of {delegator.person}'s roles be delegated: {', '.join(delegator.roles)}"
    if scope.max_amount is not None and rule.max_amount is not None and scope.max_amount > rule.max_amount:
        yield f"it covers amounts up to {scope.max_amount:f}, more than the {rule.max_amount:f} of the policy"


def _faults_of_number(delegation: Delegation, existing: Sequence[Delegation]) -> Iterator[str]:
    given = [each for each in existing if each.delegator == delegation.delegator and _at_once(delegation, each)]
    if len(given) >= MOST_AT_ONCE:
        yield f"{delegation.delegator} has given {len(given)} delegations for that time already, and no more are taken"


def _faults_of_chains(delegation: Delegation, others: Sequence[Delegation]) -> Iterator[str]:
    delegator, delegate = delegation.delegator, delegation.delegate
    if delegator == delegate:
        return
    for other in others:
        if other.delegator == delegate and other.delegate == delegator:
            yield f"{delegate} has handed decisions to {delegator} in that time ({_named(other)}): it would be a circle"
        elif other.delegator == delegate:
            yield f"{delegate} has handed decisions to {other.delegate} in that time ({_named(other)}): no chains"
        elif other.delegate == delegator:
            yield f"{delegator} decides for {other.delegator} in that time ({_named(other)}): no chains"
    circle = _circle(delegation, others)
    if len(circle) > 2:
        yield f"it would close a circle: {' -> '.join((*circle, circle[0]))}"


def _circle(delegation: Delegation, others: Sequence[Delegation]) -> tuple[str, ...]:
    """The way from the delegator over the delegate back to the delegator; empty when there is none."""
    ways: list[tuple[str, ...]] = [(delegation.delegator, delegation.delegate)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == delegation.delegator:
            return way[:-1]
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, other.delegate) for other in others if other.delegator == way[-1]]
    return ()


def _named(delegation: Delegation) -> str:
    return f"delegation {delegation.delegation_id}, until {delegation.valid_until:%Y-%m-%d %H:%M} UTC"


def _in_the_way(delegation: Delegation, other: Delegation) -> bool:
    return _at_once(delegation, other) and _may_meet(delegation.scope, other.scope)


def _at_once(delegation: Delegation, other: Delegation) -> bool:
    return (
        other.delegation_id != delegation.delegation_id
        and other.revoked_at is None
        and other.valid_from < delegation.valid_until
        and delegation.valid_from < other.valid_until
    )


def _may_meet(one: DelegationScope, other: DelegationScope) -> bool:
    """Whether there can be a task that both cover."""
    return (
        _share(one.facilities, other.facilities)
        and _share(one.roles, other.roles)
        and _share(one.categories, other.categories)
        and (one.task_id is None or other.task_id is None or one.task_id == other.task_id)
    )


def _share(one: Collection[str], other: Collection[str]) -> bool:
    return not one or not other or any(each in other for each in one)


def _concerns(authority: DelegatedAuthority, actor: Actor, on_behalf_of: str) -> bool:
    delegation = authority.delegation
    return (
        delegation.delegate == actor.person
        and delegation.delegator == on_behalf_of == authority.delegator.person
        and on_behalf_of != actor.person
    )


def _in_force(delegation: Delegation, at: datetime) -> bool:
    return delegation.revoked_at is None and delegation.valid_from <= at < delegation.valid_until


def _covers(delegation: Delegation, task: Task) -> bool:
    scope = delegation.scope
    return (
        (not scope.facilities or task.facility in scope.facilities)
        and (not scope.roles or task.role in scope.roles)
        and (not scope.categories or _all_within(task.categories, scope.categories))
        and (scope.task_id is None or scope.task_id == task.task_id)
        and _within(task, scope.max_amount)
    )


def _all_within(categories: Sequence[str], covered: Collection[str]) -> bool:
    return bool(categories) and all(category in covered for category in categories)


def _within(task: Task, limit: Decimal | None) -> bool:
    return limit is None or (task.amount is not None and task.amount.amount <= limit)
