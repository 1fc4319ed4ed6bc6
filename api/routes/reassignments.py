"""Handing tasks to somebody else: one, many, or all that a person leaves behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.access import require_role, sees_task
from api.changing import hand_over
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.many import each_of, id_of_part, outcome_of, status_of
from api.people import active_person, actor_of
from api.posted import posted
from api.problems import forbidden, not_found
from api.routes.documents import problems
from api.routes.tasks import visible_task
from api.schemas.links import task_links, task_path
from api.schemas.parameters import PersonPath, TaskId
from api.schemas.tasks import (
    MAX_BULK,
    BulkReassignBody,
    BulkReassignOutcome,
    BulkReassignsOutcome,
    HandoverBody,
    HandoverOutcome,
    ReassignBody,
    ReassignOutcome,
)
from api.services import Services
from api.telling import tell_revoked
from api.waiting import IdempotencyKey, Prefer, chosen_id, wait_seconds
from domain.people import Actor
from domain.ports.evidence import WorklistTask
from domain.tasks import TaskChange, TaskChangeRecord

router = APIRouter(route_class=BearerRoute, tags=["Tasks"])
_FAR = datetime(9999, 12, 31, tzinfo=UTC)


@router.post(
    "/v1/tasks/{task_id}/reassign",
    responses=problems(403, 404, 409, body=True)
    | {202: {"model": ReassignOutcome, "description": "Taken in; the outcome is not known yet"}},
)
async def reassign(
    services: TheServices,
    actor: TheActor,
    response: Response,
    task_id: TaskId,
    body: Annotated[ReassignBody, Depends(posted(ReassignBody))],
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> ReassignOutcome:
    """Hand a task to a person who holds its role, or one that it would be escalated to. Whose task it is may do so, and
    the process owner. 202 when the case has not answered within `Prefer: wait=N`.
    """
    task = (await visible_task(services, actor, task_id)).task
    change = TaskChange(
        change_id=chosen_id(body.change_id, idempotency_key),
        task_id=task_id,
        actor=actor,
        assignee=actor_of(await active_person(services, body.to, "/to")),
        instead_of=body.instead_of,
        comment=body.comment,
    )
    record = await hand_over(services, task, change, wait_seconds(prefer))
    if record is None:
        response.status_code = 202
        response.headers["Location"] = task_path(task_id)
    return ReassignOutcome(change_id=change.change_id, record=record, links=task_links(task_id, task.case_id))


@router.post("/v1/tasks/reassign", responses=problems(403, body=True))
async def reassign_many(
    services: TheServices,
    actor: TheActor,
    body: Annotated[BulkReassignBody, Depends(posted(BulkReassignBody))],
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> BulkReassignsOutcome:
    """Hand many tasks to one person: those named, or all that a person holds. 200 with the outcome of each."""
    assignee = actor_of(await active_person(services, body.to, "/to"))
    held: Sequence[str] = body.task_ids or ()
    if body.from_ is not None:
        held = await _held_by(services, actor, body.from_)
    changes = _changes(chosen_id(body.change_id, idempotency_key), held, actor, assignee, body.from_, body.comment)
    items = await each_of(changes, wait_seconds(prefer), partial(_change_one, services))
    return BulkReassignsOutcome(**_counted(items), more=len(held) > MAX_BULK)


async def _held_by(services: Services, actor: Actor, person: str) -> list[str]:
    """All that the caller holds, or what somebody else holds of the cases that are the caller's to see."""
    if person != actor.person:
        require_role(actor, "process-owner")
    held = [each.task for each in await services.reader.tasks_held_by(person, MAX_BULK + 1)]
    if person != actor.person:
        held = [task for task in held if await sees_task(services, actor, task)]
    return [task.task_id for task in held]


@router.post("/v1/people/{person}/handover", responses=problems(403, 404, body=True), tags=["Delegations"])
async def hand_over_everything(
    services: TheServices,
    actor: TheActor,
    person: PersonPath,
    body: Annotated[HandoverBody, Depends(posted(HandoverBody))],
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> HandoverOutcome:
    """For somebody who leaves: delegations from and to them end, tasks that name them go to `to`, tasks that they
    claimed go back to their teams. For the process owner of the person's facility. Sent again, it does what is left.
    """
    require_role(actor, "process-owner")
    leaver = await services.directory.person(person)
    if leaver is None or not actor.serves(leaver.facility):
        raise not_found("person")
    if body.to == person:
        raise forbidden("handover-to-oneself", "Name somebody else than the person who leaves.")
    assignee = actor_of(await active_person(services, body.to, "/to"))
    revoked = await _revoke_all(services, person, leaver.facility, actor)
    held = await services.reader.tasks_held_by(person, MAX_BULK + 1)
    named = [each.task.task_id for each in held if person in each.task.people]
    whole = chosen_id(body.handover_id, idempotency_key)
    changes = _changes(whole, named, actor, assignee, person, body.comment)
    items = await each_of(changes, wait_seconds(prefer), partial(_change_one, services))
    return HandoverOutcome(
        person=person,
        to=body.to,
        unclaimed=await _unclaim(services, person, held),
        revoked_delegations=revoked,
        more=len(held) > MAX_BULK,
        **_counted(items),
    )


def _changes(
    whole: str, task_ids: Sequence[str], actor: Actor, assignee: Actor, instead_of: str | None, comment: str
) -> list[TaskChange]:
    return [
        TaskChange(
            change_id=id_of_part(whole, task_id),
            task_id=task_id,
            actor=actor,
            assignee=assignee,
            instead_of=instead_of,
            comment=comment,
        )
        for task_id in dict.fromkeys(task_ids[:MAX_BULK])
    ]


async def _change_one(services: Services, change: TaskChange, seconds: float) -> BulkReassignOutcome:
    async def alone() -> TaskChangeRecord | None:
        task = (await visible_task(services, change.actor, change.task_id)).task
        return await hand_over(services, task, change, seconds)

    record, problem = await outcome_of(alone())
    return BulkReassignOutcome(
        task_id=change.task_id,
        change_id=change.change_id,
        status=status_of(record, problem),
        record=record,
        problem=problem,
    )


def _counted(items: list[BulkReassignOutcome]) -> dict[str, Any]:
    counts = Counter(item.status for item in items)
    return {"items": items} | {name: counts[name] for name in ("applied", "pending", "refused")}


async def _revoke_all(services: Services, person: str, facility: str, actor: Actor) -> list[str]:
    now = services.now()
    standing = await services.delegations.overlapping(person, now, _FAR)
    for each in standing:
        ended = await services.delegations.revoke(each.delegation_id, actor.person, now)
        if ended is not None:
            await tell_revoked(services, ended, facility)
    return [each.delegation_id for each in standing]


async def _unclaim(services: Services, person: str, held: Sequence[WorklistTask]) -> list[str]:
    claimed = [each.task.task_id for each in held if each.claim is not None and each.claim.person == person]
    for task_id in claimed:
        await services.claims.unclaim(task_id, person)
    return claimed
