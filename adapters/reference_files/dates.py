"""Days that are written relative to the day on which the files are read, so that examples never grow old."""

from __future__ import annotations

import re
from datetime import date, timedelta

_RELATIVE = re.compile(r"^([+-]\d{1,5})d$")
_YEARS = {"last": -1, "current": 0, "next": 1}


def resolve_day(text: str, today: date) -> date:
    """'+14d', '-30d' or '2026-09-30'. Raises ValueError with what may be written."""
    match = _RELATIVE.match(text)
    if match:
        return today + timedelta(days=int(match[1]))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no day: write 2027-01-31, or +14d or -30d from today") from None


def resolve_year(text: str, today: date) -> int:
    """'last', 'current', 'next' or a year of four digits; fiscal years are calendar years. Raises ValueError."""
    if text in _YEARS:
        return today.year + _YEARS[text]
    if re.fullmatch(r"\d{4}", text):
        return int(text)
    raise ValueError(f"'{text}' is no fiscal year: write last, current, next, or a year such as 2027")
