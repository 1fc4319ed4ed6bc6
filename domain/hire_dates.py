"""When something must be done for a hire, and from when on: business days of the facility around the start date.

What can only begin with the start is due on or after it; what is prepared for it is due on or before it. The two differ
when the start falls on a weekend or a holiday: the badge is ready on Friday, and the manager is asked on Monday.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from domain.business_time import business_days_after, business_days_before, is_business_day
from domain.facility import BusinessCalendar
from domain.hire_rows import Need


class HireDays:
    """The days around one start date. Methods raise NoBusinessDayError when the office stays closed for a year."""

    def __init__(
        self, start_on: date, access_check_days: int, calendar: BusinessCalendar, holidays: Collection[date]
    ) -> None:
        self._start_on, self._check_days = start_on, access_check_days
        self._calendar, self._holidays = calendar, frozenset(holidays)

    def due_on(self, need: Need) -> date:
        if need.kind == "access-check":
            return max(self._later(need.due_days), self._check_on)
        if need.due_days > 0 or begins_with_start(need):
            return self._later(max(need.due_days, 0))
        return business_days_before(self._start_on, -need.due_days, self._calendar, self._holidays)

    def from_on(self, need: Need) -> date | None:
        """The start date itself for zero, working day or not: whoever begins on a Sunday is there on Sunday."""
        if need.kind == "access-check":
            return self._check_on
        if need.kind == "arrival" and (need.from_days is None or need.from_days < 0):
            return self._start_on
        if need.from_days is None:
            return None
        if need.from_days == 0:
            return self._start_on
        if need.from_days > 0:
            return self._later(need.from_days)
        return business_days_before(self._start_on, -need.from_days, self._calendar, self._holidays)

    @property
    def _check_on(self) -> date:
        """The first business day after so many calendar days."""
        day = self._start_on + timedelta(days=self._check_days)
        return business_days_after(day, 0, self._calendar, self._holidays)

    def _later(self, days: int) -> date:
        """The first business day after a start on a Saturday is its day one, as the three days of Form I-9 count
        (8 CFR 274a.2(b)(1)(ii)): from a Saturday they end on Wednesday."""
        if days < 0:
            return business_days_before(self._start_on, -days, self._calendar, self._holidays)
        off = days > 0 and not is_business_day(self._start_on, self._calendar, self._holidays)
        return business_days_after(self._start_on, days - off, self._calendar, self._holidays)


def begins_with_start(need: Need) -> bool:
    """Whether it can be done no earlier than on the start date."""
    return need.kind in ("arrival", "access-check") or (need.from_days is not None and need.from_days >= 0)
