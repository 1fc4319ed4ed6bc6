"""Keeping the evidence: reading it whole, and the few changes that may be made to it, each of them recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from domain.keeping import CaseRecord, Change


class EvidenceKeeper(Protocol):
    """Methods raise the errors of `domain.outside_errors`."""

    async def record_of(self, case_id: str) -> CaseRecord | None:
        """All that is kept of a case, as of one instant; None when there is nothing, not even a tombstone."""

    async def change(self, case_id: str, decide: Callable[[CaseRecord], Change | None]) -> Change | None:
        """Let `decide` see the case while nobody else can change it, and do what it says, whole or not at all.

        None when there is no such case, or when `decide` wants nothing; what it raises is passed on.
        """

    async def closed_before(
        self, facility: str, process: str, instant: datetime, after: str, limit: int
    ) -> Sequence[str]:
        """Ids of cases that were closed before the instant (UTC), in order, beginning behind the id `after`."""
