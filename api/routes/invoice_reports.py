"""How well invoices are handled, per facility and period."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
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
from domain.case import CaseSnapshot
from domain.invoice_facts import facts_of
from domain.invoice_kpis import InvoiceFacts
from domain.ports.evidence import CaseFilter

READERS = ("accounts-payable", "treasury", "finance-controller", "process-owner", "compliance-officer", "auditor")
DEFAULT_PERIOD = timedelta(days=30)
MAX_INVOICES = 10_000

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
    where = CaseFilter(
        facilities=actor.facilities, facility=facility, process="invoice-to-payment", submitted_before=end
    )
    by_facility: defaultdict[str, list[InvoiceFacts]] = defaultdict(list)
    room, complete = MAX_INVOICES, True
    async for page in _taken_in(services, where, begin):
        complete = len(page) <= room
        for case, facts in await _facts(services, page[:room]):
            by_facility[case.facility].append(facts)
        room -= len(page)
        if not complete:
            break
    return InvoiceReport(
        first=begin,
        until=end,
        invoices=sum(map(len, by_facility.values())),
        complete=complete,
        facilities=[measures(code, facts) for code, facts in sorted(by_facility.items())],
    )


async def _taken_in(services: Services, where: CaseFilter, begin: datetime) -> AsyncIterator[list[CaseSnapshot]]:
    """Pages of the invoice cases of the period, the newest first."""
    cursor = None
    while True:
        page = await services.reader.cases(where, cursor, MAX_PAGE)
        taken_in = [case for case in page.items if case.submitted_at >= begin]
        yield taken_in
        cursor = page.next_cursor
        if cursor is None or len(taken_in) < len(page.items):
            return


async def _facts(services: Services, cases: Sequence[CaseSnapshot]) -> list[tuple[CaseSnapshot, InvoiceFacts]]:
    """Without those of which no document is kept any more. As many questions for a page as for one invoice."""
    wanted = [case.case_id for case in cases]
    stated, entries, kept, states = await asyncio.gather(
        services.documents.stated_terms(wanted),
        services.reader.timelines(wanted),
        services.payments.discounts_kept(wanted),
        services.register.states(wanted),
    )
    return [
        (case, facts_of(case, entries.get(name, ()), stated[name], kept.get(name), states.get(name, "")))
        for case, name in zip(cases, wanted, strict=True)
        if name in stated
    ]
