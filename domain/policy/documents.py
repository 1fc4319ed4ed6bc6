"""What a policy file may say: the shape of `system.yaml` and of a facility's file.

The system file is complete by itself; a facility's file names the facility and what it does otherwise, each time with
an owner and a reason. Amounts are in the currency of the system file.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from domain.business_time import minutes_after_midnight
from domain.facility import BusinessCalendar, Facility, FacilityCode, FacilityKind, HalfDay
from domain.money import CurrencyCode
from domain.policy.checks import known_time_zone, time_of_day, valid_gln
from domain.policy.hire_entries import HireSection, PlanEntry
from domain.policy.sections import (
    AmendmentSection,
    AssistantSection,
    AuthoritySection,
    BudgetSection,
    CaptureSection,
    Category,
    DelegationSection,
    Document,
    EmergencySection,
    ExceptionEntry,
    InvoiceSection,
    LevelSection,
    OneDecisionSection,
    PaymentSection,
    PurchasingSection,
    ReceiptSection,
    RetentionSection,
    Rule,
    Scalar,
    SplittingSection,
    SupplierSection,
    TolerancesSection,
)
from domain.policy.table_entries import (
    Acceptance,
    BudgetRules,
    InvoiceTolerances,
    LocalVariation,
    MatchWays,
    Routing,
    RoutingRuleEntry,
    Segregation,
    SegregationEntry,
    ServiceLevels,
    ToleranceRules,
)
from domain.policy.worked_examples import Example

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


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
    authority: AuthoritySection
    same_person_decides_once: OneDecisionSection
    delegation: DelegationSection
    retention: RetentionSection
    service_levels: ServiceLevels
    tolerance_rules: ToleranceRules
    budget_rules: BudgetRules
    acceptance: Acceptance
    segregation: Segregation
    capture: CaptureSection
    invoice: InvoiceSection
    match_ways: MatchWays
    invoice_tolerances: InvoiceTolerances
    payment: PaymentSection
    assistant: AssistantSection
    hire: HireSection
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


class HalfDayEntry(Document):
    """A day on which the office closes early."""

    day: date
    closes: Annotated[str, AfterValidator(time_of_day), Field(pattern=r"^\d\d:\d\d$")]
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
    half_days: tuple[HalfDayEntry, ...] = ()

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if minutes_after_midnight(self.opens) >= minutes_after_midnight(self.closes):
            raise ValueError("opens after it closes")
        return self

    @model_validator(mode="after")
    def _half_days_are_shorter(self) -> Self:
        days = [each.day for each in self.half_days]
        for each in self.half_days:
            if not minutes_after_midnight(self.opens) < minutes_after_midnight(each.closes):
                raise ValueError(f"on {each.day} it closes before it opens: that is a closure")
            if not minutes_after_midnight(each.closes) < minutes_after_midnight(self.closes):
                raise ValueError(f"{each.day} is no half day: it closes at {self.closes} on any other")
            if days.count(each.day) > 1:
                raise ValueError(f"{each.day} is a half day twice")
            if each.day in {closure.day for closure in self.closures}:
                raise ValueError(f"{each.day} is a half day and a closure")
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
            half_days=tuple(HalfDay(day=each.day, closes=each.closes) for each in self.half_days),
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


class LocalSegregation(Dated, SegregationEntry):
    """Two more duties that the facility keeps apart. It can only add: the rules of the system stay as they are."""


class LocalPlanRule(Dated, PlanEntry):
    """A row of the facility's own in the plan of hires. It can only add items: those of the system stay as they are."""


class FacilityDocument(Document):
    """A facility and its allowed local variation."""

    document: Literal["facility"]
    code: FacilityCode
    name: Annotated[str, Field(min_length=2, max_length=100)]
    kind: FacilityKind
    parent: FacilityCode | None = None
    gln: Annotated[str, AfterValidator(valid_gln), Field(pattern=r"^\d{13}$", description="GS1 location number")]
    ship_to: Annotated[str, Field(min_length=10, max_length=300)]
    calendar: CalendarSection
    overrides: tuple[Override, ...] = ()
    rules: tuple[LocalRule, ...] = ()
    segregation: tuple[LocalSegregation, ...] = ()
    hire_plan: tuple[LocalPlanRule, ...] = ()
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
