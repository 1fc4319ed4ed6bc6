"""Answers of people to tasks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.deciding import hand_in
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.posted import posted
from api.routes.documents import problems
from api.routes.tasks import visible_task
from api.schemas.links import task_links, task_path
from api.schemas.parameters import TaskId
from api.schemas.tasks import DecisionBody, DecisionOutcome
from api.waiting import IdempotencyKey, Prefer, chosen_id, wait_seconds
from domain.tasks import Decision

router = APIRouter(route_class=BearerRoute, tags=["Tasks"])


@router.post(
    "/v1/tasks/{task_id}/decision",
    responses=problems(403, 404, 409, body=True)
    | {202: {"model": DecisionOutcome, "description": "Taken in; the outcome is not known yet"}},
)
async def decide(
    services: TheServices,
    actor: TheActor,
    response: Response,
    task_id: TaskId,
    body: Annotated[DecisionBody, Depends(posted(DecisionBody))],
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> DecisionOutcome:
    """Approve, reject, return, answer, retry, correct, skip and the like. 200 with what became of it; 202 when the case
    has not answered within `Prefer: wait=N`; 409 when the task is closed or has changed. The person is the token's.
    """
    task = (await visible_task(services, actor, task_id)).task
    decision = Decision(
        decision_id=chosen_id(body.decision_id, idempotency_key),
        task_id=task_id,
        action=body.action,
        actor=actor,
        subject_version=body.subject_version,
        comment=body.comment,
        corrections=body.corrections,
        decided_at=services.now(),
    )
    record = await hand_in(services, task, decision, wait_seconds(prefer))
    if record is None:
        response.status_code = 202
        response.headers["Location"] = task_path(task_id)
    return DecisionOutcome(decision_id=decision.decision_id, record=record, links=task_links(task_id, task.case_id))
