"""Whom a request would be put to, by name: the plan that a case makes, over the people directory of this moment."""

from __future__ import annotations

from collections.abc import Sequence

from api.schemas.policies import PreviewQuestion
from api.services import Services
from domain.approval_plan import Ask, stages
from domain.authority import ApproverDirectory, ChainMember
from domain.money import Money
from domain.people import Person
from domain.policy.model import FrozenPolicy
from domain.routing import Route


async def approver_directory(services: Services, policy: FrozenPolicy, requester: str | None) -> ApproverDirectory:
    """The requester's superiors, and the holders of roles of which several must approve. Without a requester nobody's
    superiors are known.
    """
    known: Person | None = None
    superiors: Sequence[Person] = ()
    if requester is not None:
        known = await services.directory.person(requester)
        superiors = await services.directory.superiors(requester)
    several = sorted({level.role for level in policy.levels if level.needs != "any"})
    holders = {role: await _holders(services, role, policy) for role in several}
    return ApproverDirectory(
        requester_level=known.job_level if known is not None else None,
        chain=tuple(ChainMember(person=each.person, job_level=each.job_level or 0) for each in superiors),
        holders=holders,
    )


async def questions(
    services: Services,
    policy: FrozenPolicy,
    found: Route,
    directory: ApproverDirectory,
    amount: Money,
    requesters: Sequence[str],
) -> list[list[PreviewQuestion]]:
    """The questions of each stage, with everybody who may answer them."""
    planned = stages(policy, found, directory, amount, requesters)
    return [[await _question(services, policy, ask, requesters) for ask in stage] for stage in planned]


async def _question(services: Services, policy: FrozenPolicy, ask: Ask, requesters: Sequence[str]) -> PreviewQuestion:
    people = ask.people or await _holders(services, ask.role, policy)
    may = [person for person in people if person not in requesters]
    return PreviewQuestion(level=ask.level.name, role=ask.role, people=may, needs=ask.needs)


async def _holders(services: Services, role: str, policy: FrozenPolicy) -> tuple[str, ...]:
    return tuple(each.person for each in await services.directory.holders(role, policy.facility.code))
