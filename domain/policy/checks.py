"""Checks of single values in policy files. Each returns the value, or raises ValueError in words."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.business_time import minutes_after_midnight


def known_time_zone(name: str) -> str:
    """An IANA time zone name, such as America/New_York."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such IANA time zone") from None
    return name


def time_of_day(text: str) -> str:
    """A wall-clock time, HH:MM, up to 24:00."""
    minutes_after_midnight(text)
    return text


def gs1_check_digit(digits: str) -> str:
    """The check digit to a GS1 key without one (GS1 General Specifications, section 7.9): weights 3 and 1 from the
    right."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def valid_gln(text: str) -> str:
    """A GS1 global location number: 13 digits, of which the last is the check digit."""
    if len(text) == 13 and text.isdigit() and gs1_check_digit(text[:-1]) != text[-1]:
        raise ValueError(f"the check digit must be {gs1_check_digit(text[:-1])}")
    return text
