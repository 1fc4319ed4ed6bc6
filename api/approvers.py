"""Who may approve a request, as the people directory has them now."""

from __future__ import annotations

from api.services import Services
from domain.authority import ApproverDirectory
from domain.policy.model import FrozenPolicy
from domain.staff import approver_directory


async def approvers_of(services: Services, policy: FrozenPolicy, requester: str | None) -> ApproverDirectory:
    """Who holds the roles of the policy's levels, and who is above the requester, as the directory has them now."""
    known = await services.directory.person(requester) if requester is not None else None
    superiors = await services.directory.superiors(requester) if requester is not None else ()
    roles = dict.fromkeys(level.role for level in policy.levels)
    holders = {role: await services.directory.holders(role, policy.facility.code) for role in roles}
    return approver_directory(known, superiors, holders)
