"""For whom a caller may decide: valid delegations, with the delegators as the people directory has them now."""

from __future__ import annotations

from collections.abc import Sequence

from api.people import actor_of
from api.problems import ProblemError
from api.services import Services
from domain.business_time import local_day
from domain.delegating import authority_refusal
from domain.delegation import DelegatedAuthority, Delegation
from domain.entitlement import visible
from domain.people import Actor
from domain.policy.model import DelegationRule, FrozenPolicy
from domain.ports.evidence import ActingFor
from domain.tasks import Task

UNLIMITED = DelegationRule()


async def authorities_of(services: Services, actor: Actor) -> tuple[DelegatedAuthority, ...]:
    """Everybody for whom the caller may act at this moment, whatever the task. Who left has no authority to lend."""
    given = await services.delegations.given_to(actor.person, services.now())
    found = [await _authority(services, each) for each in given]
    return tuple(each for each in found if each is not None)


async def _authority(services: Services, delegation: Delegation) -> DelegatedAuthority | None:
    delegator = await services.directory.person(delegation.delegator)
    if delegator is None or not delegator.active:
        return None
    return DelegatedAuthority(delegation=delegation, delegator=actor_of(delegator))


async def authority_for(
    services: Services, task: Task, actor: Actor, on_behalf_of: str, rule: DelegationRule = UNLIMITED
) -> DelegatedAuthority | None:
    """The authority on which the caller may decide the task for somebody; None when there is none."""
    for authority in await authorities_of(services, actor):
        if authority_refusal(authority, task, actor, on_behalf_of, services.now(), rule) is None:
            return authority
    return None


def stands_in_for(
    services: Services, authorities: Sequence[DelegatedAuthority], task: Task, actor: Actor
) -> tuple[DelegatedAuthority, ...]:
    """The authorities on which the caller may decide this task; none when they are kept from it themselves."""
    if actor.person in (*task.excluded, *task.approved_by):
        return ()
    return tuple(each for each in authorities if _lends(services, each, task, actor))


def _lends(services: Services, authority: DelegatedAuthority, task: Task, actor: Actor) -> bool:
    """Limits that only the policy knows are left to the case, whose policy was frozen."""
    delegator = authority.delegator.person
    return authority_refusal(authority, task, actor, delegator, services.now(), UNLIMITED) is None


def may_act(services: Services, authorities: Sequence[DelegatedAuthority], task: Task, actor: Actor) -> bool:
    """Whether the task waits for the caller, by themselves or for somebody."""
    return visible(task, actor) or bool(stands_in_for(services, authorities, task, actor))


def acting_for(authorities: Sequence[DelegatedAuthority]) -> tuple[ActingFor, ...]:
    """The delegators as a worklist takes them: each with what their delegation covers of roles and facilities."""
    return tuple(ActingFor(delegator=_narrowed(each), task_id=each.delegation.scope.task_id) for each in authorities)


def _narrowed(authority: DelegatedAuthority) -> Actor:
    delegator, scope = authority.delegator, authority.delegation.scope
    roles = tuple(role for role in delegator.roles if not scope.roles or role in scope.roles)
    places = tuple(place for place in scope.facilities if delegator.serves(place)) or delegator.facilities
    if scope.facilities and not any(delegator.serves(place) for place in scope.facilities):
        places = ()
    return delegator.model_copy(update={"roles": roles, "facilities": places})


def not_delegated(on_behalf_of: str) -> ProblemError:
    return ProblemError(
        403,
        "delegation-not-valid",
        "You may not do this",
        f"No delegation from {on_behalf_of} to you covers this task now: it ended, was revoked, or is for other tasks.",
    )


def policy_of(services: Services, facility: str) -> FrozenPolicy | None:
    """The policy that is effective at the facility today."""
    place = next((each for each in services.policies.facilities() if each.code == facility), None)
    if place is None:
        return None
    return services.policies.effective(facility, local_day(services.now(), place.calendar))


async def frozen_policy(services: Services, case_id: str, facility: str) -> FrozenPolicy | None:
    """The policy that is frozen into the case, when today's is still the same; None when only the case knows it."""
    policy, case = policy_of(services, facility), await services.reader.case(case_id)
    return policy if policy is not None and case is not None and case.policy_sha256 == policy.sha256 else None
