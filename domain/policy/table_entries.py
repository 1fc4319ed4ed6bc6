"""The decision tables of a policy file: rows with a name, an owner and a reason, and how rows that match combine."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from domain.duties import Duty
from domain.exceptions import CATALOGUE
from domain.facility import FacilityCode, FacilityKind
from domain.master_data import SupplierRisk
from domain.money import ExactDecimal
from domain.people import Role
from domain.policy import model
from domain.policy.sections import Amount, Category, Document, ExceptionCode, Name, Rule
from domain.policy.tables import ALARMS, acceptable_by_rule
from domain.requisition import Urgency

CostCentre = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
SupplierCode = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
JobLevel = Annotated[int, Field(ge=0, le=99)]


class Row(Rule):
    """A named row of a decision table. A condition that is left out holds always."""

    name: Name


class RoutingRuleEntry(Row):
    """A row of the routing table.

    One matching category, cost centre or supplier's risk of several is enough. A condition on the requester's job
    level counts as holding where the people directory does not know it: too many are asked rather than too few.
    """

    amount_from: Annotated[Amount, Field(description="inclusive")] = Decimal(0)
    amount_below: Annotated[Amount, Field(description="exclusive")] | None = None
    categories: tuple[Category, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    cost_centres: tuple[CostCentre, ...] = ()
    facilities: tuple[FacilityCode, ...] = ()
    kinds: Annotated[tuple[FacilityKind, ...], Field(description="kinds of facilities")] = ()
    risks: Annotated[tuple[SupplierRisk, ...], Field(description="of a supplier to order from")] = ()
    requester_level_from: Annotated[JobLevel, Field(description="inclusive")] | None = None
    requester_level_below: Annotated[JobLevel, Field(description="exclusive")] | None = None
    levels: Annotated[tuple[Name, ...], Field(min_length=1)]


class Routing(Document):
    """`collect`: every rule that matches contributes its levels."""

    hit_policy: Literal["collect"]
    rules: Annotated[tuple[RoutingRuleEntry, ...], Field(min_length=1)]


class ServiceLevelEntry(Row):
    """Other clocks for some levels, in business hours of the facility."""

    levels: tuple[Name, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    amount_from: Annotated[Amount, Field(description="inclusive")] = Decimal(0)
    remind_after_hours: model.Hours
    escalate_after_hours: model.Hours

    @model_validator(mode="after")
    def _reminded_first(self) -> Self:
        if self.remind_after_hours >= self.escalate_after_hours:
            raise ValueError("the reminder must come before the escalation")
        return self


class ServiceLevels(Document):
    """`first`: the first rule that matches sets the clocks; without one, those of the level itself hold."""

    hit_policy: Literal["first"]
    rules: tuple[ServiceLevelEntry, ...]


class AllTolerances(Document):
    """In percent of the line; price in percent and in currency units, of which the smaller counts. All are stated."""

    over_receipt_percent: model.Percent
    short_receipt_percent: model.Percent
    price_percent: model.Percent
    price_amount: Amount
    delivery_days: Annotated[int, Field(ge=0, le=90)]


class ToleranceEntry(Row):
    """Other tolerances for some goods or suppliers."""

    categories: tuple[Category, ...] = ()
    suppliers: tuple[SupplierCode, ...] = ()
    tolerances: AllTolerances


class ToleranceRules(Document):
    """`first`: the first rule that matches a line counts; without one, the general tolerances do."""

    hit_policy: Literal["first"]
    rules: tuple[ToleranceEntry, ...]


class MatchWaysEntry(Row):
    """Against what bills for some goods, or of some suppliers, are matched: order 2, receipt 3, inspection 4."""

    categories: tuple[Category, ...] = ()
    suppliers: tuple[SupplierCode, ...] = ()
    ways: Literal[2, 3, 4]


class MatchWays(Document):
    """`first`: the first rule that matches a line counts; without one, `invoice.ways` does."""

    hit_policy: Literal["first"]
    rules: tuple[MatchWaysEntry, ...]


InvoiceToleranceKind = Literal["price", "quantity", "freight", "surcharge"]


class InvoiceToleranceEntry(Row):
    """What a bill may differ by: in percent and in currency units, of which the smaller counts. Both are stated."""

    kind: Annotated[
        InvoiceToleranceKind,
        Field(description="price and quantity of a line; freight and surcharges of a bill, in percent of its goods"),
    ]
    categories: tuple[Category, ...] = ()
    suppliers: tuple[SupplierCode, ...] = ()
    percent: model.Percent
    amount: Amount


class InvoiceTolerances(Document):
    """`first`, for each kind: the first rule that matches counts; without one, nothing may differ."""

    hit_policy: Literal["first"]
    rules: tuple[InvoiceToleranceEntry, ...]


class BudgetBehaviourEntry(Row):
    """Another behaviour for some budgets."""

    cost_centres: tuple[CostCentre, ...] = ()
    categories: tuple[Category, ...] = ()
    behaviour: Literal["stop", "warn", "ignore"]


class BudgetRules(Document):
    """`first`: the first rule that matches a line counts. Over several lines, the strictest behaviour does."""

    hit_policy: Literal["first"]
    rules: tuple[BudgetBehaviourEntry, ...]


def _acceptable(code: str) -> str:
    if code in ALARMS:
        raise ValueError("a rule must not silence the alarm of a control")
    if not acceptable_by_rule(code):
        raise ValueError("the catalogue lets nobody accept this exception")
    return code


ACCEPTABLE = sorted(code for code in CATALOGUE if acceptable_by_rule(code))
AcceptableCode = Annotated[ExceptionCode, AfterValidator(_acceptable), Field(json_schema_extra={"enum": ACCEPTABLE})]


class AcceptanceEntry(Row):
    """An exception that is accepted without a person, up to an amount of the whole request."""

    code: AcceptableCode
    categories: tuple[Category, ...] = ()
    max_amount: Annotated[Amount, Field(description="inclusive")]


class Acceptance(Document):
    """`any`: rules that match the same exception must say the same."""

    hit_policy: Literal["any"]
    rules: tuple[AcceptanceEntry, ...]


class SegregationEntry(Row):
    """Two duties that nobody exercises together, in one case or in a family of linked cases."""

    first: Duty
    second: Duty
    scope: Literal["case", "family"]
    override_role: Role
    override_max_days: Annotated[int, Field(ge=1, le=366)]


class Segregation(Document):
    """`collect`: every rule holds."""

    hit_policy: Literal["collect"]
    rules: tuple[SegregationEntry, ...]


class LocalVariation(Rule):
    """A parameter that a facility may set, and how far. `*` stands for one part of the path.

    Numbers are bounded by `least` and `most` (both inclusive); words and truth values by `one_of`.
    """

    parameter: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z0-9_*-]+)*$")]
    least: ExactDecimal | None = None
    most: ExactDecimal | None = None
    one_of: tuple[bool | str, ...] = ()
    kinds: tuple[FacilityKind, ...] = ()

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.one_of and (self.least is None or self.most is None):
            raise ValueError("state the bounds: `least` and `most`, or `one_of`")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("`least` is more than `most`")
        return self
