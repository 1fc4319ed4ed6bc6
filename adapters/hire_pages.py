"""Pages of hires: their size, and the cursor that names the last row of one."""

from __future__ import annotations

from datetime import date

from adapters.paging import Cursor, CursorReader
from domain.hire_plan import HireStanding
from domain.ports.evidence import InvalidCursorError

LISTING = "hires"
MAX_HIRES = 200


def page_size(limit: int) -> int:
    return max(1, min(limit, MAX_HIRES))


def next_cursor(last: HireStanding) -> str:
    return str(Cursor(LISTING, last.start_on.isoformat(), last.case_id))


def read_cursor(cursor: str) -> tuple[date, str]:
    """The start day and the case of a page's last row. Raises InvalidCursorError."""
    reader = CursorReader(cursor, LISTING)
    try:
        return date.fromisoformat(reader.text()), reader.text()
    except ValueError:
        raise InvalidCursorError("the cursor holds no day where one belongs") from None
