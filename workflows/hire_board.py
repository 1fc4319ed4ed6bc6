"""Which items a hire consists of and how far each is: what people see of it, and what its stages go by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from temporalio import workflow

from domain.business_time import local_day
from domain.case import CaseSnapshot
from domain.hire import Hire
from domain.hire_plan import SETTLED, HirePlan, HireStanding, ItemStanding, ItemState, PlanItem, Readiness
from domain.policy.model import FrozenPolicy
from domain.readiness import readiness
from domain.routing import exception_owner


class Board:
    """`version` counts changes of any item, `generation` changes of the plan: whoever works on an item by an older one
    looks again. `finished` are the keys of what was done, in that order, `drafted` the hire that each record was last
    made from. Nobody goes on with what is in `stopping`: it is about to be taken back, or begun anew."""

    def __init__(self, hire: Hire, policy: FrozenPolicy, requested_at: datetime) -> None:
        self.hire, self._policy, self._requested_at = hire, policy, requested_at
        self.plan = HirePlan(start_on=hire.start_on)
        self.items: dict[str, ItemStanding] = {}
        self.finished: list[str] = []
        self.confirmed: dict[str, datetime] = {}
        self.drafted: dict[str, Hire] = {}
        self.stopping: frozenset[str] = frozenset()
        self.arrived: bool | None = None
        self.over = False
        self.version = 0
        self.generation = 0
        self.planned = False
        self._recorded = -1

    @property
    def today(self) -> date:
        return local_day(workflow.now(), self._policy.facility.calendar)

    def follow(self, plan: HirePlan, hire: Hire, stopping: Collection[str] = ()) -> None:
        """Go by this plan from now on; what is known of items that stay is kept."""
        self.plan, self.hire, self.planned, self.stopping = plan, hire, True, frozenset(stopping)
        for item in plan.items:
            known = self.items.get(item.key)
            if known is None or known.state in ("cancelled", "undone"):
                self.items[item.key] = ItemStanding(key=item.key)
        self.generation += 1
        self.version += 1

    def mark(self, key: str, state: ItemState, note: str | None = None, **more: Any) -> None:
        """Note how far an item is, since now; a `note` of None leaves the last one."""
        was = self.items.get(key) or ItemStanding(key=key)
        since = was.since if was.state == state else workflow.now()
        words = {} if note is None else {"note": note}
        now = was.model_copy(update={"state": state, "since": since, **words, **more})
        if now == was:
            return
        self.items[key] = now
        self.version += 1
        if state == "done" and was.state != "done":
            self.finished.append(key)
            self.confirmed[key] = workflow.now()
        elif was.state == "done" and state != "done":
            self.finished = [each for each in self.finished if each != key]
            self.confirmed.pop(key, None)

    def enabled(self, key: str) -> None:
        """A login was seen to be possible: what 'time to provision' ends with."""
        self.confirmed[f"{key}/enabled"] = workflow.now()
        self.version += 1

    def disabled(self, key: str) -> None:
        self.confirmed.pop(f"{key}/enabled", None)
        self.version += 1

    def state(self, key: str) -> ItemState:
        known = self.items.get(key)
        return "planned" if known is None else known.state

    def wanted(self, item: PlanItem) -> bool:
        """Whether the plan still asks for the item, be it on other days."""
        return self.plan.item(item.key) is not None and item.key not in self.stopping

    def still(self, item: PlanItem) -> bool:
        """Whether the plan still asks for the item just as it was taken up."""
        return self.wanted(item) and self.plan.item(item.key) == item

    @property
    def awaits_worker(self) -> bool:
        """Whether the HRIS is still to make the worker."""
        return any(item.kind == "worker-record" and self.state(item.key) not in SETTLED for item in self.plan.items)

    @property
    def settled(self) -> bool:
        return all(self.state(item.key) in SETTLED for item in self.plan.items)

    def readiness(self, approval: str = "") -> Readiness:
        """`approval` is the role whose approval is waited for."""
        codes = {each.exception_code for each in self.items.values() if each.exception_code}
        return readiness(
            self.plan,
            self.items,
            self.today,
            self.plan.start_on,
            self.arrived,
            self.over,
            calendar=self._policy.facility.calendar,
            holidays=frozenset(self._policy.holidays),
            manager=self.hire.manager,
            approval=approval,
            owners={code: exception_owner(self._policy, code) for code in codes},
        )

    def standing(self, shot: CaseSnapshot, presumed: Mapping[str, ItemState] | None = None) -> HireStanding | None:
        """As pages show it; None before there is a plan. `presumed` are states that hold once a step has succeeded."""
        if not self.planned:
            return None
        items = dict(self.items)
        for key, state in (presumed or {}).items():
            items[key] = items[key].model_copy(update={"state": state})
        return HireStanding(
            case_id=shot.case_id,
            version=shot.version,
            facility=shot.facility,
            number=self.hire.number,
            manager=self.hire.manager,
            department=self.hire.department,
            job_family=self.hire.job_family,
            employment_type=self.hire.employment_type,
            start_on=self.hire.start_on,
            requested_at=self._requested_at,
            plan=self.plan,
            standings=tuple(items[key] for key in items),
            readiness=self.readiness(self._approved_by(shot)),
            arrived=self.arrived,
            confirmed=dict(self.confirmed),
            closed=self.over or shot.status != "running",
        )

    def _approved_by(self, shot: CaseSnapshot) -> str:
        """The role whose approval the whole plan waits for; empty once anything of it was begun."""
        begun = any(each.state != "planned" for each in self.items.values())
        return "" if begun or shot.stage != "approval" else shot.awaiting_role or ""

    @property
    def shown(self) -> bool:
        """Whether what was recorded last is how things are."""
        return self._recorded == self.version

    def recorded(self, version: int) -> None:
        self._recorded = max(self._recorded, version)
