"""Overrides of the segregation of duties as callers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.schemas.parameters import MessageId, UtcInstant
from domain.facility import FacilityCode
from domain.model import Request
from domain.people import PersonId
from domain.ports.overrides import OverrideRecord, OverrideUse

OverrideState = Literal["requested", "valid", "over", "ended"]


class OverrideBody(Request):
    """Leave for `person` to break `rule` at `facility` until `valid_until` (exclusive): in one case, or without a
    `case_id` in all of them.
    """

    override_id: MessageId | None = None
    person: PersonId
    rule: Annotated[str, Field(min_length=1, max_length=80)]
    facility: FacilityCode
    case_id: Annotated[str, Field(min_length=1, max_length=160)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    valid_until: UtcInstant


class OverrideLinks(BaseModel):
    self: str
    approve: str
    end: str


class OverrideView(BaseModel):
    """`uses` are the decisions that were handed in on the strength of it."""

    override_id: str
    person: str
    rule: str
    facility: str
    case_id: str | None
    reason: str
    valid_until: datetime
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    state: OverrideState
    uses: list[OverrideUse]
    links: OverrideLinks


class OverrideList(BaseModel):
    """The latest request first. `next_cursor` is null on the last page."""

    items: list[OverrideView]
    next_cursor: str | None


class OverrideReport(OverrideList):
    """The counts are those of this page: `unused` were approved and led to no decision."""

    used: int
    unused: int
    never_approved: int


def state_of(record: OverrideRecord, now: datetime) -> OverrideState:
    if record.ended_at is not None:
        return "ended"
    if now >= record.valid_until:
        return "over"
    return "requested" if record.approved_at is None else "valid"


def override_view(record: OverrideRecord, now: datetime) -> OverrideView:
    path = f"/v1/segregation-overrides/{record.override_id}"
    return OverrideView(
        **dict(record),
        state=state_of(record, now),
        links=OverrideLinks(self=path, approve=f"{path}/approve", end=f"{path}/end"),
    )
