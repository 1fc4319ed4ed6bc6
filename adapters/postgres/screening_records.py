"""Hits on exclusion lists that people cleared, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool

SYSTEM = "screening-records"

_CLEARED = "SELECT key FROM screening_clearances WHERE key = ANY ($1::text[])"
_CLEAR = """
INSERT INTO screening_clearances (key, cleared_by, reason, case_id, cleared_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""


class PostgresScreeningRecords:
    """`domain.ports.credentials.ScreeningRecords`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def cleared(self, keys: Sequence[str]) -> frozenset[str]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_CLEARED, list(keys))
        return frozenset(row["key"] for row in rows)

    async def clear(self, key: str, by: str, reason: str, case_id: str, at: AwareDatetime) -> None:
        with translated(SYSTEM):
            await self._pool.execute(_CLEAR, key, by, reason.replace("\x00", "\ufffd"), case_id, at)
