"""What the policy says about hires: who gets what by when, who approves, and what must be proven first.

It is frozen into the case as part of its policy. Days count in business days of the facility, relative to the start
date: -5 is a week before it, 0 is the start date itself.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.facility import FacilityKind
from domain.hire import EmploymentType
from domain.model import Value
from domain.money import ExactDecimal
from domain.policy.routing_rule import RoutingRule

ItemKind = Literal[
    "worker-record",
    "employee-record",
    "account",
    "access",
    "licence",
    "npi",
    "certificate",
    "screening",
    "equipment",
    "fulfilment",
    "arrival",
    "access-check",
]
"""'fulfilment' is done by a person in a target without an interface: mailbox, badge, workspace, training, a form."""
UndoKind = Literal["automatic", "task", "none"]
"""'automatic': Corridor takes it back and verifies that. 'task': a person does. 'none': nothing is left to undo."""
RelativeDays = Annotated[int, Field(ge=-120, le=400)]
UserNamePattern = Literal["given.family", "initial-family", "family-initial"]


class EntitlementRule(Value):
    """A role or group of a target system that may be granted. `group` is its name there. What is `clinical` opens only
    when the person's credentials are verified; what is `privileged` needs an approval and an end date."""

    name: str
    title: str
    system: str
    group: str
    owner_role: str
    clinical: bool = False
    privileged: bool = False
    may_be_requested: bool = True


class PlanRule(Value):
    """A row of the plan. Hit policy *collect*: every row that matches contributes its item; of several rows for one
    item the last one that matches says what holds. A condition that is left out holds always.

    `item` names the place in the plan. `due_days` is when it must be done, `from_days` when its work may begin (None:
    at once). `after` are items that must be done before it; what is not in the plan is not waited for. `usual_days` is
    how many business days it usually takes. `target` is the system for 'account', the manual target for 'fulfilment'.
    """

    name: str
    reason: str
    owner: str
    item: str
    kind: ItemKind
    title: str
    job_families: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    kinds: tuple[FacilityKind, ...] = ()
    facilities: tuple[str, ...] = ()
    employment_types: tuple[EmploymentType, ...] = ()
    due_days: RelativeDays
    from_days: RelativeDays | None = None
    done_by: str
    """The role that does it, or answers for it where Corridor does."""
    blocks_day_one: bool = True
    after: tuple[str, ...] = ()
    usual_days: Annotated[int, Field(ge=0, le=120)] = 1
    undo: UndoKind = "automatic"
    target: str = ""
    entitlements: tuple[str, ...] = ()
    credential: str = ""
    catalogue_item: str = ""
    quantity: Annotated[int, Field(ge=1, le=20)] = 1


class EntitlementConflict(Value):
    """Nobody may hold both, unless the mitigation is accepted until a day, at most `max_days` ahead."""

    name: str
    reason: str
    owner: str
    first: str
    second: str
    max_days: Annotated[int, Field(ge=1, le=366)] = 90


class HireParameters(Value):
    """`licence_days`: a licence that ends within so many days after the start is an exception. `no_show_hours`:
    business hours on the start day after which the manager's silence is a question to HR. `access_check_days`: calendar
    days after the start. `equipment_limit` (facility's currency): above it equipment needs an approval.
    `match_score` (0 to 100): names that agree less are no candidates. `past_days`: how far in the past a start may lie.
    """

    user_name: UserNamePattern = "initial-family"
    licence_days: Annotated[int, Field(ge=0, le=730)] = 60
    no_show_hours: Annotated[int, Field(ge=1, le=40)] = 4
    access_check_days: Annotated[int, Field(ge=1, le=365)] = 30
    equipment_limit: ExactDecimal = Decimal(1500)
    match_score: Annotated[int, Field(ge=50, le=100)] = 85
    screening_score: Annotated[int, Field(ge=50, le=100)] = 90
    past_days: Annotated[int, Field(ge=0, le=90)] = 5
    ahead_days: Annotated[int, Field(ge=30, le=730)] = 365
    vanished_percent: Annotated[int, Field(ge=0, le=100)] = 5
    """Of the hires of a full HR file: when more than this share is missing or ended, a person looks before anything
    is done."""


class HireRules(Value):
    """`approvals` is a routing table over what a hire asks for; its categories are in `domain.hire_approvals`.

    `job_families` are those that rows may name; a hire of another one gets what everybody gets.
    """

    parameters: HireParameters = HireParameters()
    entitlements: tuple[EntitlementRule, ...] = ()
    plan: tuple[PlanRule, ...] = ()
    conflicts: tuple[EntitlementConflict, ...] = ()
    approvals: tuple[RoutingRule, ...] = ()
    job_families: tuple[str, ...] = ()

    def entitlement(self, name: str) -> EntitlementRule | None:
        return next((each for each in self.entitlements if each.name == name), None)
