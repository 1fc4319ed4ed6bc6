"""What a policy file may say: the shape of `system.yaml` and of a facility's file.

The system file is complete by itself; a facility's file names the facility and what it does otherwise, each time with
an owner and a reason. Amounts are in the currency of the system file.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from domain.business_time import minutes_after_midnight
from domain.exceptions import CATALOGUE
from domain.facility import BusinessCalendar, Facility, FacilityCode
from domain.money import CurrencyCode, ExactDecimal
from domain.people import Role
from domain.policy import model
from domain.policy.checks import known_time_zone, time_of_day, valid_gln
from domain.requisition import Urgency

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
Reason = Annotated[str, Field(min_length=10, max_length=500, description="why the rule exists, for its readers")]
Category = Annotated[str, Field(pattern=r"^[a-z][a-z-]{1,40}$")]
Amount = Annotated[ExactDecimal, Field(ge=0)]
Scalar = bool | int | ExactDecimal | str


def _known_exception(code: str) -> str:
    if code not in CATALOGUE:
        raise ValueError("no such exception in the catalogue")
    return code


ExceptionCode = Annotated[str, AfterValidator(_known_exception), Field(json_schema_extra={"enum": sorted(CATALOGUE)})]


class Document(BaseModel):
    """Part of a policy file: an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


MAY_BE_LEFT_OUT = frozenset({"approvers", "needs", "stage"})
"""Parameters of levels whose absence means the plain case: one holder of the role, asked in turn."""


def _all_required(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema["properties"] if name not in MAY_BE_LEFT_OUT]


class Rule(Document):
    """Something that somebody decided, and can be asked about."""

    owner: Role
    reason: Reason


class Section(Rule):
    """A rule of which the system file states every parameter: nothing is left to a default in the code."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_all_required)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = sorted(set(type(self).model_fields) - self.model_fields_set - MAY_BE_LEFT_OUT)
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return self


class LevelSection(model.ApprovalLevel, Section):
    name: Name
    role: Role
    escalate_to: Role

    @model_validator(mode="after")
    def _reminded_first(self) -> Self:
        if self.remind_after_hours >= self.escalate_after_hours:
            raise ValueError("the reminder must come before the escalation")
        return self


class RoutingRuleEntry(Rule):
    """A row of the routing table; a condition that is left out holds always."""

    name: Name
    amount_from: Annotated[Amount, Field(description="inclusive")] = Decimal(0)
    amount_below: Annotated[Amount, Field(description="exclusive")] | None = None
    categories: tuple[Category, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    levels: Annotated[tuple[Name, ...], Field(min_length=1)]


class Routing(Document):
    """`collect`: every rule that matches contributes its levels."""

    hit_policy: Literal["collect"]
    rules: Annotated[tuple[RoutingRuleEntry, ...], Field(min_length=1)]


class TolerancesSection(model.Tolerances, Section):
    """In percent of the line; price in percent and in currency units, of which the smaller counts."""


class BudgetSection(model.BudgetRule, Section):
    override_role: Role


class EmergencySection(model.EmergencyRule, Section):
    cap: Amount
    retrospective_role: Role


class SplittingSection(model.SplittingRule, Section):
    limit: Amount


class SupplierSection(model.SupplierRule, Section):
    """How long a supplier may be silent, in business hours."""


class ReceiptSection(model.ReceiptRule, Section):
    """Business hours after the promised date."""


class AmendmentSection(model.AmendmentRule, Section):
    increase_amount: Amount


class PurchasingSection(Section):
    off_contract: Literal["ask", "accept"]
    substitute_inactive: bool
    use_stock_first: bool


class ExceptionEntry(Rule):
    """Whose worklist an exception enters, and its service level in business hours."""

    code: ExceptionCode
    handled_by: Role
    within_hours: model.Hours


class LocalVariation(Rule):
    """A parameter that a facility may set, and how far. `*` stands for one part of the path.

    Numbers are bounded by `least` and `most` (both inclusive); words and truth values by `one_of`.
    """

    parameter: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z0-9_*-]+)*$")]
    least: ExactDecimal | None = None
    most: ExactDecimal | None = None
    one_of: tuple[bool | str, ...] = ()
    kinds: tuple[Literal["hospital", "clinic", "shared-services"], ...] = ()

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.one_of and (self.least is None or self.most is None):
            raise ValueError("state the bounds: `least` and `most`, or `one_of`")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("`least` is more than `most`")
        return self


class Given(Document):
    """A request. `on` is a local day; without it, the example must hold at all times."""

    amount: Amount
    categories: tuple[Category, ...] = ()
    urgency: Urgency = "routine"
    on: date | None = None


class Expect(Document):
    """The names of the levels that must approve, in order."""

    levels: tuple[Name, ...]


class Example(Document):
    name: Annotated[str, Field(min_length=3, max_length=200)]
    given: Given
    expect: Expect


class Edition(Rule):
    """The whole system policy from a day on, until the next edition begins."""

    version: Annotated[str, Field(pattern=r"^[0-9]{4}\.[0-9]{2}-[0-9]+$", description="such as 2026.11-1")]
    effective_from: date
    currency: CurrencyCode
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    levels: Annotated[tuple[LevelSection, ...], Field(min_length=1, description="in the order in which they are asked")]
    routing: Routing
    tolerances: TolerancesSection
    budget: BudgetSection
    emergency: EmergencySection
    splitting: SplittingSection
    supplier: SupplierSection
    receipt: ReceiptSection
    amendment: AmendmentSection
    purchasing: PurchasingSection
    exceptions: tuple[ExceptionEntry, ...] = ()
    facilities_may_add_rules: bool
    facilities_may_change: tuple[LocalVariation, ...] = ()
    tests: tuple[Example, ...] = ()


class SystemDocument(Document):
    """The policy of the health system, `system.yaml`."""

    document: Literal["system"]
    editions: Annotated[tuple[Edition, ...], Field(min_length=1)]


class Closure(Document):
    day: date
    reason: Annotated[str, Field(min_length=3, max_length=200)]


class CalendarSection(Document):
    """Opening hours are wall-clock hours of the facility; public holidays are those of country and subdivision."""

    time_zone: Annotated[str, AfterValidator(known_time_zone), Field(description="IANA name")]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1")]
    subdivision: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,3}$", description="ISO 3166-2, without the country")] | None
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: Annotated[str, AfterValidator(time_of_day), Field(pattern=r"^\d\d:\d\d$")]
    closes: Annotated[str, AfterValidator(time_of_day), Field(pattern=r"^\d\d:\d\d$")]
    closures: tuple[Closure, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if minutes_after_midnight(self.opens) >= minutes_after_midnight(self.closes):
            raise ValueError("opens after it closes")
        return self

    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(
            time_zone=self.time_zone,
            country=self.country,
            subdivision=self.subdivision,
            weekdays=tuple(WEEKDAYS.index(day) for day in self.weekdays),
            opens=self.opens,
            closes=self.closes,
            extra_closures=tuple(closure.day for closure in self.closures),
        )


class Dated(Rule):
    """In force from `effective_from` to `effective_until`, both inclusive; without an end, until further notice."""

    effective_from: date
    effective_until: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.effective_until is not None and self.effective_until < self.effective_from:
            raise ValueError("ends before it begins")
        return self

    def in_force(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_until is None or on <= self.effective_until)


class Override(Dated):
    """A parameter of the system policy, such as 'emergency.cap', that the facility sets otherwise."""

    parameter: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z0-9_-]+)*$")]
    value: Scalar


class LocalRule(Dated, RoutingRuleEntry):
    """A routing rule of the facility's own. It can only add levels: the rules of the system stay in force."""


class FacilityDocument(Document):
    """A facility and its allowed local variation."""

    document: Literal["facility"]
    code: FacilityCode
    name: Annotated[str, Field(min_length=2, max_length=100)]
    kind: Literal["hospital", "clinic", "shared-services"]
    parent: FacilityCode | None = None
    gln: Annotated[str, AfterValidator(valid_gln), Field(pattern=r"^\d{13}$", description="GS1 location number")]
    ship_to: Annotated[str, Field(min_length=10, max_length=300)]
    calendar: CalendarSection
    overrides: tuple[Override, ...] = ()
    rules: tuple[LocalRule, ...] = ()
    tests: tuple[Example, ...] = ()

    def facility(self, currency: str) -> Facility:
        return Facility(
            code=self.code,
            name=self.name,
            kind=self.kind,
            currency=currency,
            calendar=self.calendar.calendar(),
            parent=self.parent,
            ship_to=self.ship_to,
            gln=self.gln,
        )
