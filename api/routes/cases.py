"""Where cases stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import knows_person, only_own, require_knowing, sees_person, sees_task, visible_case
from api.acting import authorities_of, stands_in_for
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.routes.documents import problems
from api.schemas.cases import CaseDetail, CaseItem, CaseList, Timeline, TimelineItem
from api.schemas.links import case_links
from api.schemas.parameters import DEFAULT_PAGE, CaseId, Cursor, Limit, When, Word
from api.schemas.tasks import seconds_between, task_view
from api.services import Services
from domain.case import CaseSnapshot, CaseStatus, Process, Stage, StoredEntry
from domain.people import Actor
from domain.ports.evidence import CaseFilter

router = APIRouter(route_class=BearerRoute, tags=["Cases"])


@router.get("/v1/cases", responses=problems(422))
async def list_cases(
    services: TheServices,
    actor: TheActor,
    process: Process | None = None,
    facility: Word = None,
    stage: Stage | None = None,
    status: CaseStatus | None = None,
    supplier: Word = None,
    order_number: Word = None,
    requester: Word = None,
    awaiting_role: Word = None,
    exception_code: Word = None,
    emergency: bool | None = None,
    submitted_before: When = None,
    waiting_since_before: Annotated[When, Query(description="Waiting for somebody since before this instant")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> CaseList:
    """Cases of the caller's facilities that meet every condition. Mere requesters see their own."""
    if only_own(actor):
        if requester not in (None, actor.person):
            return CaseList(items=[], next_cursor=None)
        requester = actor.person
    where = CaseFilter(
        facilities=actor.facilities,
        process=process,
        facility=facility,
        stage=stage,
        status=status,
        supplier=supplier,
        order_number=order_number,
        requester=requester,
        awaiting_role=awaiting_role,
        exception_code=exception_code,
        emergency=emergency,
        submitted_before=submitted_before,
        waiting_since_before=waiting_since_before,
    )
    page = await services.reader.cases(where, cursor, limit)
    now = services.now()
    return CaseList(items=[case_item(case, now) for case in page.items], next_cursor=page.next_cursor)


@router.get("/v1/cases/{case_id}", responses=problems(404, 422))
async def show_case(services: TheServices, actor: TheActor, case_id: CaseId) -> CaseDetail:
    """One case: where it stands, whom it waits for and since when, what comes next, and its open tasks."""
    case = await visible_case(services, actor, case_id)
    tasks = await services.reader.tasks_of_case(case_id)
    authorities = await authorities_of(services, actor)
    all_of_it = await knows_person(services, actor, case)
    now = services.now()
    return CaseDetail(
        case=case_item(case, now),
        links=case_links(case_id),
        tasks=[
            task_view(task, None, actor, now, stands_in_for(services, authorities, task, actor))
            for task in tasks
            if task.status == "open" and (all_of_it or await sees_task(services, actor, task))
        ],
        orders=list(case.order_numbers),
    )


@router.get("/v1/cases/{case_id}/timeline", responses=problems(403, 404, 422))
async def show_timeline(
    services: TheServices,
    actor: TheActor,
    case_id: CaseId,
    family: Annotated[bool, Query(description="Also of all linked cases that the caller may see")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> Timeline:
    """What happened to the case, in order of recording. With `family=true`, everything of one purchase in one thread:
    its requests, invoices and payment runs. That of a hire is for those whom it concerns, who work on it, and who audit
    it: 403 for others who see the case.
    """
    case = await visible_case(services, actor, case_id)
    await require_knowing(services, actor, case)
    if family:
        return await _family_timeline(services, actor, case_id, cursor, limit)
    page = await services.reader.timeline(case_id, cursor, limit)
    items = [timeline_item(case_id, stored) for stored in page.items]
    return Timeline(case_id=case_id, items=items, next_cursor=page.next_cursor)


async def _family_timeline(services: Services, actor: Actor, case_id: str, cursor: str | None, limit: int) -> Timeline:
    page = await services.reader.family_timeline(case_id, cursor, limit)
    cases = {each: await services.reader.case(each) for each in {found.case_id for found in page.items}}
    seen = {each for each, case in cases.items() if case is not None and await sees_person(services, actor, case)}
    items = [timeline_item(found.case_id, found.entry) for found in page.items if found.case_id in seen]
    return Timeline(case_id=case_id, items=items, next_cursor=page.next_cursor)


def timeline_item(case_id: str, stored: StoredEntry) -> TimelineItem:
    return TimelineItem(case_id=case_id, position=stored.position, recorded_at=stored.recorded_at, entry=stored.entry)


def case_item(case: CaseSnapshot, now: datetime) -> CaseItem:
    age = seconds_between(case.submitted_at, case.closed_at or now)
    return CaseItem(**dict(case), age_seconds=age, links=case_links(case.case_id))
