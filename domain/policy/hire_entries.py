"""What a policy file says about hires: parameters, entitlements, the plan, what nobody holds together, and approvals.

Days are business days of the facility relative to the start date: -5 is a week before it, 0 the start date itself.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.facility import FacilityCode, FacilityKind
from domain.hire import Code
from domain.hire_approvals import HireAsk
from domain.hire_rules import HireParameters, ItemKind, PlanRule, UndoKind
from domain.people import Role
from domain.policy.sections import Amount, Document, Name, Rule, Section
from domain.policy.table_entries import CostCentre, JobLevel, Row

Title = Annotated[str, Field(min_length=3, max_length=100)]
System = Literal["identity", "directory"]
"""The systems in which accounts are kept and entitlements are granted."""

WANTED_BY_KIND: dict[ItemKind, str] = {
    "account": "target",
    "fulfilment": "target",
    "access": "entitlements",
    "licence": "credential",
    "certificate": "credential",
    "equipment": "catalogue_item",
}
"""The field without which a row of the plan would not say what is to be done."""
_OF_SOME_KINDS = ("target", "entitlements", "credential", "catalogue_item")
_TAKEN_BACK = frozenset[ItemKind]({"worker-record", "employee-record", "account", "access", "equipment"})
"""What Corridor itself can take back. What people did, people undo; what was only looked at leaves nothing."""


class HireParametersSection(HireParameters, Section):
    """`match_score` and `screening_score` from 50 to 100: how far names must agree to be shown to a person."""

    equipment_limit: Amount


class EntitlementEntry(Rule):
    """A role or group that may be granted. `clinical`: only to verified people. `privileged`: never by birthright."""

    name: Name
    title: Title
    system: System
    group: Annotated[str, Field(min_length=1, max_length=100, description="its name in the system")]
    owner_role: Annotated[Role, Field(description="who answers for what it opens")]
    clinical: bool = False
    privileged: bool = False
    may_be_requested: Annotated[bool, Field(description="beyond birthright, with an approval")] = True


class PlanEntry(PlanRule, Row):
    """A row of the plan. A condition that is left out holds always; one job family or department of several is enough.

    Several rows for one `item` are variants of it: of those that match, the last one holds.
    """

    name: Name
    reason: Annotated[str, Field(min_length=10, max_length=500, description="why the rule exists, for its readers")]
    owner: Role
    item: Annotated[Name, Field(description="the place in the plan, which other rows name under `after`")]
    title: Title
    job_families: tuple[Code, ...] = ()
    departments: tuple[Code, ...] = ()
    facilities: tuple[FacilityCode, ...] = ()
    done_by: Annotated[Role, Field(description="who does it, or answers for it where Corridor does")]
    after: Annotated[tuple[Name, ...], Field(description="items that must be done before")] = ()
    undo: UndoKind
    target: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,59})?$")] = ""
    entitlements: tuple[Name, ...] = ()
    credential: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,59})?$")] = ""
    catalogue_item: Annotated[str, Field(max_length=40, description="of the catalogue of goods")] = ""

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> Self:
        wanted = WANTED_BY_KIND.get(self.kind)
        for field in _OF_SOME_KINDS:
            if field == wanted and not getattr(self, field):
                raise ValueError(f"an item of the kind {self.kind} needs `{field}`")
            if field != wanted and getattr(self, field):
                raise ValueError(f"an item of the kind {self.kind} has no `{field}`")
        if self.kind == "account" and self.target not in ("identity", "directory"):
            raise ValueError(f"accounts are kept in identity or directory, not in {self.target}")
        return self

    @model_validator(mode="after")
    def _undone_by_somebody(self) -> Self:
        if self.undo == "automatic" and self.kind not in _TAKEN_BACK:
            raise ValueError(f"nothing takes an item of the kind {self.kind} back by itself: write task or none")
        return self

    @model_validator(mode="after")
    def _begins_before_it_is_due(self) -> Self:
        if self.due_days > 0 and self.blocks_day_one:
            raise ValueError("what is due after the first day cannot block it: write `blocks_day_one: false`")
        if self.from_days is not None and self.from_days > self.due_days:
            raise ValueError("it is due before its work may begin")
        return self


class PlanTable(Document):
    """`collect`: every rule that matches contributes its item."""

    hit_policy: Literal["collect"]
    rules: Annotated[tuple[PlanEntry, ...], Field(min_length=1)]


class ConflictEntry(Row):
    """Two entitlements that nobody holds together, unless a mitigation is accepted for at most `max_days` days."""

    first: Name
    second: Name
    max_days: Annotated[int, Field(ge=1, le=366)]


class ConflictTable(Document):
    """`collect`: every rule holds."""

    hit_policy: Literal["collect"]
    rules: tuple[ConflictEntry, ...]


class HireApprovalEntry(Row):
    """Who approves what a hire asks for. `categories` are asks; amounts are those of equipment, and 0 otherwise."""

    categories: tuple[HireAsk, ...] = ()
    amount_from: Annotated[Amount, Field(description="inclusive")] = Decimal(0)
    amount_below: Annotated[Amount, Field(description="exclusive")] | None = None
    cost_centres: tuple[CostCentre, ...] = ()
    facilities: tuple[FacilityCode, ...] = ()
    kinds: Annotated[tuple[FacilityKind, ...], Field(description="kinds of facilities")] = ()
    requester_level_from: Annotated[JobLevel, Field(description="inclusive")] | None = None
    requester_level_below: Annotated[JobLevel, Field(description="exclusive")] | None = None
    levels: Annotated[tuple[Name, ...], Field(min_length=1)]


class HireApprovals(Document):
    """`collect`: every rule that matches contributes its levels."""

    hit_policy: Literal["collect"]
    rules: Annotated[tuple[HireApprovalEntry, ...], Field(min_length=1)]


class HireSection(Document):
    """Who gets what by when, who approves, and what must be proven first."""

    job_families: Annotated[tuple[Code, ...], Field(min_length=1, description="that rows may name")]
    parameters: HireParametersSection
    entitlements: tuple[EntitlementEntry, ...]
    plan: PlanTable
    conflicts: ConflictTable
    approvals: HireApprovals
