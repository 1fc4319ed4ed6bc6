"""What a policy would say about a request."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from domain.facility import FacilityCode
from domain.model import Request
from domain.money import Money
from domain.people import PersonId
from domain.requisition import Requisition, Urgency

CostCentre = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
Category = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]


class PreviewBody(Request):
    """Either a whole `requisition`, or `facility` and `amount`, with `categories`, `urgency`, `cost_centres` and the
    `requester` where they matter.
    """

    requisition: Requisition | None = None
    facility: FacilityCode | None = None
    amount: Money | None = None
    categories: Annotated[tuple[Category, ...], Field(max_length=50)] = ()
    urgency: Urgency = "routine"
    cost_centres: Annotated[tuple[CostCentre, ...], Field(max_length=50)] = ()
    requester: PersonId | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> PreviewBody:
        outline = (self.facility, self.amount, self.categories, self.cost_centres, self.requester)
        if self.requisition is not None and any(outline):
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


class PreviewQuestion(BaseModel):
    """One question: any `needs` of `people` answer it. The same person is not asked by two questions in a row."""

    level: str
    role: str
    people: list[str]
    needs: int


class Preview(BaseModel):
    """The approvals in the order in which they are asked, and `stages` with the people who are asked as the directory
    has them now: questions of one stage side by side, none of them to the requester. What the grading of a supplier
    adds is only known once the request is checked. `unpriced_lines` carry no price in the request: the
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
    stages: list[list[PreviewQuestion]]
    retrospective_role: str | None
    unpriced_lines: list[int]
