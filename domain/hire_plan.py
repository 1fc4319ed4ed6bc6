"""The dated plan of a hire: what is done by whom until when, in which order, and what day one depends on.

Days are local to the facility and count in its business days relative to the start date.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from domain.hire_rules import ItemKind, UndoKind
from domain.model import Value

ItemState = Literal["planned", "running", "waiting", "done", "skipped", "cancelled", "undone"]
"""'waiting': somebody else must act, such as a person with a task or a supplier. 'skipped': a person let it go.
'cancelled': it was not begun and is not needed any more."""
SETTLED: frozenset[ItemState] = frozenset({"done", "skipped", "cancelled", "undone"})


class PlanItem(Value):
    """One thing to be done. `key` is unique in the plan and stays when the plan is made anew: the rule's item, and for
    access the entitlement with it (`access:<entitlement>`), for equipment the catalogue's item (`equipment:<item>`).

    `from_on` is the first day on which it may be worked on; None: at once. `after` are keys of items of this plan.
    `done_by` is a role. `rules` and `reason` say which rows of the policy put it here. `until` ends what is granted.
    `source` says of access why it is held, as `HeldEntitlement` does: 'birthright', 'requested' or 'mitigated'.
    """

    key: str
    kind: ItemKind
    title: str
    done_by: str
    due_on: date
    from_on: date | None = None
    after: tuple[str, ...] = ()
    blocks_day_one: bool = True
    usual_days: int = 1
    undo: UndoKind = "automatic"
    rules: tuple[str, ...] = ()
    reason: str = ""
    target: str = ""
    system: str = ""
    entitlement: str = ""
    group: str = ""
    clinical: bool = False
    privileged: bool = False
    until: date | None = None
    credential: str = ""
    catalogue_item: str = ""
    quantity: int = 1
    source: str = ""


class HirePlan(Value):
    """`items` stand in an order in which each comes after those that it waits for."""

    start_on: date
    items: tuple[PlanItem, ...] = ()

    def item(self, key: str) -> PlanItem | None:
        return next((each for each in self.items if each.key == key), None)


class PlanChange(Value):
    """What a new plan does to one that is under way. `kept` keys are untouched; `moved` have other dates, order or
    owner and stay done where they are done; `changed` mean another thing under the same key, which replaces what was
    done; `removed` are not needed any more: what was done of them is undone."""

    added: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class ItemStanding(Value):
    """How far one item is. Instants in UTC. `note` is the evidence in words: a number, a user name, who did it.

    `expected_on` is when whoever was asked promised it, such as the delivery date of an order."""

    key: str
    state: ItemState = "planned"
    since: datetime | None = None
    note: str = ""
    linked_case: str = ""
    expected_on: date | None = None
    task_id: str = ""
    exception_code: str = ""


class Blocker(Value):
    """Why a person may not be able to work on the first day: what, who, since when, until when it is due, how many
    business days it usually takes, and in words why."""

    key: str
    title: str
    who: str
    since: datetime | None = None
    due_on: date
    usual_days: int
    why: str


ReadinessState = Literal["ready", "at-risk", "not-ready", "not-coming"]


class Readiness(Value):
    """'ready': all that blocks day one is done. 'at-risk': it may still be done in time, and something is late or
    short of time. 'not-ready': it cannot be, or the day has come. 'not-coming': the hire was taken back. While nothing
    is late and time is left, the state is 'ready' only in outlook: `on_track` says so."""

    state: ReadinessState
    on_track: bool = True
    done: int = 0
    of: int = 0
    blockers: tuple[Blocker, ...] = ()


class HireStanding(Value):
    """The plan of a case and how far it is, as pages show it. `version` is the snapshot's. Nothing personal is in it.

    `confirmed` says when (UTC) each target was confirmed, by item key: the measured times of KPI 'time to provision'.
    `closed` says that the case is over, whatever came of it.
    """

    case_id: str
    version: int
    facility: str
    number: str
    manager: str
    department: str
    job_family: str
    employment_type: str
    start_on: date
    requested_at: datetime
    plan: HirePlan
    standings: tuple[ItemStanding, ...] = ()
    readiness: Readiness
    arrived: bool | None = None
    confirmed: dict[str, datetime] = {}
    closed: bool = False
