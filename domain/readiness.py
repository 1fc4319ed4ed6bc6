"""Whether a person will be able to work on the first day, and if not, because of what and whom.

What day one depends on are the items that block it, and all that they wait for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from domain.business_time import business_days_after, business_days_between, local_day
from domain.exceptions import CATALOGUE
from domain.facility import BusinessCalendar
from domain.hire_plan import Blocker, HirePlan, ItemStanding, PlanItem, Readiness
from domain.hire_progress import Standings, is_settled, state_of

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def readiness(
    plan: HirePlan,
    standings: Standings,
    today: date,
    start_on: date,
    arrived: bool | None,
    ended: bool,
    *,
    calendar: BusinessCalendar,
    holidays: Collection[date],
    manager: str = "",
    approval: str = "",
    owners: Mapping[str, str] | None = None,
) -> Readiness:
    """How ready the hire is on `today`, a local day of the facility.

    'ready' with `done` below `of` is an outlook: nothing is late, and time is left. From the start date on, what is
    open stands against the person, apart from what can be done on that day only and is not yet due. Before it, there
    is no chance left when no business day is. Blockers come by due date; `arrived` False and `ended` are the end of it.
    `approval` is the role whose approval is waited for before more is begun; `owners` says by the code of an exception
    who is asked about it.
    """
    needed = what_day_one_needs(plan)
    left = [item for item in needed if not is_settled(standings, item.key)]
    numbers = {"done": len(needed) - len(left), "of": len(needed)}
    if ended or arrived is False:
        return Readiness(state="not-coming", on_track=False, **numbers)
    asked = _Asked(manager, approval, owners or {})
    view = _View(plan, standings, today, start_on, calendar, frozenset(holidays), asked)
    lost = [item for item in left if view.is_lost(item)]
    if lost:
        return Readiness(state="not-ready", on_track=False, blockers=view.blockers(lost), **numbers)
    doubtful = [item for item in left if view.doubt(item)]
    if doubtful:
        return Readiness(state="at-risk", on_track=False, blockers=view.blockers(doubtful), **numbers)
    return Readiness(state="ready", **numbers)


def in_words(ready: Readiness) -> str:
    """The answer for people: what is on track is not done yet, and is not called so."""
    if ready.state == "ready" and ready.done < ready.of:
        return "On track"
    return ready.state.replace("-", " ").capitalize()


def what_day_one_needs(plan: HirePlan) -> tuple[PlanItem, ...]:
    """Items that block day one, and those that they wait for, near and far, in the order of the plan."""
    wanted = {item.key for item in plan.items if item.blocks_day_one}
    for item in reversed(plan.items):  # each stands after what it waits for
        if item.key in wanted:
            wanted.update(item.after)
    return tuple(item for item in plan.items if item.key in wanted)


@dataclass(frozen=True)
class _Asked:
    """Who else than those who do the work is waited for."""

    manager: str
    approval: str
    owners: Mapping[str, str]


class _View:
    """One look at the plan, on one day."""

    def __init__(
        self,
        plan: HirePlan,
        standings: Standings,
        today: date,
        start_on: date,
        calendar: BusinessCalendar,
        holidays: frozenset[date],
        asked: _Asked,
    ) -> None:
        self._plan, self._standings, self._today, self._start_on = plan, standings, today, start_on
        self._calendar, self._holidays, self._asked = calendar, holidays, asked
        self._days_left = business_days_between(today, start_on, calendar, holidays)
        self._finishes: dict[str, date] = {}
        for item in plan.items:
            self._finishes[item.key] = self._finish_of(item)

    def is_lost(self, item: PlanItem) -> bool:
        """Whether it is not done by the start, come what may."""
        if self._may_wait(item):
            return False
        return self._today >= self._start_on or self._days_left == 0

    def _may_wait(self, item: PlanItem) -> bool:
        """Whether it can be done no earlier than on the start date, nothing is wrong with it, and it is not yet due."""
        first_day = item.from_on is not None and item.from_on >= self._start_on
        return first_day and self._today <= item.due_on and not self._standing(item).exception_code

    def doubt(self, item: PlanItem) -> str:
        """Why it may not be done by the start, empty when nothing says so."""
        return next(self._doubts(item), "")

    def _doubts(self, item: PlanItem) -> Iterator[str]:
        standing = self._standing(item)
        if standing.exception_code:
            kind = CATALOGUE.get(standing.exception_code)
            yield f"'{kind.title if kind else standing.exception_code}' must be settled first"
        promised = standing.expected_on
        if promised is not None and promised > self._start_on:
            yield f"is promised for {self._day(promised)}, after the start on {self._day(self._start_on)}"
        elif promised is not None and promised < self._today:
            yield f"was promised for {self._day(promised)}"
        if item.due_on < self._today and (promised is None or promised < self._today):
            yield f"was due on {self._day(item.due_on)}"
        if (
            not self.is_lost(item)
            and self._is_short(item)
            and not any(self._is_short(first) for first in self._before(item))
        ):
            days = "day" if item.usual_days == 1 else "days"
            left = f"{self._days_left} {'is' if self._days_left == 1 else 'are'} left"
            yield f"usually takes {item.usual_days} business {days}, {left}"

    def _is_short(self, item: PlanItem) -> bool:
        """Whether it comes too late if all goes as usual; of what waits for each other the first is named."""
        return self._open(item) and self._finishes[item.key] > max(self._start_on, item.due_on)

    def _before(self, item: PlanItem) -> tuple[PlanItem, ...]:
        return tuple(first for first in map(self._plan.item, item.after) if first is not None)

    def _finish_of(self, item: PlanItem) -> date:
        """When it will be done, if all goes as usual. What was promised is believed until the day has passed; what
        takes longer than usual may take as long again. What begins on its first day is done when it is due."""
        standing, today = self._standing(item), self._today
        if is_settled(self._standings, item.key):
            return today
        if standing.expected_on is not None and standing.expected_on >= today:
            return standing.expected_on
        if standing.state in ("running", "waiting") and standing.since is not None:
            usual = self._after(local_day(standing.since, self._calendar), item.usual_days)
            return usual if usual >= today else self._after(today, item.usual_days)
        begins = max((self._finishes.get(key, today) for key in item.after), default=today)
        if item.from_on is not None and item.from_on >= max(begins, today):
            return max(item.from_on, min(item.due_on, self._after(item.from_on, item.usual_days)))
        return self._after(max(begins, today), item.usual_days)

    def _after(self, day: date, days: int) -> date:
        """Zero days take none, also on a Sunday."""
        return business_days_after(day, days, self._calendar, self._holidays) if days else day

    def blockers(self, items: list[PlanItem]) -> tuple[Blocker, ...]:
        return tuple(self._blocker(item) for item in sorted(items, key=lambda item: item.due_on))

    def _blocker(self, item: PlanItem) -> Blocker:
        standing = self._standing(item)
        return Blocker(
            key=item.key,
            title=item.title,
            who=self._who(item),
            since=standing.since,
            due_on=item.due_on,
            usual_days=item.usual_days,
            why=f"{item.title}: {', '.join((self._where(item), *self._reasons(item)))}",
        )

    def _reasons(self, item: PlanItem) -> tuple[str, ...]:
        found = tuple(self._doubts(item))
        if found or not self.is_lost(item):
            return found
        if self._today == self._start_on:
            return ("is open on the start day",)
        if self._today > self._start_on:
            return (f"is open, and the start was on {self._day(self._start_on)}",)
        return ("no business day is left before the start",)

    def _where(self, item: PlanItem) -> str:
        standing, who = self._standing(item), self._who(item)
        if standing.state in ("running", "waiting"):
            since = "" if standing.since is None else f" since {self._moment(standing.since)}"
            case = f" ({standing.linked_case})" if standing.linked_case else ""
            return f"{who} has it{since}{case}"
        waiting = [first.title for first in self._before(item) if self._open(first)]
        if waiting:
            return f"waits for {' and '.join(waiting)}"
        return f"waits for approval by {who}" if self._asked.approval else f"not begun by {who}"

    def _open(self, item: PlanItem) -> bool:
        return not is_settled(self._standings, item.key)

    def _who(self, item: PlanItem) -> str:
        asked, standing = self._asked, self._standing(item)
        if standing.exception_code in asked.owners:
            return asked.owners[standing.exception_code]
        if asked.approval and standing.state == "planned":
            return asked.approval
        return asked.manager if item.done_by == "manager" and asked.manager else item.done_by

    def _standing(self, item: PlanItem) -> ItemStanding:
        return self._standings.get(item.key) or ItemStanding(key=item.key, state=state_of(self._standings, item.key))

    def _moment(self, instant: datetime) -> str:
        return self._day(local_day(instant, self._calendar))

    def _day(self, day: date) -> str:
        """'12 Nov', with the year when it is another one."""
        text = f"{day.day} {_MONTHS[day.month - 1]}"
        return text if day.year == self._today.year else f"{text} {day.year}"
