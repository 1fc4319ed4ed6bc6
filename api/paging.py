"""Pages of what is in memory anyway: the cursor is opaque to callers, and says where to go on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from domain.ports.evidence import InvalidCursorError

_MARK = "at:"
T = TypeVar("T")


def page_of(items: Sequence[T], cursor: str | None, limit: int) -> tuple[Sequence[T], str | None]:
    """The page after the cursor and the cursor of the next one. Raises InvalidCursorError."""
    first = _place(cursor) if cursor is not None else 0
    after = first + limit
    return items[first:after], _cursor(after) if after < len(items) else None


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"{_MARK}{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode("ascii")
    except (binascii.Error, ValueError):
        raise InvalidCursorError("This is no cursor") from None
    digits = text.removeprefix(_MARK)
    if not text.startswith(_MARK) or not digits.isdecimal() or len(digits) > 9:
        raise InvalidCursorError("This is no cursor")
    return int(digits)
