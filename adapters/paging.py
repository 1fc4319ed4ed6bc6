"""Cursors that name the last row of a page by its sort key, so that rows which come in meanwhile move nothing."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

from domain.ports.evidence import InvalidCursorError

MAX_PAGE = 500
_MAX_POSITION = 2**31 - 1


def bounded(limit: int) -> int:
    """A page holds at least one row and at most MAX_PAGE."""
    return max(1, min(limit, MAX_PAGE))


class Cursor:
    """The sort key of a page's last row as opaque text. `listing` tells one list's cursors from another's."""

    def __init__(self, listing: str, *key: datetime | str | int) -> None:
        self._parts = [listing, *(part.isoformat() if isinstance(part, datetime) else part for part in key)]

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self._parts, separators=(",", ":")).encode()).decode()


class CursorReader:
    """Takes a cursor apart; every method raises InvalidCursorError on what this store never issued."""

    def __init__(self, text: str, listing: str) -> None:
        try:
            parts: Any = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
        except (ValueError, binascii.Error, RecursionError):
            raise InvalidCursorError("the cursor was not issued here") from None
        if not isinstance(parts, list) or not parts or parts[0] != listing:
            raise InvalidCursorError(f"the cursor was not issued for this list ({listing})")
        self._parts = parts[:0:-1]

    def instant(self) -> datetime:
        try:
            instant = datetime.fromisoformat(self.text())
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise InvalidCursorError("the cursor holds no instant where one belongs")

    def text(self) -> str:
        part = self._take()
        if not isinstance(part, str) or "\x00" in part:
            raise InvalidCursorError("the cursor holds no text where some belongs")
        return part

    def position(self) -> int:
        part = self._take()
        if not isinstance(part, int) or isinstance(part, bool) or not 0 <= part <= _MAX_POSITION:
            raise InvalidCursorError("the cursor holds no position where one belongs")
        return part

    def _take(self) -> Any:
        if not self._parts:
            raise InvalidCursorError("the cursor was cut short")
        return self._parts.pop()
