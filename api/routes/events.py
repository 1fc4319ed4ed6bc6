"""Facts from outside: acknowledgements, deliveries, returns, settlements; and what HR reports of hires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import ValidationError

from api.case_client import PurchaseEvent
from api.event_delivery import event_id_of, hand_in
from api.event_sources import EventSource
from api.gatekeeping import SignedRoute, TheServices, TheSource
from api.hire_events import HIRE_EVENTS, receive_hire_event
from api.logs import bind
from api.posted import details, posted
from api.problems import (
    ProblemDetail,
    forbidden,
    invalid_request,
    not_found,
)
from api.routes.documents import problems
from api.schemas.events import CloudEvent, EventOutcome
from api.schemas.links import case_path
from api.services import Services
from api.waiting import Prefer, wait_seconds
from domain.case import parse_case_id
from domain.event_faults import event_faults
from domain.model import Request
from domain.purchase import Acknowledgement, GoodsReceipt, GoodsReturn, Settlement

router = APIRouter(route_class=SignedRoute, tags=["Events"])

_MODELS: Mapping[str, type[Acknowledgement] | type[GoodsReceipt] | type[GoodsReturn] | type[Settlement]] = {
    "corridor.order.acknowledged": Acknowledgement,
    "corridor.goods.received": GoodsReceipt,
    "corridor.goods.returned": GoodsReturn,
    "corridor.order.settled": Settlement,
}
_HEADERS = [
    {
        "name": f"webhook-{name}",
        "in": "header",
        "required": True,
        "description": f"Standard Webhooks: {meaning}",
        "schema": {"type": "string"},
    }
    for name, meaning in (
        ("id", "id of the message"),
        ("timestamp", "seconds since 1970, within five minutes of now"),
        ("signature", "v1,<base64 of HMAC-SHA256 over id.timestamp.body>"),
    )
]


@router.post(
    "/v1/events",
    responses=problems(403, 404, 409, body=True)
    | {202: {"model": EventOutcome, "description": "Taken in; the outcome is not known yet"}},
    openapi_extra={"parameters": _HEADERS},
)
async def receive(
    services: TheServices,
    source: TheSource,
    response: Response,
    event: Annotated[CloudEvent, Depends(posted(CloudEvent))],
    prefer: Prefer = None,
) -> EventOutcome:
    """A CloudEvent of a known source, signed as Standard Webhooks has it. Delivered twice, it has one effect: its
    source and id are its idempotency key. 200 with what became of it; 202 when the case has not answered yet.
    """
    _check_source(source, event)
    if event.type in HIRE_EVENTS:
        outcome = await receive_hire_event(services, source, event, wait_seconds(prefer))
    else:
        outcome = await _receive_order_event(services, source, event, wait_seconds(prefer))
    if outcome.record is None:
        response.status_code = 202
        response.headers["Location"] = case_path(outcome.case_id)
    return outcome


async def _receive_order_event(
    services: Services, source: EventSource, event: CloudEvent, seconds: int
) -> EventOutcome:
    message = _message(event)
    case = await _case_of(services, source, message.order_number)
    await _check_numbers(services, case, message)
    record = await hand_in(services, case, message, message.event_id, seconds)
    return EventOutcome(event_id=message.event_id, case_id=case, record=record)


def _check_source(source: EventSource, event: CloudEvent) -> None:
    if event.source != source.source:
        raise forbidden("event-source-mismatch", "The event names another source than the one that signed it.")
    if event.type not in source.types:
        raise forbidden("event-type-not-allowed", f"This source does not report {event.type}.")


def _message(event: CloudEvent) -> PurchaseEvent:
    if "event_id" in event.data:
        fault = ProblemDetail(
            pointer="/data/event_id", code="extra_forbidden", message="The event's id is the one of the envelope."
        )
        raise invalid_request((fault,))
    model = _MODELS[event.type]
    data = {**event.data, "event_id": event_id_of(event)}
    try:
        message = model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise invalid_request(details(error, "/data")) from None
    faults = _repeated_lines(message)
    if faults:
        raise invalid_request(faults)
    return message


def _repeated_lines(message: Request) -> tuple[ProblemDetail, ...]:
    seen: set[int] = set()
    found = []
    for index, line in enumerate(getattr(message, "lines", ())):
        if line.line in seen:
            pointer = f"/data/lines/{index}/line"
            found.append(ProblemDetail(pointer=pointer, code="duplicate-line", message="Report each line once."))
        seen.add(line.line)
    return tuple(found)


async def _case_of(services: Services, source: EventSource, order_number: str) -> str:
    case = await services.reader.case_of_order(order_number)
    key = parse_case_id(case) if case else None
    if case is None or key is None or not source.serves(key.facility):
        raise not_found("order")
    bind(case_id=case)
    return case


async def _check_numbers(services: Services, case: str, message: PurchaseEvent) -> None:
    """Raises the 422 problem for numbers that the workflow would refuse as well."""
    snapshot = await services.reader.case(case)
    faults = event_faults(message, snapshot.amount.currency) if snapshot else ()
    if faults:
        raise invalid_request(
            tuple(
                ProblemDetail(pointer=f"/data{each.pointer}", code=each.code, message=each.message) for each in faults
            )
        )
