"""How an invoice was matched, round by round: too long for a case to carry, needed again when it is posted."""

from __future__ import annotations

from typing import Protocol

from domain.matching import MatchResult


class MatchRecords(Protocol):
    """Raises the errors of `domain.outside_errors`."""

    async def keep(self, case_id: str, round_: int, result: MatchResult) -> None:
        """Store the result of a round; the same round again replaces it, as it does while a step is repeated."""

    async def result(self, case_id: str, round_: int | None = None) -> MatchResult | None:
        """That of the round, or of the last one."""
