"""Days on which a facility pays: its office is open, and the banks settle."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from domain.bank_days import is_bank_day
from domain.business_time import MAX_CLOSED_DAYS, NoBusinessDayError, is_business_day
from domain.facility import BusinessCalendar
from domain.policy.model import FrozenPolicy

_DAY = timedelta(days=1)


class PaymentDays:
    """The days of one facility, on its local calendar. Methods that look for a day raise NoBusinessDayError when none
    comes within a year."""

    def __init__(self, calendar: BusinessCalendar, holidays: Collection[date]) -> None:
        self._calendar = calendar
        self._holidays = frozenset(holidays)

    @classmethod
    def of(cls, policy: FrozenPolicy) -> PaymentDays:
        return cls(policy.facility.calendar, policy.holidays)

    def is_open(self, day: date) -> bool:
        return is_bank_day(day) and is_business_day(day, self._calendar, self._holidays)

    def next_open(self, day: date) -> date:
        """The day itself when it is open, else the first open one after it."""
        return self._search(day, _DAY)

    def last_open(self, day: date) -> date:
        """The day itself when it is open, else the last open one before it: money that is due on a Sunday is there on
        Friday."""
        return self._search(day, -_DAY)

    def before(self, day: date, count: int) -> date:
        """So many open days before the last open day that is not after `day`."""
        day = self.last_open(day)
        for _ in range(count):
            day = self.last_open(day - _DAY)
        return day

    def _search(self, day: date, step: timedelta) -> date:
        for _ in range(MAX_CLOSED_DAYS):
            if self.is_open(day):
                return day
            day += step
        raise NoBusinessDayError(f"nothing can be paid within a year of {day}")
