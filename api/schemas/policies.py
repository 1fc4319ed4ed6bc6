"""What a policy would say about a request."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from domain.facility import FacilityCode
from domain.master_data import SupplierRisk
from domain.model import Request
from domain.money import Money
from domain.people import PersonId
from domain.policy.preview import PreviewedLevel
from domain.requisition import Requisition, Urgency

Category = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]
CostCentre = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]


class PreviewBody(Request):
    """Either a whole `requisition`, or `facility` and `amount`, with what else matters to the rules.

    `risks` are the gradings of the suppliers to order from: a preview does not ask the supplier master for them, so
    that they may be sent with either. `requester` is left out of the people who may approve, and their job level and
    superiors come from the people directory.
    """

    requisition: Requisition | None = None
    facility: FacilityCode | None = None
    amount: Money | None = None
    categories: Annotated[tuple[Category, ...], Field(max_length=50)] = ()
    urgency: Urgency = "routine"
    cost_centres: Annotated[tuple[CostCentre, ...], Field(max_length=50)] = ()
    risks: Annotated[tuple[SupplierRisk, ...], Field(max_length=4)] = ()
    requester: PersonId | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> PreviewBody:
        outlined = self.facility or self.amount or self.categories or self.cost_centres or self.requester
        if self.requisition is not None and outlined:
            raise ValueError("send either a requisition or its outline, not both")
        if self.requisition is None and (self.facility is None or self.amount is None):
            raise ValueError("send a requisition, or at least facility and amount")
        return self


class PreviewLevel(BaseModel):
    """One question and every rule that asks it, with the rules' reasons in the same order.

    Questions of the same `place` are asked side by side. `needs` different persons must approve; `quorum` is what the
    policy says of it: any, all, or a number. `people` hold the role and may answer; where `approvers` is
    management-chain they are one superior of the requester, who may approve `person_limit` alone. `clock_rule` is the
    service level that sets the hours, absent where they are the level's own.
    """

    place: int
    name: str
    role: str
    rules: list[str]
    reasons: list[str]
    remind_after_hours: int
    escalate_after_hours: int
    escalate_to: str
    approvers: Literal["role", "management-chain"]
    needs: int
    quorum: str
    stage: str | None
    people: list[str]
    person_limit: Money | None
    clock_rule: str | None


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


def preview_level(level: PreviewedLevel) -> PreviewLevel:
    return PreviewLevel(
        place=level.place,
        name=level.name,
        role=level.role,
        rules=list(level.rules),
        reasons=list(level.reasons),
        remind_after_hours=level.remind_after_hours,
        escalate_after_hours=level.escalate_after_hours,
        escalate_to=level.escalate_to,
        approvers=level.approvers,
        needs=level.needs,
        quorum=level.quorum,
        stage=level.stage or None,
        people=list(level.people),
        person_limit=level.person_limit,
        clock_rule=level.clock_rule or None,
    )
