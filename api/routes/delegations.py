"""Substitutes: who decides for whom, for how long and within which scope."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.acting import policy_of
from api.delegating import Making
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.posted import posted
from api.problems import ProblemDetail, conflict, forbidden, invalid_request, not_found
from api.routes.documents import problems
from api.routes.tasks import not_theirs, visible_task
from api.schemas.delegations import (
    DelegationBody,
    DelegationList,
    DelegationPreview,
    DelegationView,
    PreviewedTask,
    TaskDelegationBody,
    delegation_view,
)
from api.schemas.parameters import DEFAULT_PAGE, Cursor, DelegationId, Limit, PersonQuery, TaskId
from api.services import Services
from api.telling import tell_made, tell_revoked
from api.waiting import IdempotencyKey, chosen_id
from domain.approval import visible
from domain.business_time import add_business_hours, minutes_after_midnight
from domain.delegation import Delegation, DelegationScope
from domain.people import Actor
from domain.tasks import Task

router = APIRouter(route_class=BearerRoute, tags=["Delegations"])
_OVERSEERS = ("process-owner", "auditor", "compliance-officer")
DEFAULT_BUSINESS_DAYS = 5
_FIRST_TASKS = 20


@router.post("/v1/delegations", status_code=201, responses=problems(403, body=True))
async def delegate(
    services: TheServices,
    actor: TheActor,
    response: Response,
    body: Annotated[DelegationBody, Depends(posted(DelegationBody))],
    idempotency_key: IdempotencyKey = None,
) -> DelegationView:
    """Let somebody decide in one's place, for a time and within a scope: never longer or further than the policy of the
    facility allows, and never on from a delegation that one has received. The process owner may do so for others at
    their facilities. Sent again under its id, it gets the delegation as it is now.
    """
    delegation_id = chosen_id(body.delegation_id, idempotency_key)
    known = await services.delegations.get(delegation_id)
    view = await _made(services, actor, _asked(services, actor, delegation_id, body, known), "delegate", known)
    response.headers["Location"] = view.links.self
    return view


@router.post("/v1/delegations/preview", responses=problems(403, body=True))
async def preview_delegation(
    services: TheServices,
    actor: TheActor,
    body: Annotated[DelegationBody, Depends(posted(DelegationBody))],
    _idempotency_key: IdempotencyKey = None,
) -> DelegationPreview:
    """What the delegate would get to decide of what is open now; or every reason why it may not be made. Nothing is
    kept.
    """
    making = Making(services, actor, _asked(services, actor, chosen_id(None, None), body, None), "delegate")
    delegator, _ = await making.check()
    tasks, complete = await making.waiting(delegator)
    shown = [PreviewedTask.model_validate(task, from_attributes=True) for task in tasks[:_FIRST_TASKS]]
    return DelegationPreview(open_tasks=len(tasks) if complete else None, tasks=shown)


@router.get("/v1/delegations", responses=problems(403, 404, 422))
async def list_delegations(
    services: TheServices,
    actor: TheActor,
    person: PersonQuery = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> DelegationList:
    """Delegations that the caller gave and received; with `person`, those of somebody else, for who oversees them."""
    if person not in (None, actor.person):
        await _require_overseer(services, actor, person or "")
    page = await services.delegations.page(person or actor.person, cursor, limit)
    now = services.now()
    return DelegationList(items=[delegation_view(each, now) for each in page.items], next_cursor=page.next_cursor)


@router.get("/v1/delegations/{delegation_id}", responses=problems(404, 422))
async def show_delegation(services: TheServices, actor: TheActor, delegation_id: DelegationId) -> DelegationView:
    """One delegation, for those whom it concerns and who oversee them."""
    return delegation_view(await _visible(services, actor, delegation_id), services.now())


@router.post("/v1/delegations/{delegation_id}/revoke", responses=problems(403, 404, 422))
async def revoke(
    services: TheServices, actor: TheActor, delegation_id: DelegationId, _idempotency_key: IdempotencyKey = None
) -> DelegationView:
    """End a delegation at once: who gave, made or received it may, and the process owner. The first revocation stands,
    and what was decided on it before counts.
    """
    known = await _visible(services, actor, delegation_id)
    if not (_concerns(known, actor) or actor.has_role("process-owner")):
        raise forbidden("not-authorised", "Those whom it concerns end a delegation, and the process owner.")
    revoked = await services.delegations.revoke(delegation_id, actor.person, services.now())
    if revoked is None:
        raise not_found("delegation")
    await tell_revoked(services, revoked, await _home(services, revoked))
    return delegation_view(revoked, services.now())


@router.post("/v1/tasks/{task_id}/delegate", status_code=201, responses=problems(403, 404, 409, body=True))
async def delegate_task(
    services: TheServices,
    actor: TheActor,
    response: Response,
    task_id: TaskId,
    body: Annotated[TaskDelegationBody, Depends(posted(TaskDelegationBody))],
    idempotency_key: IdempotencyKey = None,
) -> DelegationView:
    """Let somebody decide this one task in one's place. It stays the caller's as well: whoever answers first decides.
    Who was handed a decision does not hand it on.
    """
    task = (await visible_task(services, actor, task_id)).task
    delegation_id = chosen_id(body.delegation_id, idempotency_key)
    known = await services.delegations.get(delegation_id)
    if known is None:
        _require_own(task, actor, body.to)
    now = services.now()
    asked = Delegation(
        delegation_id=delegation_id,
        delegator=actor.person,
        delegate=body.to,
        valid_from=known.valid_from if known else now,
        valid_until=body.until or (known.valid_until if known else _until(services, task, now)),
        scope=DelegationScope(task_id=task_id),
        reason=body.comment,
        made_by=actor.person,
        made_at=now,
    )
    view = await _made(services, actor, asked, "to", known)
    response.headers["Location"] = view.links.self
    return view


def _require_own(task: Task, actor: Actor, delegate: str) -> None:
    if task.status != "open":
        raise conflict("task-closed", "The task is closed", "Somebody answered it, or it was taken back.")
    if not visible(task, actor):
        raise not_theirs(task, actor)
    if delegate in task.excluded:
        message = "Whoever asks does not decide, nor do others whom the process keeps from it."
        raise invalid_request((ProblemDetail(pointer="/to", code="requester-may-not-decide", message=message),))


async def _made(
    services: Services, actor: Actor, asked: Delegation, delegate_field: str, known: Delegation | None
) -> DelegationView:
    """Checked and kept; one that is known already is only compared."""
    making = Making(services, actor, asked, delegate_field)
    if known is not None:
        kept = await making.keep()
        await tell_made(services, kept, await _home(services, kept))
        return delegation_view(kept, services.now())
    delegator, _ = await making.check()
    kept = await making.keep()
    await tell_made(services, kept, delegator.facility)
    tasks, complete = await making.waiting(delegator)
    return delegation_view(kept, services.now(), len(tasks) if complete else None)


async def _home(services: Services, delegation: Delegation) -> str:
    """Where the delegator works."""
    delegator = await services.directory.person(delegation.delegator)
    return delegator.facility if delegator is not None else ""


def _asked(
    services: Services, actor: Actor, delegation_id: str, body: DelegationBody, known: Delegation | None
) -> Delegation:
    now = services.now()
    return Delegation(
        delegation_id=delegation_id,
        delegator=body.delegator or actor.person,
        delegate=body.delegate,
        valid_from=body.valid_from or (known.valid_from if known else now),
        valid_until=body.valid_until,
        scope=DelegationScope(**dict(body.scope)),
        reason=body.reason,
        made_by=actor.person,
        made_at=now,
    )


def _until(services: Services, task: Task, now: datetime) -> datetime:
    """The task's due date while that is ahead, otherwise the end of so many business days of its facility."""
    if task.due_at is not None and task.due_at > now:
        return task.due_at
    policy = policy_of(services, task.facility)
    if policy is None:
        return now + timedelta(days=DEFAULT_BUSINESS_DAYS)
    calendar = policy.facility.calendar
    minutes = minutes_after_midnight(calendar.closes) - minutes_after_midnight(calendar.opens)
    return add_business_hours(now, DEFAULT_BUSINESS_DAYS * minutes // 60, calendar, policy.holidays)


async def _visible(services: Services, actor: Actor, delegation_id: str) -> Delegation:
    """Raises the 404 problem when there is none, or none that the caller may know of."""
    known = await services.delegations.get(delegation_id)
    if known is None or not (_concerns(known, actor) or await _oversees(services, actor, known.delegator)):
        raise not_found("delegation")
    return known


def _concerns(delegation: Delegation, actor: Actor) -> bool:
    return actor.person in (delegation.delegator, delegation.delegate, delegation.made_by)


async def _oversees(services: Services, actor: Actor, person: str) -> bool:
    known = await services.directory.person(person)
    return any(actor.has_role(role) for role in _OVERSEERS) and known is not None and actor.serves(known.facility)


async def _require_overseer(services: Services, actor: Actor, person: str) -> None:
    if not any(actor.has_role(role) for role in _OVERSEERS):
        raise forbidden("role-required", f"To look at others, one of these roles is needed: {', '.join(_OVERSEERS)}.")
    if not await _oversees(services, actor, person):
        raise not_found("person")
