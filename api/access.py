"""Which cases a caller may know of. What they may not know of does not exist for them: 404, in the same words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from api.acting import authorities_of, stands_in_for
from api.case_client import NoAnswerYetError
from api.logs import bind
from api.problems import ProblemDetail, forbidden, invalid_request, not_found, unavailable
from api.services import Services
from domain.approval import entitled
from domain.case import CaseSnapshot, parse_case_id
from domain.people import Actor
from domain.tasks import Task

QUERY_TIMEOUT = timedelta(seconds=2)


def only_own(actor: Actor) -> bool:
    """Whether the caller has no role but requester (or none at all), and so sees only their own requests."""
    return not any(role != "requester" for role in actor.roles)


def may_see(actor: Actor, case: CaseSnapshot) -> bool:
    """Those whom it concerns, those who were asked to watch, and everybody with a part in the process."""
    concerned = actor.person in (case.requester, case.on_behalf_of, *case.watchers)
    return actor.serves(case.facility) and (concerned or not only_own(actor))


async def visible_case(services: Services, actor: Actor, case_id: str) -> CaseSnapshot:
    """The case as the read model has it, or, when it is too young for that, as it describes itself.

    Raises the 404 problem, or 503 when the case is too young and does not answer.
    """
    case = await _seen(services, actor, case_id)
    if case is None:
        raise not_found("case")
    bind(case_id=case_id)
    return case


async def _seen(services: Services, actor: Actor, case_id: str) -> CaseSnapshot | None:
    key = parse_case_id(case_id)
    if key is None or not actor.serves(key.facility):
        return None
    case = await services.reader.case(case_id) or await _own_account(services, case_id)
    return case if case is not None and may_see(actor, case) else None


async def require_linkable(
    services: Services, actor: Actor, linked: Sequence[str], pointer: str, known: Collection[str] = ()
) -> None:
    """Raises the 422 problem of cases that the caller may not know of: links make people's duties count in each
    other's cases, so that nobody may link what is none of their business. `known` were linked before.
    """
    message = "There is no such case, or none that you may see."
    faults = tuple(
        [
            ProblemDetail(pointer=f"{pointer}/{at}", code="linked-case-unknown", message=message)
            for at, case_id in enumerate(linked)
            if case_id not in known and await _seen(services, actor, case_id) is None
        ]
    )
    if faults:
        raise invalid_request(faults)


async def _own_account(services: Services, case_id: str) -> CaseSnapshot | None:
    try:
        return await services.cases.snapshot(case_id, QUERY_TIMEOUT)
    except NoAnswerYetError:
        raise unavailable("The case was taken in and has not reported yet.") from None


async def sees_task(services: Services, actor: Actor, task: Task) -> bool:
    """Whether the caller may know of the task: it is (or was) on their worklist, or on that of somebody for whom they
    act, or the case is theirs to see.
    """
    if entitled(task, actor) or actor.person in task.approved_by:
        return True
    case = await services.reader.case(task.case_id)
    if case is not None and may_see(actor, case):
        return True
    return bool(stands_in_for(services, await authorities_of(services, actor), task, actor))


def require_role(actor: Actor, *roles: str) -> None:
    """Raises the 403 problem unless the actor holds one of the roles."""
    if not any(actor.has_role(role) for role in roles):
        raise forbidden("role-required", f"This needs one of these roles: {', '.join(roles)}.")


def require_facility(actor: Actor, facility: str | None) -> None:
    """Raises the 404 problem when a facility is named that the token does not cover."""
    if facility is not None and not actor.serves(facility):
        raise not_found("facility")
