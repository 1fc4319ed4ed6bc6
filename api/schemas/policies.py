"""What a policy would say about a request."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from domain.facility import FacilityCode
from domain.model import Request
from domain.money import Money
from domain.requisition import Requisition, Urgency

Category = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]


class PreviewBody(Request):
    """Either a whole `requisition`, or `facility` and `amount`, with `categories` and `urgency` where they matter."""

    requisition: Requisition | None = None
    facility: FacilityCode | None = None
    amount: Money | None = None
    categories: Annotated[tuple[Category, ...], Field(max_length=50)] = ()
    urgency: Urgency = "routine"

    @model_validator(mode="after")
    def _one_of_two(self) -> PreviewBody:
        if self.requisition is not None and (self.facility or self.amount or self.categories):
            raise ValueError("send either a requisition or its outline, not both")
        if self.requisition is None and (self.facility is None or self.amount is None):
            raise ValueError("send a requisition, or at least facility and amount")
        return self


class PreviewLevel(BaseModel):
    """One level of approval and every rule that demands it, with the rules' reasons in the same order."""

    place: int
    name: str
    role: str
    rules: list[str]
    reasons: list[str]
    remind_after_hours: int
    escalate_after_hours: int
    escalate_to: str


class Preview(BaseModel):
    """The approvals in the order in which they are asked. `unpriced_lines` carry no price in the request: the
    catalogue will price them, and the amount then decides anew. `retrospective_role` is set when the request would
    go out at once as an emergency and be approved afterwards.
    """

    facility: str
    policy_version: str
    policy_sha256: str
    effective_from: date
    amount: Money
    categories: list[str]
    levels: list[PreviewLevel]
    rules: list[str]
    explanation: list[str]
    retrospective_role: str | None
    unpriced_lines: list[int]
