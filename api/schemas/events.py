"""Events from outside, as CloudEvents 1.0 in structured JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from domain.facility import FacilityCode
from domain.hire import HireNumber
from domain.model import Request
from domain.requisition import Text
from workflows.messages.procure_to_pay import EventRecord

EventType = Literal[
    "corridor.order.acknowledged",
    "corridor.goods.received",
    "corridor.goods.returned",
    "corridor.order.settled",
    "corridor.hr.hired",
    "corridor.hr.hire-changed",
    "corridor.hr.hire-ended",
]


class CloudEvent(Request):
    """`source` and `id` together name the event: delivered again, it has no further effect, and of two bodies under
    one name the first stands. `data` depends on `type` and carries no `event_id` of its own.
    """

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
    source: Annotated[str, Field(min_length=1, max_length=90)]
    type: EventType
    time: AwareDatetime | None = None
    subject: Annotated[str, Field(max_length=200)] | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Annotated[str, Field(max_length=500)] | None = None
    traceparent: Annotated[str, Field(max_length=100)] | None = None
    tracestate: Annotated[str, Field(max_length=1000)] | None = None
    data: dict[str, Any]


class HireEnded(Request):
    """Data of `corridor.hr.hire-ended`: the offer is rescinded, the person did not come, or it was the wrong person."""

    number: HireNumber
    facility: FacilityCode
    kind: Literal["rescinded", "no-show", "wrong-person"]
    reason: Annotated[Text, Field(min_length=1)]


class EventOutcome(BaseModel):
    """`record` is null while the case has not answered; the event is kept and need not be sent again."""

    event_id: str
    case_id: str
    record: EventRecord | None
