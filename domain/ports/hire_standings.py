"""How far hires are, as pages show it. Errors are those of `domain.outside_errors`."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from domain.hire_plan import HireStanding, ReadinessState
from domain.model import Value


class HireFilter(Value):
    """Days are local and inclusive; what is left out holds for all. `facilities` are those that the caller may see;
    None: all. `open_only` leaves out closed cases."""

    facilities: tuple[str, ...] | None = None
    manager: str | None = None
    department: str | None = None
    starts_from: date | None = None
    starts_until: date | None = None
    state: ReadinessState | None = None
    open_only: bool = False


class HirePage(Value):
    """`next_cursor` is opaque; None on the last page."""

    hires: tuple[HireStanding, ...]
    next_cursor: str | None = None


class HireStandings(Protocol):
    async def record(self, standing: HireStanding) -> None:
        """A standing of a lower version never replaces a later one."""

    async def standing(self, case_id: str) -> HireStanding | None: ...

    async def hires(self, wanted: HireFilter, cursor: str | None, limit: int) -> HirePage:
        """By start date, then case id; at most `limit` (1 to 200)."""
