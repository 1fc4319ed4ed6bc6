"""A place that buys: hospital, clinic or shared-service centre."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from domain.model import Value
from domain.money import CurrencyCode

FacilityCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")]

FacilityKind = Literal["hospital", "clinic", "shared-services"]


class HalfDay(Value):
    """A day on which the office closes early, at `closes` (wall clock, HH:MM)."""

    day: date
    closes: str


class BusinessCalendar(Value):
    """When a facility's office works. `time_zone` is an IANA name; `weekdays` counts Monday as 0.

    `country` and `subdivision` are ISO 3166 codes whose public holidays are observed; `extra_closures` are the
    facility's own
    closed days. `opens` and `closes` are wall-clock hours, HH:MM.
    """

    time_zone: str
    country: str = "US"
    subdivision: str | None = None
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    opens: str = "08:00"
    closes: str = "17:00"
    extra_closures: tuple[date, ...] = ()
    half_days: tuple[HalfDay, ...] = ()


class Facility(Value):
    code: FacilityCode
    name: str
    kind: FacilityKind
    currency: CurrencyCode
    calendar: BusinessCalendar
    parent: FacilityCode | None = None
    ship_to: str = ""
    gln: str = ""
