"""Public holidays of a facility's country and subdivision, from the `holidays` package (MIT)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays

from domain.facility import BusinessCalendar


def unknown_region(country: str, subdivision: str | None) -> str | None:
    """Why there is no holiday calendar for the region, or None when there is one."""
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        return f"no public holidays are known for the country {country}"
    if subdivision is not None and subdivision not in supported[country]:
        return f"{country} has no subdivision {subdivision}"
    return None


def days_closed(calendar: BusinessCalendar, years: Iterable[int]) -> tuple[date, ...]:
    """Public holidays and the facility's own closures in these years, in order."""
    wanted = tuple(years)
    closures = (day for day in calendar.extra_closures if day.year in wanted)
    return tuple(sorted({*_public(calendar.country, calendar.subdivision, wanted), *closures}))


@lru_cache(maxsize=256)
def _public(country: str, subdivision: str | None, years: tuple[int, ...]) -> tuple[date, ...]:
    found = holidays.country_holidays(country, subdiv=subdivision, years=years)
    return tuple(day for day in found if day.year in years)
