"""Path and query parameters, bounded: what could not be the id of anything is refused before it is looked up."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime, BeforeValidator, Field

MAX_PAGE = 200
DEFAULT_PAGE = 50
_PLAIN = r"^[A-Za-z0-9][A-Za-z0-9._@/#:~ -]*$"
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_INSTANT = re.compile(r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2})$")


def _rfc3339(value: Any) -> Any:
    """Pydantic alone would also take '7' for an instant in January 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.match(value)):
        return value
    raise ValueError("send an instant with its time zone, such as 2026-03-01T08:00:00Z")


def _in_utc(value: Any) -> datetime:
    instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).upper())
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("send an instant that UTC has as well") from None


def _iso_day(value: Any) -> Any:
    """Pydantic alone would also take '0' for the first of January 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise ValueError("send a day such as 2026-03-01")


Day = Annotated[date, BeforeValidator(_iso_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
UtcInstant = Annotated[AwareDatetime, BeforeValidator(_in_utc), BeforeValidator(_rfc3339)]
"""Kept in UTC, so that it compares equal to what a store gives back."""
CaseId = Annotated[str, Path(min_length=1, max_length=160, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
_TASK = r"^[A-Za-z0-9][A-Za-z0-9._:~-]*$"
TaskId = Annotated[str, Path(min_length=1, max_length=300, pattern=_TASK)]
TaskIdText = Annotated[str, Field(min_length=1, max_length=300, pattern=_TASK)]
_MESSAGE = r"^[A-Za-z0-9_-]+$"
MessageId = Annotated[str, Field(min_length=8, max_length=64, pattern=_MESSAGE)]
DelegationId = Annotated[str, Path(min_length=8, max_length=64, pattern=_MESSAGE)]
OverrideId = Annotated[str, Path(min_length=8, max_length=64, pattern=_MESSAGE)]
_PERSON = r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"
PersonPath = Annotated[str, Path(min_length=1, max_length=64, pattern=_PERSON)]
PersonQuery = Annotated[str | None, Query(min_length=1, max_length=64, pattern=_PERSON)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Cursor = Annotated[str | None, Query(max_length=1000, pattern=r"^[A-Za-z0-9_=.:-]+$")]
Word = Annotated[str | None, Query(min_length=1, max_length=120, pattern=_PLAIN)]
When = Annotated[Instant | None, Query()]
