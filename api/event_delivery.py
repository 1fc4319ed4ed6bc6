"""Handing an event to its case, once for its source and id."""

from __future__ import annotations

from functools import partial

from api.access import QUERY_TIMEOUT
from api.case_client import CaseClosedError, HireEvent, PurchaseEvent
from api.problems import conflict
from api.schemas.events import CloudEvent
from api.services import Services
from api.waiting import before, outcome
from workflows.messages.procure_to_pay import EventRecord


def event_id_of(event: CloudEvent) -> str:
    """By which the case knows a repeat."""
    return f"{event.source}#{event.id}"


async def hand_in(
    services: Services, case: str, message: PurchaseEvent | HireEvent, event_id: str, seconds: float
) -> EventRecord | None:
    """What became of the event; None when the case has not answered within `seconds`. Raises the 409 problem for a new
    event of a case that is closed.
    """
    try:
        await services.cases.report(case, message)
    except CaseClosedError:
        return await _before_the_end(services, case, event_id)
    return await outcome(partial(services.cases.event_record, case, event_id), seconds)


async def _before_the_end(services: Services, case: str, event_id: str) -> EventRecord:
    """What became of an event that comes again after its case has closed."""
    record = await before(services.cases.event_record(case, event_id, QUERY_TIMEOUT))
    if record is None:
        raise conflict("case-closed", "The case is closed", "It takes no further events.", case_id=case)
    return record
