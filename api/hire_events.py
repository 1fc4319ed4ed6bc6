"""What an HRIS reports of hires: somebody was hired, something changed, or the hire does not take place."""

from __future__ import annotations

import json
import re

from pydantic import ValidationError

from api.event_delivery import event_id_of, hand_in
from api.event_sources import EventSource
from api.hire_intake import HireIntake, PostedHire, hire_case_id, take_in
from api.logs import bind
from api.posted import details
from api.problems import invalid_request, not_found
from api.schemas.events import CloudEvent, EventOutcome, HireEnded
from api.services import Services
from domain.hire import HireChange, HireEnd
from domain.people import Actor

HIRED, CHANGED, ENDED = "corridor.hr.hired", "corridor.hr.hire-changed", "corridor.hr.hire-ended"
HIRE_EVENTS = frozenset({HIRED, CHANGED, ENDED})
_NO_PERSON_ID = re.compile(r"[^A-Za-z0-9._@-]+")
_DATA = "/data"


async def receive_hire_event(
    services: Services, source: EventSource, event: CloudEvent, seconds: float
) -> EventOutcome:
    """Start the case, or tell it what changed. Somebody who is hired under the number of a running case, with another
    body, is a correction of it; the body that started the case is only a repeat.

    Raises the problem (404, 409, 422) of an event that concerns no case, or cannot be taken.
    """
    if event.type == ENDED:
        return await _ended(services, source, event, seconds)
    now = services.now()
    hire, policy = HireIntake.of_source(services, source, now).accept(event.data, _DATA)
    posted = PostedHire(hire=hire, policy=policy, at=now, actor=actor_of(source), source="event", prefix=_DATA)
    bind(case_id=posted.case_id)
    if event.type == CHANGED:
        await _require_known(services, posted.case_id)
    elif await take_in(services, posted) != "differs":
        return EventOutcome(event_id=event_id_of(event), case_id=posted.case_id, record=None)
    return await _changed(services, event, posted, seconds)


def actor_of(source: EventSource) -> Actor:
    """A source as somebody who acts: no person, and without any role."""
    name = _NO_PERSON_ID.sub("-", source.source)
    return Actor(person=f"source.{name}"[:64], name=source.source, facilities=source.facilities)


async def _changed(services: Services, event: CloudEvent, posted: PostedHire, seconds: float) -> EventOutcome:
    change_id = event_id_of(event)
    change = HireChange(change_id=change_id, hire=posted.hire, by=posted.actor.person, received_at=posted.at)
    record = await hand_in(services, posted.case_id, change, change_id, seconds)
    return EventOutcome(event_id=change_id, case_id=posted.case_id, record=record)


async def _ended(services: Services, source: EventSource, event: CloudEvent, seconds: float) -> EventOutcome:
    try:
        told = HireEnded.model_validate_json(json.dumps(event.data), strict=True)
    except ValidationError as error:
        raise invalid_request(details(error, _DATA)) from None
    if not source.serves(told.facility):
        raise not_found("hire")
    case, change_id = hire_case_id(told.facility, told.number), event_id_of(event)
    await _require_known(services, case)
    bind(case_id=case)
    end = HireEnd(
        change_id=change_id,
        kind=told.kind,
        reason=told.reason,
        by=actor_of(source).person,
        received_at=services.now(),
    )
    record = await hand_in(services, case, end, change_id, seconds)
    return EventOutcome(event_id=change_id, case_id=case, record=record)


async def _require_known(services: Services, case: str) -> None:
    """Raises the 404 problem unless there is such a case, or was."""
    if await services.reader.case(case) is not None:
        return
    if await services.cases.fingerprint(case) is None:
        raise not_found("hire")
