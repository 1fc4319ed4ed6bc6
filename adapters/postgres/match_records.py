"""How invoices were matched, in Corridor's own database."""

from __future__ import annotations

from adapters.postgres.errors import translated
from adapters.postgres.evidence import storable
from adapters.postgres.pool import Pool
from domain.matching import MatchResult

SYSTEM = "match-records"
_KEEP = """
INSERT INTO invoice_matches (case_id, round, result) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (case_id, round) DO UPDATE SET result = excluded.result
"""
_FIND = """
SELECT result FROM invoice_matches WHERE case_id = $1 AND ($2::integer IS NULL OR round = $2)
ORDER BY round DESC LIMIT 1
"""


class PostgresMatchRecords:
    """`domain.ports.match_records.MatchRecords`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, case_id: str, round_: int, result: MatchResult) -> None:
        with translated(SYSTEM):
            await self._pool.execute(_KEEP, case_id, round_, storable(result.model_dump_json()))

    async def result(self, case_id: str, round_: int | None = None) -> MatchResult | None:
        with translated(SYSTEM):
            found = await self._pool.fetchval(_FIND, case_id, round_)
        return None if found is None else MatchResult.model_validate_json(found)
