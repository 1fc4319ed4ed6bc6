"""Examples that live beside the rules: `given` a request, `expect` what the tables say about it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.duties import Duty
from domain.facility import FacilityCode
from domain.master_data import SupplierRisk
from domain.money import ExactDecimal
from domain.policy.sections import Amount, Category, Document, Name
from domain.policy.table_entries import AcceptableCode, CostCentre, InvoiceToleranceKind, JobLevel, SupplierCode
from domain.requisition import Urgency

NOBODY = "nobody"


class Given(Document):
    """A request. `on` is a local day; without it, the example must hold at all times.

    In the system file, `facility` names where the request is made; without it, the example is about a hospital that
    varies nothing.
    """

    amount: Amount = Decimal(0)
    categories: tuple[Category, ...] = ()
    urgency: Urgency = "routine"
    cost_centre: CostCentre | None = None
    risk: SupplierRisk | None = None
    requester_level: JobLevel | None = None
    facility: FacilityCode | None = None
    supplier: SupplierCode | None = None
    duties: Annotated[tuple[Duty, ...], Field(description="that one person would exercise in the case")] = ()
    on: date | None = None


class ExpectedClocks(Document):
    """Business hours, and the rule that sets them."""

    remind_after_hours: int | None = None
    escalate_after_hours: int | None = None
    rule: Name | None = None


class ExpectedTolerances(Document):
    """Those that the example is about."""

    over_receipt_percent: ExactDecimal | None = None
    short_receipt_percent: ExactDecimal | None = None
    price_percent: ExactDecimal | None = None
    price_amount: ExactDecimal | None = None
    delivery_days: int | None = None


class Expect(Document):
    """What must come out, of one table or of several. `nobody` stands for no rule and for no job level."""

    levels: Annotated[tuple[Name, ...], Field(description="that must approve, in order")] | None = None
    rules: Annotated[tuple[Name, ...], Field(description="of the routing table that match, in order")] | None = None
    clocks: Annotated[dict[Name, ExpectedClocks], Field(description="by level")] | None = None
    tolerances: ExpectedTolerances | None = None
    behaviour: Literal["stop", "warn", "ignore"] | None = None
    accepted_by: Annotated[dict[AcceptableCode, Name], Field(description="the rule, by exception")] | None = None
    segregated_by: Annotated[tuple[Name, ...], Field(description="rules that the duties break")] | None = None
    ways: Annotated[Literal[2, 3, 4], Field(description="against what a bill is matched")] | None = None
    invoice_tolerances: (
        Annotated[dict[InvoiceToleranceKind, Name], Field(description="the rule that decides, by kind")] | None
    ) = None
    authority_from: Annotated[JobLevel | Literal["nobody"], Field(description="lowest job level")] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("state what is expected, such as `levels`")
        return self


class Example(Document):
    name: Annotated[str, Field(min_length=3, max_length=200)]
    given: Given
    expect: Expect
