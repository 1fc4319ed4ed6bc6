"""Delegations as callers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.schemas.parameters import MessageId, UtcInstant
from domain.delegation import Delegation, DelegationScope
from domain.facility import FacilityCode
from domain.model import Request
from domain.money import ExactDecimal, Money
from domain.people import PersonId
from domain.requisition import Text

Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9-]*$")]
DelegationState = Literal["upcoming", "valid", "over", "revoked"]


class ScopeBody(Request):
    """What is delegated; a condition that is left out does not restrict. `max_amount` is inclusive, in the currency of
    the facility.
    """

    facilities: Annotated[tuple[FacilityCode, ...], Field(max_length=50)] = ()
    roles: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    categories: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    max_amount: Annotated[ExactDecimal, Field(ge=0)] | None = None


class DelegationBody(Request):
    """`delegator` is the caller where it is left out, and `valid_from` now. The end is exclusive."""

    delegation_id: MessageId | None = None
    delegator: PersonId | None = None
    delegate: PersonId
    valid_from: UtcInstant | None = None
    valid_until: UtcInstant
    scope: ScopeBody = ScopeBody()
    reason: Text = ""


class TaskDelegationBody(Request):
    """Hand one decision to a substitute. Without `until`, it holds until the task is due, or for five business days
    where it has no due date or is overdue.
    """

    delegation_id: MessageId | None = None
    to: PersonId
    until: UtcInstant | None = None
    comment: Text = ""


class DelegationLinks(BaseModel):
    self: str
    revoke: str


class DelegationView(BaseModel):
    """`open_tasks` are those that the delegate may decide on it now, counted where it was just made: null elsewhere,
    and when there are more than can be counted in passing.
    """

    delegation_id: str
    delegator: str
    delegate: str
    valid_from: datetime
    valid_until: datetime
    scope: DelegationScope
    reason: str
    made_by: str
    made_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    state: DelegationState
    open_tasks: int | None = None
    links: DelegationLinks


class DelegationList(BaseModel):
    """The latest made first. `next_cursor` is null on the last page."""

    items: list[DelegationView]
    next_cursor: str | None


class PreviewedTask(BaseModel):
    task_id: str
    title: str
    role: str
    facility: str
    amount: Money | None
    due_at: datetime | None


class DelegationPreview(BaseModel):
    """What the delegate would decide if it held now. `open_tasks` is null when there are more than can be counted in
    passing; `tasks` are the most urgent of them.
    """

    open_tasks: int | None
    tasks: list[PreviewedTask]


def state_of(delegation: Delegation, now: datetime) -> DelegationState:
    if delegation.revoked_at is not None:
        return "revoked"
    if now < delegation.valid_from:
        return "upcoming"
    return "valid" if now < delegation.valid_until else "over"


def delegation_view(delegation: Delegation, now: datetime, open_tasks: int | None = None) -> DelegationView:
    path = f"/v1/delegations/{delegation.delegation_id}"
    return DelegationView(
        **dict(delegation),
        state=state_of(delegation, now),
        open_tasks=open_tasks,
        links=DelegationLinks(self=path, revoke=f"{path}/revoke"),
    )
