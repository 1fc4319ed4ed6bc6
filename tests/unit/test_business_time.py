"""Business hours on real clocks: weekends, holidays, daylight saving, and laws that hold for any calendar."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_time import (
    NoBusinessDayError,
    add_business_hours,
    add_business_time,
    business_hours_between,
    business_time_between,
    closing_time,
    fiscal_year,
    is_business_day,
    local_day,
    minutes_after_midnight,
    start_of_business,
)
from domain.facility import BusinessCalendar, HalfDay

NEW_YORK = BusinessCalendar(time_zone="America/New_York")
PHOENIX = BusinessCalendar(time_zone="America/Phoenix")
THANKSGIVING = (date(2026, 11, 26),)


def at(text: str, zone: str = "America/New_York") -> datetime:
    """An instant by the wall clock of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-02T09:00", 4, "2026-11-02T13:00"),
        ("2026-11-02T16:30", 1, "2026-11-03T08:30"),
        ("2026-11-02T08:00", 9, "2026-11-02T17:00"),  # a day that is used up ends at its closing
        ("2026-11-06T16:00", 2, "2026-11-09T09:00"),  # over a weekend
        ("2026-11-07T12:00", 0, "2026-11-09T08:00"),  # Saturday: nothing begins before Monday
        ("2026-11-02T05:00", 1, "2026-11-02T09:00"),  # before opening
        ("2026-11-02T23:00", 1, "2026-11-03T09:00"),  # after closing
        ("2026-11-25T16:00", 2, "2026-11-27T09:00"),  # Thanksgiving is no day
    ],
)
def test_adds_open_hours_only(start: str, hours: int, end: str) -> None:
    assert add_business_hours(at(start), hours, NEW_YORK, THANKSGIVING) == at(end)


@pytest.mark.parametrize(
    ("zone", "offset_before", "offset_after"),
    [("America/New_York", -5, -4), ("America/Phoenix", -7, -7)],
)
def test_office_hours_follow_the_wall_clock_when_daylight_saving_begins(
    zone: str, offset_before: int, offset_after: int
) -> None:
    calendar = BusinessCalendar(time_zone=zone)
    friday, monday = date(2026, 3, 6), date(2026, 3, 9)  # clocks change on 8 March 2026, but not in Arizona
    assert start_of_business(friday, calendar, ()) == datetime(2026, 3, 6, 8 - offset_before, tzinfo=UTC)
    assert start_of_business(monday, calendar, ()) == datetime(2026, 3, 9, 8 - offset_after, tzinfo=UTC)
    assert add_business_hours(at("2026-03-06T16:00", zone), 2, calendar, ()) == at("2026-03-09T09:00", zone)
    assert business_hours_between(at("2026-03-06T16:00", zone), at("2026-03-09T09:00", zone), calendar, ()) == 2


def test_an_hour_that_the_clock_skips_is_not_counted() -> None:
    always = BusinessCalendar(time_zone="America/New_York", weekdays=tuple(range(7)), opens="00:00", closes="24:00")
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    for day, hours in ((spring, 23), (autumn, 25)):
        opens, next_day = start_of_business(day, always, ()), start_of_business(day + timedelta(days=1), always, ())
        assert business_hours_between(opens, next_day, always, ()) == hours
        assert add_business_hours(opens, hours, always, ()) == next_day


def test_a_day_is_that_of_the_wall_calendar() -> None:
    late = datetime(2027, 1, 1, 6, 30, tzinfo=UTC)
    assert local_day(late, NEW_YORK) == date(2027, 1, 1)
    assert local_day(late, PHOENIX) == date(2026, 12, 31)
    assert [fiscal_year(local_day(late, each)) for each in (NEW_YORK, PHOENIX)] == [2027, 2026]


def test_closures_of_the_facility_are_no_business_days() -> None:
    calendar = NEW_YORK.model_copy(update={"extra_closures": (date(2026, 12, 28),)})
    assert not is_business_day(date(2026, 12, 28), calendar, ())
    assert start_of_business(date(2026, 12, 26), calendar, ()) == at("2026-12-29T08:00")


def test_a_half_day_ends_when_the_office_closes_early() -> None:
    eve = date(2026, 12, 24)
    calendar = NEW_YORK.model_copy(update={"half_days": (HalfDay(day=eve, closes="12:00"),)})
    christmas = (date(2026, 12, 25),)
    assert add_business_hours(at("2026-12-24T10:00"), 2, calendar, christmas) == at("2026-12-24T12:00")
    assert add_business_hours(at("2026-12-24T10:00"), 3, calendar, christmas) == at("2026-12-28T09:00")
    assert add_business_hours(at("2026-12-24T13:00"), 0, calendar, christmas) == at("2026-12-28T08:00")
    assert business_hours_between(at("2026-12-23T08:00"), at("2026-12-28T08:00"), calendar, christmas) == 13
    assert (closing_time(eve, calendar), closing_time(date(2026, 12, 23), calendar)) == ("12:00", "17:00")
    assert start_of_business(eve, calendar, (eve,)) == at("2026-12-25T08:00"), "a holiday is no half day"


def test_a_half_day_on_which_the_clock_changes_is_as_long_as_the_clock_says() -> None:
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    always = BusinessCalendar(
        time_zone="America/New_York",
        weekdays=tuple(range(7)),
        opens="00:00",
        closes="24:00",
        half_days=(HalfDay(day=spring, closes="12:00"), HalfDay(day=autumn, closes="12:00")),
    )
    for day, hours in ((spring, 11), (autumn, 13)):
        opens, next_day = start_of_business(day, always, ()), start_of_business(day + timedelta(days=1), always, ())
        assert business_time_between(opens, next_day, always, ()) == timedelta(hours=hours)
        assert add_business_time(opens, timedelta(hours=hours, minutes=1), always, ()) == next_day + timedelta(
            minutes=1
        )


def test_a_clock_that_stops_goes_on_with_what_is_left() -> None:
    """Two hours of eight have passed when a question is put; they count on when it is answered days later."""
    opened, asked, answered = at("2026-11-02T09:00"), at("2026-11-02T11:00"), at("2026-11-05T16:00")
    left = timedelta(hours=8) - business_time_between(opened, asked, NEW_YORK, ())
    assert left == timedelta(hours=6)
    assert add_business_time(answered, left, NEW_YORK, ()) == at("2026-11-06T13:00")


def test_a_calendar_that_never_opens_is_told_apart_from_a_long_wait() -> None:
    never = NEW_YORK.model_copy(update={"weekdays": ()})
    with pytest.raises(NoBusinessDayError):
        start_of_business(date(2026, 1, 1), never, ())
    with pytest.raises(NoBusinessDayError):
        add_business_hours(at("2026-01-01T08:00"), 1, never, ())


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        add_business_hours(at("2026-11-02T09:00"), -1, NEW_YORK, ())


@pytest.mark.parametrize("text", ["8:00", "24:01", "08:60", "0800", "", "ab:cd", "08:00:00"])
def test_refuses_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        minutes_after_midnight(text)


calendars = st.builds(
    BusinessCalendar,
    time_zone=st.sampled_from(["America/New_York", "America/Phoenix", "America/Los_Angeles", "Europe/Berlin"]),
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    opens=st.sampled_from(["00:00", "01:30", "02:30", "07:00", "08:00"]),
    closes=st.sampled_from(["12:00", "17:00", "22:15", "24:00"]),
    half_days=st.lists(
        st.builds(
            HalfDay,
            day=st.one_of(
                st.dates(date(2026, 3, 1), date(2026, 3, 15)),
                st.dates(date(2026, 10, 25), date(2026, 11, 8)),
                st.dates(date(2026, 1, 1), date(2027, 12, 31)),
            ),
            closes=st.sampled_from(["08:15", "11:30", "12:00"]),
        ),
        max_size=8,
        unique_by=lambda half: half.day,
    ).map(tuple),
)


def within(first: date, days: int) -> st.SearchStrategy[datetime]:
    """Any instant of so many days from midnight UTC of the first."""
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return st.timedeltas(timedelta(0), timedelta(days=days)).map(lambda passed: start + passed)


# The two weeks around each change of the clock, and any other time.
instants = st.one_of(within(date(2026, 3, 1), 14), within(date(2026, 10, 25), 14), within(date(2026, 1, 1), 720))
holidays = st.sets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=12)


def is_open(instant: datetime, calendar: BusinessCalendar, closed: set[date]) -> bool:
    """By the wall clock alone; closing time belongs to the day that it ends."""
    wall = instant.astimezone(ZoneInfo(calendar.time_zone))
    minute = Decimal(wall.hour * 60 + wall.minute) + Decimal(wall.second * 1_000_000 + wall.microsecond) / 60_000_000
    opens = minutes_after_midnight(calendar.opens)
    closes = minutes_after_midnight(closing_time(wall.date(), calendar))
    if is_business_day(wall.date(), calendar, closed) and opens <= minute <= closes:
        return True
    yesterday = wall.date() - timedelta(days=1)
    return minute == 0 and closing_time(yesterday, calendar) == "24:00" and is_business_day(yesterday, calendar, closed)


@given(instants, st.integers(0, 200), calendars, holidays)
def test_never_ends_outside_of_office_hours(
    start: datetime, hours: int, calendar: BusinessCalendar, closed: set[date]
) -> None:
    end = add_business_hours(start, hours, calendar, closed)
    assert end >= start
    assert end.utcoffset() == timedelta(0)
    assert is_open(end, calendar, closed)


@given(instants, st.integers(0, 100), st.integers(0, 100), calendars, holidays)
def test_hours_add_up(start: datetime, first: int, then: int, calendar: BusinessCalendar, closed: set[date]) -> None:
    at_once = add_business_hours(start, first + then, calendar, closed)
    in_two = add_business_hours(add_business_hours(start, first, calendar, closed), then, calendar, closed)
    assert at_once == in_two


@given(instants, instants, st.integers(0, 100), calendars, holidays)
def test_who_starts_later_ends_no_earlier(
    a: datetime, b: datetime, hours: int, calendar: BusinessCalendar, closed: set[date]
) -> None:
    earlier, later = sorted((a, b))
    assert add_business_hours(earlier, hours, calendar, closed) <= add_business_hours(later, hours, calendar, closed)


@given(instants, st.integers(0, 200), calendars, holidays)
def test_counting_undoes_adding(start: datetime, hours: int, calendar: BusinessCalendar, closed: set[date]) -> None:
    end = add_business_hours(start, hours, calendar, closed)
    assert business_hours_between(start, end, calendar, closed) == hours
    assert business_hours_between(end, start, calendar, closed) == -hours


@given(st.lists(instants, min_size=3, max_size=3), calendars, holidays)
def test_spans_add_up_to_the_whole(points: list[datetime], calendar: BusinessCalendar, closed: set[date]) -> None:
    a, b, c = sorted(points)
    whole = business_hours_between(a, c, calendar, closed)
    parts = business_hours_between(a, b, calendar, closed) + business_hours_between(b, c, calendar, closed)
    assert abs(whole - parts) <= Decimal("0.0002")  # each is rounded to a ten-thousandth


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), calendars, holidays)
def test_business_starts_on_a_business_day_that_is_not_past(
    day: date, calendar: BusinessCalendar, closed: set[date]
) -> None:
    found = local_day(start_of_business(day, calendar, closed), calendar)
    assert found >= day
    assert is_business_day(found, calendar, closed)
    skipped = (day + timedelta(days=each) for each in range((found - day).days))
    assert not any(is_business_day(each, calendar, closed) for each in skipped)


spans = st.timedeltas(timedelta(0), timedelta(hours=60))


@given(instants, spans, spans, calendars, holidays)
def test_a_pause_loses_no_time(
    start: datetime, before: timedelta, pause: timedelta, calendar: BusinessCalendar, closed: set[date]
) -> None:
    """However long a clock stands still, exactly what was left of its span passes afterwards."""
    whole = timedelta(hours=60)
    stopped = add_business_time(start, before, calendar, closed)
    went_on = stopped + pause
    due = add_business_time(went_on, whole - before, calendar, closed)
    passed = business_time_between(start, stopped, calendar, closed) + business_time_between(
        went_on, due, calendar, closed
    )
    assert passed == whole


@given(instants, spans, calendars, holidays)
def test_a_half_day_more_makes_nothing_end_earlier(
    start: datetime, span: timedelta, calendar: BusinessCalendar, closed: set[date]
) -> None:
    whole_days = calendar.model_copy(update={"half_days": ()})
    end = add_business_time(start, span, calendar, closed)
    assert end >= add_business_time(start, span, whole_days, closed)
