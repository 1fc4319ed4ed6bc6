"""What the people directory says about those who may have to approve."""

from __future__ import annotations

from collections.abc import Sequence

from domain.authority import ApproverDirectory, ChainMember
from domain.people import Person
from domain.policy.model import FrozenPolicy
from domain.ports.directory import DirectoryPort


async def approver_directory(directory: DirectoryPort, policy: FrozenPolicy, person: str) -> ApproverDirectory:
    """The superiors of whoever the case runs for, and the holders of roles of which several must approve."""
    known: Person | None = await directory.person(person)
    superiors: Sequence[Person] = ()
    if any(level.approvers == "management-chain" for level in policy.levels):
        superiors = await directory.superiors(person)
    several = {level.role for level in policy.levels if level.needs != "any"}
    holders = {role: await directory.holders(role, policy.facility.code) for role in sorted(several)}
    return ApproverDirectory(
        requester_level=known.job_level if known is not None else None,
        chain=tuple(ChainMember(person=each.person, job_level=each.job_level or 0) for each in superiors),
        holders={role: tuple(each.person for each in people) for role, people in holders.items()},
    )
