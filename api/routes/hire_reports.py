"""How well people were made ready to work, per facility and period."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import AUDITORS, require_role
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.problems import invalid_parameter
from api.routes.documents import problems
from api.routes.hires import facilities_of
from api.schemas.hire_reports import HireReport, hire_measures
from api.schemas.parameters import MAX_PAGE, Day, Word
from api.services import Services
from domain.business_time import local_day, start_of_business
from domain.facility import BusinessCalendar
from domain.hire_kpis import HireFacts, facts_of_hire
from domain.hire_plan import HireStanding
from domain.ports.hire_standings import HireFilter

READERS = (*AUDITORS, "human-resources", "it-security")
DEFAULT_PERIOD = timedelta(days=30)
MAX_HIRES = 1_000
SIDE_BY_SIDE = 8

router = APIRouter(route_class=BearerRoute, tags=["Reports"])


@router.get("/v1/reports/hires", responses=problems(403, 422))
async def hires(
    services: TheServices,
    actor: TheActor,
    from_: Annotated[
        Day | None,
        Query(alias="from", description="First start date of the period; default: 30 days before its last"),
    ] = None,
    until: Annotated[Day | None, Query(description="Last start date of the period; default: today")] = None,
    facility: Word = None,
) -> HireReport:
    """Lead time, day-one readiness, time to provision, time from arrival to close and what was left of rescinded hires,
    of the hires that start in the period, by facility; each number with the cases behind it. Start dates are local to
    the facility.
    """
    require_role(actor, *READERS)
    last = until or services.now().astimezone(UTC).date()
    first = from_ or _before(last)
    if first > last:
        raise invalid_parameter("until", "period-empty", "The period must not end before it begins.")
    wanted = HireFilter(facilities=facilities_of(actor, facility), starts_from=first, starts_until=last)
    found = [standing async for standing in _starting(services, wanted)]
    by_facility = await _facts(services, found[:MAX_HIRES])
    now = services.now()
    return HireReport(
        first=first,
        last=last,
        hires=sum(map(len, by_facility.values())),
        complete=len(found) <= MAX_HIRES,
        facilities=[hire_measures(code, facts, now) for code, facts in sorted(by_facility.items())],
    )


def _before(last: date) -> date:
    return last - DEFAULT_PERIOD if last - date.min > DEFAULT_PERIOD else date.min


async def _starting(services: Services, wanted: HireFilter) -> AsyncIterator[HireStanding]:
    """By start date: one more than is read, where there are so many."""
    cursor, count = None, 0
    while True:
        page = await services.hires.hires(wanted, cursor, MAX_PAGE)
        for standing in page.hires:
            if count > MAX_HIRES:
                return
            count += 1
            yield standing
        cursor = page.next_cursor
        if cursor is None:
            return


async def _facts(services: Services, standings: list[HireStanding]) -> dict[str, list[HireFacts]]:
    calendars = {place.code: place.calendar for place in services.policies.facilities()}
    known = [each for each in standings if each.facility in calendars]
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    facts = await asyncio.gather(*(_fact(services, each, calendars[each.facility], gate) for each in known))
    by_facility: defaultdict[str, list[HireFacts]] = defaultdict(list)
    for standing, each in zip(known, facts, strict=True):
        if each is not None:
            by_facility[standing.facility].append(each)
    return by_facility


async def _fact(
    services: Services, standing: HireStanding, calendar: BusinessCalendar, gate: asyncio.Semaphore
) -> HireFacts | None:
    """None where the case is not kept any more."""
    async with gate:
        case = await services.reader.case(standing.case_id)
    if case is None:
        return None
    return facts_of_hire(
        standing,
        case.status,
        case.closed_at,
        local_day(standing.requested_at, calendar),
        start_of_business(standing.start_on, calendar, ()),
    )
