"""Days on which US banks settle: the Federal Reserve's holiday schedule, which FedACH and Fedwire follow.

The holidays are those of 5 U.S.C. 6103(a). The Federal Reserve Banks stay open on the Friday before a holiday that
falls on a Saturday, and close on the Monday after one that falls on a Sunday.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_JUNETEENTH_SINCE = 2021  # Public Law 117-17


@lru_cache(maxsize=64)
def federal_holidays(year: int) -> frozenset[date]:
    """The legal holidays of a calendar year on the day that the statute names, before any is moved."""
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    moving = (
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King, Jr.
        _nth(year, 2, _MONDAY, 3),  # Washington's birthday
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),  # Memorial Day is the last Monday of May
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        _nth(year, 10, _MONDAY, 2),  # Columbus Day
        _nth(year, 11, _THURSDAY, 4),  # Thanksgiving
    )
    return frozenset((*fixed, *moving))


def is_bank_day(day: date) -> bool:
    """Whether the Federal Reserve Banks settle on this day."""
    if day.weekday() >= _SATURDAY or day in federal_holidays(day.year):
        return False
    yesterday = day - timedelta(days=1)
    return not (yesterday.weekday() == _SUNDAY and yesterday in federal_holidays(yesterday.year))


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """The n-th such weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
