"""Reports for those who answer for the process."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import require_role
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.problems import invalid_parameter
from api.routes.cases import case_item
from api.routes.documents import problems
from api.routes.overrides import OVERSEERS
from api.schemas.cases import CaseList
from api.schemas.overrides import OverrideReport, override_view
from api.schemas.parameters import DEFAULT_PAGE, Cursor, Instant, Limit, UtcInstant, Word
from domain.ports.evidence import CaseFilter
from domain.ports.overrides import OverrideFilter

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
    _require_period(from_, until)
    where = CaseFilter(facilities=actor.facilities, facility=facility, emergency=True, submitted_before=until)
    page = await services.reader.cases(where, cursor, limit)
    now = services.now()
    inside = [case for case in page.items if from_ is None or case.submitted_at >= from_]
    # Newest first: once one is older than the period, all that follow are.
    ended = len(inside) < len(page.items)
    return CaseList(items=[case_item(case, now) for case in inside], next_cursor=None if ended else page.next_cursor)


@router.get("/v1/reports/segregation-overrides", responses=problems(403, 422))
async def segregation_overrides(
    services: TheServices,
    actor: TheActor,
    from_: Annotated[UtcInstant | None, Query(alias="from", description="First instant of the period")] = None,
    until: Annotated[UtcInstant | None, Query(description="First instant after the period")] = None,
    facility: Word = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> OverrideReport:
    """Leave to combine duties that was asked for in the period: who asked, who approved, until when, and for which
    decisions it was used. The latest request first.
    """
    require_role(actor, *OVERSEERS)
    _require_period(from_, until)
    where = OverrideFilter(facilities=actor.facilities, facility=facility, requested_from=from_, requested_until=until)
    page = await services.overrides.page(where, cursor, limit)
    now = services.now()
    approved = [each for each in page.items if each.approved_by is not None]
    used = sum(bool(each.uses) for each in approved)
    return OverrideReport(
        items=[override_view(each, now) for each in page.items],
        next_cursor=page.next_cursor,
        used=used,
        unused=len(approved) - used,
        never_approved=len(page.items) - len(approved),
    )


def _require_period(first: datetime | None, until: datetime | None) -> None:
    """Raises the 422 problem when the period holds no instant."""
    if first is not None and until is not None and first >= until:
        raise invalid_parameter("until", "period-empty", "The period must end after it begins.")
