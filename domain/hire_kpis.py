"""How well people are made ready to work: the measures that hires are judged by, from facts of single hires.

A number always comes with the cases behind it, and a duration as median, ninety-fifth percentile and worst, never as an
average alone: one person who waited a month for a login hides behind many who waited an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from pydantic import AwareDatetime

from domain.case import CaseStatus
from domain.hire_plan import HireStanding, ItemStanding, PlanItem
from domain.hire_rules import ItemKind
from domain.model import Value

TARGETS: frozenset[ItemKind] = frozenset(
    {"worker-record", "employee-record", "account", "access", "equipment", "fulfilment"}
)
"""Kinds of items that something is made or given with; the others prove something, or happen."""
FIRST_HOUR = timedelta(hours=1)
"""Accounts are enabled when business begins on the start day, and somebody signs in within the hour after it."""
TAKEN_BACK: frozenset[CaseStatus] = frozenset({"rescinded", "no-show", "withdrawn", "cancelled", "rejected"})

T = TypeVar("T")


class HireFacts(Value):
    """What is to be known of one hire; instants in UTC, None where it did not get there yet.

    `starts_at` is the begin of business on the start day, `ready_at` when the last thing that blocks the first day was
    done, `provisioned_at` when the last target that blocks it was confirmed, `confirmed` when each target was, by its
    name. `arrived_at` is when somebody said that the person came, `closed_at` when the case was closed. Of a hire that
    is `taken_back`, or is being, `left` are the keys of what was done, or is under way.
    """

    case_id: str
    requested_on: date
    requested_at: AwareDatetime
    start_on: date
    starts_at: AwareDatetime
    arrived_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    taken_back: bool = False
    ready_at: AwareDatetime | None = None
    provisioned_at: AwareDatetime | None = None
    confirmed: dict[str, AwareDatetime] = {}
    left: tuple[str, ...] = ()


class HireRate(Value):
    """`part` of `whole`: the cases that make the part, and the others of the whole."""

    cases: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def part(self) -> int:
        return len(self.cases)

    @property
    def whole(self) -> int:
        return len(self.cases) + len(self.others)

    @property
    def value(self) -> Decimal | None:
        """None where there is nothing to divide by."""
        return Decimal(self.part) / self.whole if self.whole else None


class HireSpread(Value):
    """Median, ninety-fifth percentile and worst of durations, by nearest rank; `cases` from the longest on."""

    p50: timedelta
    p95: timedelta
    worst: timedelta
    cases: tuple[str, ...]


class LeadTime(Value):
    """Median, fifth percentile and worst of notices in calendar days, by nearest rank; the worst is the shortest.
    `cases` from the shortest on."""

    p50_days: int
    p05_days: int
    worst_days: int
    cases: tuple[str, ...]


def facts_of_hire(
    standing: HireStanding, status: CaseStatus, closed_at: datetime | None, requested_on: date, starts_at: datetime
) -> HireFacts:
    """`requested_on` is the local day of the request, `starts_at` (UTC) when business begins on the start day."""
    how = {each.key: each for each in standing.standings}
    arrivals = [item for item in standing.plan.items if item.kind == "arrival"]
    needed = [item for item in standing.plan.items if item.blocks_day_one and item.kind != "arrival"]
    targets = [item for item in needed if item.kind in TARGETS]
    return HireFacts(
        case_id=standing.case_id,
        requested_on=requested_on,
        requested_at=standing.requested_at,
        start_on=standing.start_on,
        starts_at=starts_at,
        arrived_at=_last(standing, arrivals, how) if standing.arrived else None,
        closed_at=closed_at,
        taken_back=status in TAKEN_BACK or standing.readiness.state == "not-coming",
        ready_at=_last(standing, needed, how),
        provisioned_at=_last(standing, targets, how),
        confirmed=_confirmed(standing, targets),
        left=tuple(item.key for item in standing.plan.items if _is_left(item, how.get(item.key))),
    )


def _last(standing: HireStanding, items: Sequence[PlanItem], how: dict[str, ItemStanding]) -> datetime | None:
    """When the last of the items was confirmed, or else done; None while one is not, or was let go."""
    found: list[datetime] = []
    for item in items:
        its = how.get(item.key)
        at = standing.confirmed.get(item.key) or (its.since if its else None)
        if its is None or its.state != "done" or at is None:
            return None
        found.append(at)
    return max(found, default=None)


def _confirmed(standing: HireStanding, targets: Sequence[PlanItem]) -> dict[str, datetime]:
    """When each target had confirmed all that it holds of the plan and has confirmed so far."""
    found: dict[str, datetime] = {}
    for item in targets:
        at = standing.confirmed.get(item.key)
        if at is not None:
            found[_name(item)] = max(at, found.get(_name(item), at))
    return found


def _name(item: PlanItem) -> str:
    """The target as reports name it: what stands for itself, and of accesses the system that holds them."""
    return f"access/{item.system}" if item.kind == "access" else item.key


def _is_left(item: PlanItem, how: ItemStanding | None) -> bool:
    return item.undo != "none" and how is not None and how.state in ("done", "running", "waiting")


def lead_time(hires: Iterable[HireFacts]) -> LeadTime | None:
    """From the request to the start, in calendar days of the facility: joiner lead time as Open-Measure has it
    (OM-IND-0029). A start that had passed already counts below zero.
    """
    found = sorted(((each.start_on - each.requested_on).days, each.case_id) for each in hires if not each.taken_back)
    if not found:
        return None
    return LeadTime(
        p50_days=_nearest_rank(found, 50)[0],
        p05_days=_nearest_rank(found, 5)[0],
        worst_days=found[0][0],
        cases=tuple(case for _, case in found),
    )


def day_one_readiness(hires: Iterable[HireFacts], now: datetime) -> HireRate:
    """Hires for whom everything that blocks the first day was done before its first hour was over, of those whose
    first hour is over at `now`. Who did not come, or was taken back, did not start.
    """
    started = [each for each in hires if not each.taken_back and each.starts_at + FIRST_HOUR <= now]
    return _rate(started, lambda each: each.ready_at is not None and each.ready_at <= each.starts_at + FIRST_HOUR)


def time_to_provision(hires: Iterable[HireFacts]) -> HireSpread | None:
    """From the request to the confirmation of the last target that blocks the first day, calendar time."""
    return _spread(
        (each.case_id, each.provisioned_at - each.requested_at)
        for each in hires
        if each.provisioned_at is not None and not each.taken_back
    )


def time_to_target(hires: Iterable[HireFacts]) -> dict[str, HireSpread]:
    """From the request to the confirmation by each target, calendar time, by the target's name."""
    found: dict[str, list[tuple[str, timedelta]]] = {}
    for each in hires:
        if not each.taken_back:
            for target, at in each.confirmed.items():
                found.setdefault(target, []).append((each.case_id, at - each.requested_at))
    spreads = {target: _spread(durations) for target, durations in sorted(found.items())}
    return {target: spread for target, spread in spreads.items() if spread is not None}


def arrival_to_close(hires: Iterable[HireFacts]) -> HireSpread | None:
    """From the arrival to the close of the case, calendar time: what the first days and the probation still took."""
    return _spread(
        (each.case_id, each.closed_at - each.arrived_at)
        for each in hires
        if each.arrived_at is not None and each.closed_at is not None and not each.taken_back
    )


def rescinds_cleaned(hires: Iterable[HireFacts]) -> HireRate:
    """Of the hires that were taken back, those of which the case is closed and nothing is left in any target."""
    taken_back = [each for each in hires if each.taken_back]
    return _rate(taken_back, lambda each: each.closed_at is not None and not each.left)


def _rate(hires: Sequence[HireFacts], counts: Callable[[HireFacts], bool]) -> HireRate:
    return HireRate(
        cases=tuple(each.case_id for each in hires if counts(each)),
        others=tuple(each.case_id for each in hires if not counts(each)),
    )


def _spread(durations: Iterable[tuple[str, timedelta]]) -> HireSpread | None:
    """None where there is none."""
    found = sorted((duration, case) for case, duration in durations)
    if not found:
        return None
    return HireSpread(
        p50=_nearest_rank(found, 50)[0],
        p95=_nearest_rank(found, 95)[0],
        worst=found[-1][0],
        cases=tuple(case for _, case in reversed(found)),
    )


def _nearest_rank(sorted_values: Sequence[T], percent: int) -> T:
    return sorted_values[-(-len(sorted_values) * percent // 100) - 1]
