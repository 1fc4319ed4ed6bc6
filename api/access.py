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
HIRES = "hire-to-provision"
AUDITORS = ("auditor", "compliance-officer", "process-owner")
KNOW_PERSONS = frozenset({*AUDITORS, "human-resources"})
"""Roles that may read who is hired, at their facilities."""


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
    key = parse_case_id(case_id)
    if key is not None and actor.serves(key.facility):
        bind(case_id=case_id)
    case = await _seen(services, actor, case_id)
    if case is None:
        raise not_found("case")
    return case


async def _seen(services: Services, actor: Actor, case_id: str) -> CaseSnapshot | None:
    key = parse_case_id(case_id)
    if key is None or not actor.serves(key.facility):
        return None
    case = await services.reader.case(case_id) or await _own_account(services, case_id)
    return case if case is not None and await _concerned_with(services, actor, case) else None


async def _concerned_with(services: Services, actor: Actor, case: CaseSnapshot) -> bool:
    return may_see(actor, case) or (actor.serves(case.facility) and await _manages(services, actor, case))


async def _manages(services: Services, actor: Actor, case: CaseSnapshot) -> bool:
    """Whether it is a hire for whose arrival the caller answers now, whoever did when it was posted."""
    if case.process != HIRES:
        return False
    standing = await services.hires.standing(case.case_id)
    return standing is not None and standing.manager == actor.person


async def knows_person(services: Services, actor: Actor, case: CaseSnapshot) -> bool:
    """Whether the caller, who may see the case, may read all that was recorded of it. Who is hired is for those whom
    it concerns, for human resources and auditors, and for whoever has, or had, something to do in the case.
    """
    if case.process != HIRES or not KNOW_PERSONS.isdisjoint(actor.roles):
        return True
    if actor.person in (case.requester, case.on_behalf_of, *case.watchers) or await _manages(services, actor, case):
        return True
    tasks = await services.reader.tasks_of_case(case.case_id)
    return any(entitled(task, actor) or actor.person in task.approved_by for task in tasks)


async def require_knowing(services: Services, actor: Actor, case: CaseSnapshot) -> None:
    """Raises the 403 problem for those who may see that there is such a hire, and not whose it is."""
    if not await knows_person(services, actor, case):
        detail = "What is recorded of a hire is for those whom it concerns, who work on it, and who audit it."
        raise forbidden("personal-data", detail)


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
    if case is not None and await sees_person(services, actor, case):
        return True
    return bool(stands_in_for(services, await authorities_of(services, actor), task, actor))


async def sees_person(services: Services, actor: Actor, case: CaseSnapshot) -> bool:
    """Whether the caller may read the timeline of the case."""
    return await _concerned_with(services, actor, case) and await knows_person(services, actor, case)


def require_role(actor: Actor, *roles: str) -> None:
    """Raises the 403 problem unless the actor holds one of the roles."""
    if not any(actor.has_role(role) for role in roles):
        raise forbidden("role-required", f"This needs one of these roles: {', '.join(roles)}.")


def require_facility(actor: Actor, facility: str | None) -> None:
    """Raises the 404 problem when a facility is named that the token does not cover."""
    if facility is not None and not actor.serves(facility):
        raise not_found("facility")
