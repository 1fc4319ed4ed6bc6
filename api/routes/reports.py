"""Reports for those who answer for the process."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import require_role
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.problems import invalid_parameter
from api.routes.cases import case_item
from api.routes.documents import problems
from api.schemas.cases import CaseList
from api.schemas.parameters import DEFAULT_PAGE, Cursor, Instant, Limit, Word
from domain.ports.evidence import CaseFilter

router = APIRouter(route_class=BearerRoute, tags=["Reports"])


@router.get("/v1/reports/emergency", responses=problems(403, 422))
async def emergencies(
    services: TheServices,
    actor: TheActor,
    from_: Annotated[Instant | None, Query(alias="from", description="First instant of the period")] = None,
    until: Annotated[Instant | None, Query(description="First instant after the period")] = None,
    facility: Word = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> CaseList:
    """Purchases that went out before they were approved, submitted in the period, the newest first."""
    require_role(actor, "compliance-officer", "finance-controller", "process-owner", "auditor")
    if from_ is not None and until is not None and from_ >= until:
        raise invalid_parameter("until", "period-empty", "The period must end after it begins.")
    where = CaseFilter(facilities=actor.facilities, facility=facility, emergency=True, submitted_before=until)
    page = await services.reader.cases(where, cursor, limit)
    now = services.now()
    inside = [case for case in page.items if from_ is None or case.submitted_at >= from_]
    # Newest first: once one is older than the period, all that follow are.
    ended = len(inside) < len(page.items)
    return CaseList(items=[case_item(case, now) for case in inside], next_cursor=None if ended else page.next_cursor)
