"""How well invoices are handled, per facility and period."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import require_role
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.problems import invalid_parameter
from api.routes.documents import problems
from api.schemas.invoice_reports import InvoiceReport, measures
from api.schemas.parameters import MAX_PAGE, UtcInstant, Word
from api.services import Services
from domain.case import CaseSnapshot, TimelineEntry
from domain.invoice_facts import facts_of
from domain.invoice_kpis import InvoiceFacts
from domain.people import Actor
from domain.ports.evidence import CaseFilter

READERS = ("accounts-payable", "treasury", "finance-controller", "process-owner", "compliance-officer", "auditor")
DEFAULT_PERIOD = timedelta(days=30)
MAX_INVOICES = 1_000
SIDE_BY_SIDE = 8

router = APIRouter(route_class=BearerRoute, tags=["Reports"])


@router.get("/v1/reports/invoices", responses=problems(403, 422))
async def invoices(
    services: TheServices,
    actor: TheActor,
    from_: Annotated[
        UtcInstant | None,
        Query(alias="from", description="First instant of the period; default: 30 days before its end"),
    ] = None,
    until: Annotated[UtcInstant | None, Query(description="First instant after the period; default: now")] = None,
    facility: Word = None,
) -> InvoiceReport:
    """Touchless and first-pass rates, exceptions, cycle times and discounts of the invoices that came in during the
    period, by facility; each number with the cases behind it.
    """
    require_role(actor, *READERS)
    end = until or services.now()
    begin = from_ or end - DEFAULT_PERIOD
    if begin >= end:
        raise invalid_parameter("until", "period-empty", "The period must end after it begins.")
    found = [case async for case in _taken_in(services, actor, facility, begin, end)]
    gate = asyncio.Semaphore(SIDE_BY_SIDE)
    facts = await asyncio.gather(*(_facts(services, case, gate) for case in found[:MAX_INVOICES]))
    by_facility: defaultdict[str, list[InvoiceFacts]] = defaultdict(list)
    for case, each in zip(found, facts, strict=False):
        if each is not None:
            by_facility[case.facility].append(each)
    return InvoiceReport(
        first=begin,
        until=end,
        invoices=sum(map(len, by_facility.values())),
        complete=len(found) <= MAX_INVOICES,
        facilities=[measures(code, found) for code, found in sorted(by_facility.items())],
    )


async def _taken_in(
    services: Services, actor: Actor, facility: str | None, begin: datetime, end: datetime
) -> AsyncIterator[CaseSnapshot]:
    """Invoice cases of the period, the newest first: one more than is read, where there are so many."""
    where = CaseFilter(
        facilities=actor.facilities, facility=facility, process="invoice-to-payment", submitted_before=end
    )
    cursor, count = None, 0
    while True:
        page = await services.reader.cases(where, cursor, MAX_PAGE)
        for case in page.items:
            if case.submitted_at < begin or count > MAX_INVOICES:
                return
            count += 1
            yield case
        cursor = page.next_cursor
        if cursor is None:
            return


async def _facts(services: Services, case: CaseSnapshot, gate: asyncio.Semaphore) -> InvoiceFacts | None:
    """None where nothing is kept of the invoice any more."""
    async with gate:
        copy = await services.documents.copy(case.case_id)
        if copy is None:
            return None
        entries = await _entries(services, case.case_id)
        payments = await services.payments.payments_for(case.case_id)
        registered = await services.register.entry(case.case_id)
    return facts_of(case, entries, copy.invoice, payments, registered.state if registered else "")


async def _entries(services: Services, case_id: str) -> list[TimelineEntry]:
    entries: list[TimelineEntry] = []
    cursor = None
    while True:
        page = await services.reader.timeline(case_id, cursor, MAX_PAGE)
        entries += [stored.entry for stored in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return entries
