"""Hires: taken in, previewed, and how ready each person will be on their first day."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import KNOW_PERSONS, knows_person, require_role, visible_case
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.hire_intake import MAY_POST, HireIntake, PostedHire, take_in
from api.hire_preview import preview_hire
from api.logs import bind
from api.posted import Posted, documented
from api.problems import ProblemError, conflict, forbidden, not_found
from api.routes.documents import problems
from api.schemas.cases import CaseAccepted
from api.schemas.hires import HireList, HirePreview, HireView, hire_path, hire_row, hire_view
from api.schemas.links import case_links
from api.schemas.parameters import DEFAULT_PAGE, CaseId, Cursor, Day, Limit, PersonQuery, Word
from api.services import Services
from api.waiting import IdempotencyKey
from domain.business_time import local_day
from domain.hire import Hire
from domain.hire_plan import HireStanding, ReadinessState
from domain.people import Actor
from domain.ports.hire_standings import HireFilter

WORK_ON_HIRES = KNOW_PERSONS | {
    "it-security",
    "identity-desk",
    "credentialing",
    "service-desk",
    "facilities-desk",
    "education-desk",
    "integration-support",
}
"""Roles that see how ready all hires of their facilities are; everybody else sees those that they manage."""

router = APIRouter(route_class=BearerRoute, tags=["Hires"])
_document = documented(Hire)
StartsFrom = Annotated[Day | None, Query(description="First start date, local to the facility")]
StartsUntil = Annotated[Day | None, Query(description="Last start date, local to the facility")]


@router.post(
    "/v1/hires",
    status_code=202,
    responses=problems(403, 409, body=True)
    | {202: {"headers": {"Location": {"description": "The hire", "schema": {"type": "string"}}}}},
)
async def submit(
    services: TheServices,
    actor: TheActor,
    response: Response,
    document: Annotated[Posted, Depends(_document)],
    _idempotency_key: IdempotencyKey = None,
) -> CaseAccepted:
    """Somebody will work here. The business key is the facility with HR's number, and stands for the `Idempotency-Key`
    as well: the same hire gets the same answer, another body under the same key gets 409: correct the case instead.
    """
    require_role(actor, *MAY_POST)
    now = services.now()
    hire, policy = HireIntake.of_caller(services, actor, now).accept(document.document)
    posted = PostedHire(hire=hire, policy=policy, at=now, actor=actor)
    bind(case_id=posted.case_id)
    if await take_in(services, posted) == "differs":
        raise number_taken(posted.case_id)
    response.headers["Location"] = hire_path(posted.case_id)
    return CaseAccepted(case_id=posted.case_id, links=case_links(posted.case_id))


@router.post("/v1/hires/preview", responses=problems(403, body=True))
async def preview(
    services: TheServices,
    actor: TheActor,
    document: Annotated[Posted, Depends(_document)],
    _idempotency_key: IdempotencyKey = None,
) -> HirePreview:
    """The dated plan that this hire would have today, and which approvals it would need and why. Nothing is kept."""
    require_role(actor, *MAY_POST)
    now = services.now()
    hire, policy = HireIntake.of_caller(services, actor, now).accept(document.document)
    return await preview_hire(services, hire, policy, local_day(now, policy.facility.calendar))


def number_taken(case: str) -> ProblemError:
    detail = "Another hire has this number at this facility. Correct that case, or send a new number."
    return conflict("business-key-taken", "The number stands for another hire", detail, case_id=case)


@router.get("/v1/hires", responses=problems(422))
async def list_hires(
    services: TheServices,
    actor: TheActor,
    facility: Word = None,
    manager: PersonQuery = None,
    department: Word = None,
    starts_from: StartsFrom = None,
    starts_until: StartsUntil = None,
    state: ReadinessState | None = None,
    open_only: bool = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> HireList:
    """How ready the hires of the caller's facilities are, the next to start first. Who does not work on hires sees
    those whose manager they are.
    """
    if not _works_on_hires(actor):
        if manager not in (None, actor.person):
            return HireList(items=[], next_cursor=None)
        manager = actor.person
    facilities = facilities_of(actor, facility)
    wanted = HireFilter(
        facilities=facilities,
        manager=manager,
        department=department,
        starts_from=starts_from,
        starts_until=starts_until,
        state=state,
        open_only=open_only,
    )
    page = await services.hires.hires(wanted, cursor, limit)
    return HireList(items=[hire_row(each) for each in page.hires], next_cursor=page.next_cursor)


@router.get("/v1/hires/{case_id}", responses=problems(403, 404, 422))
async def show_hire(services: TheServices, actor: TheActor, case_id: CaseId) -> HireView:
    """The plan of a hire with how far each item is: owner, dates, what blocks day one, and when each target confirmed
    it. 404 with `plan-not-found` while somebody is asked about the hire before it can be planned.
    """
    case = await visible_case(services, actor, case_id)
    if case.process != "hire-to-provision":
        raise not_found("hire")
    concerned = await knows_person(services, actor, case)
    if not concerned and not _works_on_hires(actor):
        raise forbidden("personal-data", "A hire is for those whom it concerns, who work on it, and who audit it.")
    return hire_view(await _standing(services, case_id), notes=concerned)


async def _standing(services: Services, case_id: str) -> HireStanding:
    standing = await services.hires.standing(case_id)
    if standing is None:
        detail = "Somebody is asked about this hire before it is planned: its case says who, and what."
        raise ProblemError(404, "plan-not-found", "There is no plan yet", detail)
    return standing


def _works_on_hires(actor: Actor) -> bool:
    return not WORK_ON_HIRES.isdisjoint(actor.roles)


def facilities_of(actor: Actor, wanted: str | None) -> tuple[str, ...] | None:
    """Those of the caller, or the one that is wanted of them; None: all."""
    if wanted is not None:
        return (wanted,) if actor.serves(wanted) else ()
    return None if "*" in actor.facilities else actor.facilities
