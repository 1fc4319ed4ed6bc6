"""Time as an office counts it: opening hours on a facility's own clock, without weekends, holidays and closures, and
only until noon or so on a half day.

Instants come in as aware datetimes and go out in UTC. Opening and closing are wall-clock hours of the facility, so a
day on which daylight saving changes is as long in the office as any other unless the change falls into opening hours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.facility import BusinessCalendar

MAX_CLOSED_DAYS = 366
"""A calendar that stays closed for longer than a year is a mistake in its data."""

_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR = 3_600_000_000


class NoBusinessDayError(ValueError):
    """The calendar does not open within a year."""


def is_business_day(day: date, calendar: BusinessCalendar, holidays: Collection[date]) -> bool:
    """Whether the office opens on this local day."""
    return day.weekday() in calendar.weekdays and day not in calendar.extra_closures and day not in holidays


def closing_time(day: date, calendar: BusinessCalendar) -> str:
    """The wall-clock time (HH:MM) at which the office closes on this local day: earlier on a half day."""
    return next((half.closes for half in calendar.half_days if half.day == day), calendar.closes)


def local_day(instant: datetime, calendar: BusinessCalendar) -> date:
    """The day that the facility's wall calendar shows at this instant."""
    return instant.astimezone(_zone(calendar.time_zone)).date()


def start_of_day(day: date, calendar: BusinessCalendar) -> datetime:
    """The instant (UTC) at which this local day begins at the facility, whether its office opens or not."""
    return datetime.combine(day, time.min, tzinfo=_zone(calendar.time_zone)).astimezone(UTC)


def fiscal_year(day: date) -> int:
    """The fiscal year of a local day: the calendar year, for every facility of the system."""
    return day.year


def start_of_business(day: date, calendar: BusinessCalendar, holidays: Collection[date]) -> datetime:
    """The instant (UTC) at which the office opens on this local day, or on the next business day after it.

    Raises NoBusinessDayError when it stays closed for more than a year.
    """
    opens, _ = next(_office_hours(day, calendar, holidays))
    return opens


def business_days_after(day: date, days: int, calendar: BusinessCalendar, holidays: Collection[date]) -> date:
    """The local day so many business days after `day`; with zero days the next day on which the office opens, if it
    does not open on `day` itself. Raises NoBusinessDayError.
    """
    found = local_day(start_of_business(day, calendar, holidays), calendar)
    for _ in range(days):
        found = local_day(start_of_business(found + timedelta(days=1), calendar, holidays), calendar)
    return found


def business_days_before(day: date, days: int, calendar: BusinessCalendar, holidays: Collection[date]) -> date:
    """The local day so many business days before `day`; with zero days the last day on which the office opened, if it
    does not open on `day` itself. Raises NoBusinessDayError.
    """
    found = _last_business_day(day, calendar, holidays)
    for _ in range(days):
        found = _last_business_day(found - timedelta(days=1), calendar, holidays)
    return found


def business_days_between(first: date, last: date, calendar: BusinessCalendar, holidays: Collection[date]) -> int:
    """On how many local days the office opens from `first` on and before `last`; none when `last` comes first."""
    span = range(max((last - first).days, 0))
    return sum(is_business_day(first + timedelta(days=each), calendar, holidays) for each in span)


def add_business_hours(start: datetime, hours: int, calendar: BusinessCalendar, holidays: Collection[date]) -> datetime:
    """`add_business_time` of full hours."""
    return add_business_time(start, timedelta(hours=hours), calendar, holidays)


def add_business_time(
    start: datetime, span: timedelta, calendar: BusinessCalendar, holidays: Collection[date]
) -> datetime:
    """The instant (UTC) at which so much open time has passed since `start`.

    It is never outside of office hours: no time from a Sunday is Monday's opening. A span that uses up a day ends
    at its closing, not at the next opening. Raises ValueError when the span is negative, NoBusinessDayError when the
    office stays closed for more than a year.
    """
    if span < timedelta(0):
        raise ValueError("business hours cannot be counted backwards")
    start, remaining = start.astimezone(UTC), span
    for opens, closes in _office_hours(local_day(start, calendar), calendar, holidays):
        begin = max(opens, start)
        if begin > closes:
            continue
        if begin + remaining <= closes:
            return begin + remaining
        remaining -= closes - begin
    raise AssertionError("office hours never run out: the iterator raises first")


def business_hours_between(a: datetime, b: datetime, calendar: BusinessCalendar, holidays: Collection[date]) -> Decimal:
    """Open hours from `a` to `b`, to a ten-thousandth of an hour; negative when `b` comes before `a`."""
    passed = business_time_between(a, b, calendar, holidays)
    return (Decimal(passed // _MICROSECOND) / _MICROSECONDS_PER_HOUR).quantize(Decimal("0.0001"))


def business_time_between(
    a: datetime, b: datetime, calendar: BusinessCalendar, holidays: Collection[date]
) -> timedelta:
    """Open time from `a` to `b`; negative when `b` comes before `a`."""
    a, b = a.astimezone(UTC), b.astimezone(UTC)
    if b < a:
        return -business_time_between(b, a, calendar, holidays)
    passed = timedelta(0)
    day, last = local_day(a, calendar), local_day(b, calendar)
    while day <= last:
        if is_business_day(day, calendar, holidays):
            opens, closes = _hours_of(day, calendar)
            passed += max(min(b, closes) - max(a, opens), timedelta(0))
        day += timedelta(days=1)
    return passed


def _last_business_day(day: date, calendar: BusinessCalendar, holidays: Collection[date]) -> date:
    for back in range(MAX_CLOSED_DAYS + 1):
        found = day - timedelta(days=back)
        if is_business_day(found, calendar, holidays):
            return found
    raise NoBusinessDayError(f"the calendar of {calendar.time_zone} has no business day in a year before {day}")


def _office_hours(
    day: date, calendar: BusinessCalendar, holidays: Collection[date]
) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing (UTC) of each business day from `day` on, without end."""
    closed_days = 0
    while closed_days <= MAX_CLOSED_DAYS:
        if is_business_day(day, calendar, holidays):
            closed_days = 0
            yield _hours_of(day, calendar)
        else:
            closed_days += 1
        day += timedelta(days=1)
    raise NoBusinessDayError(f"the calendar of {calendar.time_zone} has no business day in a year before {day}")


def _hours_of(day: date, calendar: BusinessCalendar) -> tuple[datetime, datetime]:
    """Opening and closing (UTC) on a local day. Adding to an aware datetime moves its wall clock, as is wanted here."""
    midnight = datetime.combine(day, time.min, tzinfo=_zone(calendar.time_zone))
    opens = midnight + timedelta(minutes=minutes_after_midnight(calendar.opens))
    closes = midnight + timedelta(minutes=minutes_after_midnight(closing_time(day, calendar)))
    return opens.astimezone(UTC), closes.astimezone(UTC)


@lru_cache(maxsize=64)
def minutes_after_midnight(text: str) -> int:
    """'08:30' is 510; '24:00' is the end of the day. Raises ValueError when the text is no time of day."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(hours) == 2 and len(minutes) == 2 and hours.isdigit() and minutes.isdigit()):
        raise ValueError(f"'{text}' is not a time of day, HH:MM")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 24 * 60:
        raise ValueError(f"'{text}' is not a time of day, HH:MM")
    return total


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
