"""Answers of people to tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.deciding import hand_in
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.many import each_of, id_of_part, outcome_of, status_of
from api.posted import posted
from api.problems import ProblemDetail, invalid_request
from api.routes.documents import problems
from api.routes.tasks import visible_task
from api.schemas.links import task_links, task_path
from api.schemas.parameters import TaskId
from api.schemas.tasks import (
    BulkDecisionOutcome,
    BulkDecisionsBody,
    BulkDecisionsOutcome,
    DecisionBody,
    DecisionOutcome,
)
from api.services import Services
from api.waiting import IdempotencyKey, Prefer, chosen_id, wait_seconds
from domain.people import Actor
from domain.tasks import Decision, DecisionRecord

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
    has not answered within `Prefer: wait=N`; 409 when the task is closed or has changed. The person is the token's; who
    decides in somebody's place names them in `on_behalf_of`, and needs a delegation that is valid now.
    """
    task = (await visible_task(services, actor, task_id)).task
    decision = _decision(services, actor, task_id, chosen_id(body.decision_id, idempotency_key), body)
    record = await hand_in(services, task, decision, wait_seconds(prefer))
    if record is None:
        response.status_code = 202
        response.headers["Location"] = task_path(task_id)
    return DecisionOutcome(decision_id=decision.decision_id, record=record, links=task_links(task_id, task.case_id))


@router.post("/v1/tasks/decisions", responses=problems(body=True))
async def decide_many(
    services: TheServices,
    actor: TheActor,
    body: Annotated[BulkDecisionsBody, Depends(posted(BulkDecisionsBody))],
    prefer: Prefer = None,
    idempotency_key: IdempotencyKey = None,
) -> BulkDecisionsOutcome:
    """Answer many tasks at once, each with the checks of a decision alone. 200 with the outcome of each, in order;
    `Prefer: wait=N` is for all of them together.
    """
    whole = chosen_id(None, idempotency_key)
    made = [
        _decision(services, actor, each.task_id, each.decision_id or id_of_part(whole, f"{at}:{each.task_id}"), each)
        for at, each in enumerate(body.decisions)
    ]
    _refuse_repeats(made)
    items = await each_of(made, wait_seconds(prefer), partial(_decide_one, services))
    counts = Counter(item.status for item in items)
    return BulkDecisionsOutcome(
        items=items, applied=counts["applied"], pending=counts["pending"], refused=counts["refused"]
    )


def _decision(services: Services, actor: Actor, task_id: str, decision_id: str, body: DecisionBody) -> Decision:
    return Decision(
        decision_id=decision_id,
        task_id=task_id,
        action=body.action,
        actor=actor,
        subject_version=body.subject_version,
        comment=body.comment,
        corrections=body.corrections,
        invoice=body.invoice,
        call_back=body.call_back,
        hire=body.hire,
        on_behalf_of=body.on_behalf_of,
        decided_at=services.now(),
    )


def _refuse_repeats(made: Sequence[Decision]) -> None:
    """Raises the 422 problem where one id would stand for several decisions."""
    seen: set[str] = set()
    repeated: list[ProblemDetail] = []
    for at, decision in enumerate(made):
        if decision.decision_id in seen:
            pointer = f"/decisions/{at}/decision_id"
            message = "Another decision of this request has this id."
            repeated.append(ProblemDetail(pointer=pointer, code="decision-id-repeated", message=message))
        seen.add(decision.decision_id)
    if repeated:
        raise invalid_request(tuple(repeated))


async def _decide_one(services: Services, decision: Decision, seconds: float) -> BulkDecisionOutcome:
    async def alone() -> DecisionRecord | None:
        task = (await visible_task(services, decision.actor, decision.task_id)).task
        return await hand_in(services, task, decision, seconds)

    record, problem = await outcome_of(alone())
    return BulkDecisionOutcome(
        task_id=decision.task_id,
        decision_id=decision.decision_id,
        status=status_of(record, problem),
        record=record,
        problem=problem,
    )
