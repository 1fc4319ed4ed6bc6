"""How invoices were matched, in memory."""

from __future__ import annotations

from collections import defaultdict

from domain.matching import MatchResult


class MemoryMatchRecords:
    """`domain.ports.match_records.MatchRecords`."""

    def __init__(self) -> None:
        self._results: defaultdict[str, dict[int, MatchResult]] = defaultdict(dict)

    async def keep(self, case_id: str, round_: int, result: MatchResult) -> None:
        self._results[case_id][round_] = result

    async def result(self, case_id: str, round_: int | None = None) -> MatchResult | None:
        rounds = self._results[case_id]
        return rounds.get(max(rounds, default=0) if round_ is None else round_)
