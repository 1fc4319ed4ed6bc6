"""Telling those whom a delegation concerns: both of them, whoever made or ended it."""

from __future__ import annotations

from api.services import Services
from domain.case import Notice
from domain.delegation import Delegation, DelegationScope


async def tell_made(services: Services, delegation: Delegation, facility: str) -> None:
    """Once for the delegation, however often it is sent. Raises `domain.outside_errors`."""
    begins, ends = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (delegation.valid_from, delegation.valid_until))
    await _tell(
        services,
        delegation,
        facility,
        "delegation.made",
        f"{delegation.delegate} decides in the place of {delegation.delegator}",
        f"From {begins} until {ends}, for {_covered(delegation.scope)}. Made by {delegation.made_by}.\n"
        "If that is wrong, revoke it: either of you may.",
    )


async def tell_revoked(services: Services, delegation: Delegation, facility: str) -> None:
    """Once for the delegation. Raises `domain.outside_errors`."""
    await _tell(
        services,
        delegation,
        facility,
        "delegation.revoked",
        f"{delegation.delegate} no longer decides in the place of {delegation.delegator}",
        f"Revoked by {delegation.revoked_by}. What was decided before counts.",
    )


async def _tell(services: Services, delegation: Delegation, facility: str, event: str, subject: str, text: str) -> None:
    await services.notices.tell(
        Notice(
            notice_id=f"{event}:{delegation.delegation_id}",
            case_id="",
            facility=facility,
            event=event,
            subject=subject,
            text=text,
            people=(delegation.delegator, delegation.delegate),
        )
    )


def _covered(scope: DelegationScope) -> str:
    words = [", ".join(each) for each in (scope.facilities, scope.roles, scope.categories) if each]
    if scope.max_amount is not None:
        words.append(f"amounts up to {scope.max_amount:f}")
    if scope.task_id is not None:
        words.append(f"the task {scope.task_id}")
    return "; ".join(words) or "all of their decisions"
