"""A request to buy, as the service portal posts it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.facility import FacilityCode
from domain.model import Request
from domain.money import CurrencyCode, ExactDecimal, Money
from domain.people import PersonId
from domain.quantity import Quantity

RequisitionNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
Urgency = Literal["routine", "urgent", "emergency"]
LineNumber = Annotated[int, Field(ge=1, le=9999)]
Text = Annotated[str, Field(max_length=2000)]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
MAX_LINES = 200


class CostShare(Request):
    """The part of a line that one cost centre carries. `percent` is 0 < percent <= 100; a line's shares sum to 100."""

    cost_centre: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    percent: ExactDecimal = Decimal(100)
    account: Annotated[str, Field(pattern=r"^[0-9]{4,10}$")] | None = None


class RequisitionLine(Request):
    """One thing that is needed: a catalogue `item`, or a `description` with a `category` and an estimated `unit_price`.

    `unit_price` is per unit of `quantity` (per box, when the unit is a box).
    """

    line: LineNumber
    item: Annotated[str, Field(max_length=40)] | None = None
    description: ShortText | None = None
    category: Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")] | None = None
    quantity: Quantity
    unit_price: Money | None = None
    supplier: Annotated[str, Field(max_length=40)] | None = None
    need_by: date | None = None
    deliver_to: ShortText | None = None
    costs: Annotated[tuple[CostShare, ...], Field(min_length=1, max_length=20)]


class Attachment(Request):
    """A reference to a document that another system keeps; Corridor does not copy it."""

    name: ShortText
    uri: Annotated[str, Field(max_length=500, pattern=r"^https://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Requisition(Request):
    """What somebody needs, for whom, by when and on whose cost.

    `number` is the portal's own number: with the facility it is the business key of the case. `requester` carries the
    duty of the request; `on_behalf_of` is the person who needs the goods, when that is somebody else. `linked_cases`
    are ids of earlier cases of the same need: duties are segregated across all of them.
    """

    number: RequisitionNumber
    facility: FacilityCode
    requester: PersonId
    on_behalf_of: PersonId | None = None
    currency: CurrencyCode = "USD"
    urgency: Urgency = "routine"
    justification: Text = ""
    need_by: date
    deliver_to: ShortText
    lines: Annotated[tuple[RequisitionLine, ...], Field(min_length=1, max_length=MAX_LINES)]
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=20)] = ()
    linked_cases: Annotated[tuple[Annotated[str, Field(max_length=120)], ...], Field(max_length=20)] = ()
