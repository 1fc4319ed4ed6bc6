"""What people did in the ERP itself, and the memory of how far that is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from domain.erp_changes import ErpChangesPage, SweepPlace


class ErpChanges(Protocol):
    """Changes that concern Corridor's orders, or that have effects of which Corridor ought to know. What Corridor did
    itself is never among them. Raises the errors of `domain.outside_errors`, and nothing else.

    `overlap` is the longest time between the instant by which the ERP dates a change and the one from which others see
    it, with what its clock may be off.
    """

    name: str
    overlap: timedelta

    async def changes(self, since: datetime, page: str, limit: int) -> ErpChangesPage:
        """What was changed at `since` (UTC) or later; `page` is empty at first, then the last page's `next_page`. No
        more than `limit` records are looked at. Asking again gives the same, and what was changed meanwhile."""


class SweepPlaces(Protocol):
    async def place(self, erp: str) -> SweepPlace | None:
        """None for an ERP that was never asked."""

    async def keep(self, erp: str, place: SweepPlace) -> None: ...
