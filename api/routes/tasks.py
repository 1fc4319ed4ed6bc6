"""The worklist: what waits for the caller."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response

from api.access import sees_task
from api.acting import acting_for, authorities_of, may_act, stands_in_for
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.logs import bind
from api.problems import ProblemError, conflict, forbidden, not_found
from api.routes.documents import problems
from api.schemas.parameters import DEFAULT_PAGE, Cursor, Limit, TaskId
from api.schemas.tasks import TaskView, Worklist, task_view
from api.services import Services
from api.waiting import IdempotencyKey
from domain.approval import entitled
from domain.delegation import DelegatedAuthority
from domain.people import Actor
from domain.ports.evidence import WorklistTask
from domain.tasks import IgnoredBecause, Task

router = APIRouter(route_class=BearerRoute, tags=["Tasks"])


@router.get("/v1/tasks", responses=problems(422))
async def list_tasks(
    services: TheServices, actor: TheActor, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> Worklist:
    """Open tasks that the caller may act on, by themselves or for somebody who delegated to them, with why each came to
    them, its age and when it is due. A page may hold fewer tasks than asked for and still not be the last.
    """
    authorities = await authorities_of(services, actor)
    page = await services.reader.worklist(actor, cursor, limit, acting_for(authorities))
    # The store goes by roles and facilities; amounts and categories of a delegation are looked at here.
    mine = [each for each in page.items if may_act(services, authorities, each.task, actor)]
    items = [viewed(services, each, actor, authorities) for each in mine]
    return Worklist(items=items, next_cursor=page.next_cursor)


@router.get("/v1/tasks/{task_id}", responses=problems(404, 422))
async def show_task(services: TheServices, actor: TheActor, task_id: TaskId) -> TaskView:
    """One task, open or closed."""
    known = await visible_task(services, actor, task_id)
    return viewed(services, known, actor, await authorities_of(services, actor))


@router.post("/v1/tasks/{task_id}/claim", responses=problems(403, 404, 409, 422))
async def claim(
    services: TheServices, actor: TheActor, task_id: TaskId, _idempotency_key: IdempotencyKey = None
) -> TaskView:
    """Take the task off the team's list. The first claim stands; claiming one's own again changes nothing."""
    task = (await visible_task(services, actor, task_id)).task
    authorities = await authorities_of(services, actor)
    if not may_act(services, authorities, task, actor):
        raise not_theirs(task, actor)
    claimed = await services.claims.claim(task_id, actor.person, services.now())
    if claimed is None:
        raise conflict("task-closed", "The task is closed", "Somebody answered it, or it was taken back.")
    if claimed.claim is not None and claimed.claim.person != actor.person:
        raise conflict("task-claimed", "Somebody else has the task", "Ask them to give it back first.")
    return viewed(services, claimed, actor, authorities)


# A path of its own rather than DELETE, so that the Allow header of a path names all of its methods.
@router.post("/v1/tasks/{task_id}/unclaim", status_code=204, responses=problems(403, 404, 422))
async def unclaim(
    services: TheServices, actor: TheActor, task_id: TaskId, _idempotency_key: IdempotencyKey = None
) -> Response:
    """Give the task back to the team. Nothing to do when it was not the caller's."""
    task = (await visible_task(services, actor, task_id)).task
    if not may_act(services, await authorities_of(services, actor), task, actor):
        raise not_theirs(task, actor)
    await services.claims.unclaim(task_id, actor.person)
    return Response(status_code=204)


def viewed(
    services: Services, known: WorklistTask, actor: Actor, authorities: Sequence[DelegatedAuthority]
) -> TaskView:
    standing_in = stands_in_for(services, authorities, known.task, actor)
    return task_view(known.task, known.claim, actor, services.now(), standing_in)


async def visible_task(services: Services, actor: Actor, task_id: str) -> WorklistTask:
    """Raises the 404 problem when there is no such task, or none that the caller may know of."""
    known = await services.reader.task(task_id)
    if known is None or not await sees_task(services, actor, known.task):
        raise not_found("task")
    bind(case_id=known.task.case_id)
    return known


def not_theirs(task: Task, actor: Actor, on_behalf_of: str | None = None) -> ProblemError:
    kept_from_it = not {actor.person, on_behalf_of}.isdisjoint(task.excluded)
    because: IgnoredBecause = "requester-may-not-decide" if kept_from_it else "not-authorised"
    if because == "requester-may-not-decide":
        return forbidden(because, "Whoever asks does not decide, nor does anybody for them.")
    whom = "the persons named" if task.people and not entitled(task, actor) else f"{task.role} at {task.facility}"
    return forbidden(because, f"This is for {whom} to decide.")
