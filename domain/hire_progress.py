"""How far the items of a plan are: which may be worked on, which never can, and when that changes by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from domain.business_time import business_days_after, business_days_before, local_day
from domain.facility import BusinessCalendar
from domain.hire_order import is_proof
from domain.hire_plan import SETTLED, HirePlan, ItemStanding, ItemState, PlanItem

_DAY = timedelta(days=1)
Standings = Mapping[str, ItemStanding]
"""By item key; what is not in it is planned."""


def state_of(standings: Standings, key: str) -> ItemState:
    known = standings.get(key)
    return "planned" if known is None else known.state


def is_settled(standings: Standings, key: str) -> bool:
    return state_of(standings, key) in SETTLED


def ready_items(plan: HirePlan, standings: Standings, today: date) -> tuple[PlanItem, ...]:
    """What may be begun today (a local day of the facility), in the order of the plan: its day has come, and what it
    waits for is settled. Access never begins without its account and its proofs: see `moot_items`."""
    return tuple(
        item
        for item in plan.items
        if state_of(standings, item.key) == "planned"
        and (item.from_on is None or item.from_on <= today)
        and all(_is_enough(plan, standings, item, key) for key in item.after)
    )


def moot_items(plan: HirePlan, standings: Standings) -> tuple[PlanItem, ...]:
    """What is planned and can never be begun, because something that it cannot be done without was let go: access to
    a system where there is no account, and clinical access of somebody whose proof a person skipped."""
    return tuple(
        item
        for item in plan.items
        if state_of(standings, item.key) == "planned"
        and any(is_settled(standings, key) and not _is_enough(plan, standings, item, key) for key in item.after)
    )


def proofs_of(plan: HirePlan, item: PlanItem) -> tuple[PlanItem, ...]:
    """What must be proven of the person before this access is theirs; nothing where it is not clinical."""
    before = (plan.item(key) for key in item.after)
    return tuple(
        each for each in before if each is not None and item.clinical and is_proof(each.kind, each.blocks_day_one)
    )


def _is_enough(plan: HirePlan, standings: Standings, item: PlanItem, before: str) -> bool:
    state, first = state_of(standings, before), plan.item(before)
    if first is None:
        return True
    return state == "done" if _is_indispensable(first, item) else state in SETTLED


def _is_indispensable(first: PlanItem, item: PlanItem) -> bool:
    if item.kind != "access":
        return False
    return first.kind == "account" or (item.clinical and is_proof(first.kind, first.blocks_day_one))


def next_change_on(
    plan: HirePlan, standings: Standings, today: date, calendar: BusinessCalendar, holidays: Collection[date]
) -> date | None:
    """The next local day, after today, on which something may be begun, is late, or has no time left as long as it
    usually takes; None when time alone changes nothing any more."""
    days: set[date] = set()
    chains: dict[str, int] = {}
    for item in plan.items:
        if is_settled(standings, item.key):
            continue
        chains[item.key] = item.usual_days + max((chains.get(key, 0) for key in item.after), default=0)
        last = business_days_before(plan.start_on, chains[item.key], calendar, holidays)
        days |= {plan.start_on, item.due_on + _DAY, last + _DAY, item.from_on or plan.start_on}
        days |= _days_of(standings.get(item.key), item, calendar, holidays)
    return min((day for day in days if day > today), default=None)


def _days_of(
    standing: ItemStanding | None, item: PlanItem, calendar: BusinessCalendar, holidays: Collection[date]
) -> set[date]:
    """The days after it was promised, and after it has taken as long as usual."""
    if standing is None:
        return set()
    found = set() if standing.expected_on is None else {standing.expected_on + _DAY}
    if standing.since is not None and standing.state in ("running", "waiting"):
        begun = local_day(standing.since, calendar)
        found.add(business_days_after(begun, item.usual_days, calendar, holidays) + _DAY)
    return found
