"""Licences on which people were hired, in PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from domain.hire import LicenceClaim

SYSTEM = "proven-licences"

_FORGET = "DELETE FROM proven_licences WHERE case_id = $1 AND kind = $2"
_NOTE = """
INSERT INTO proven_licences (case_id, kind, state, number, licence) VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (case_id, kind, state, number) DO UPDATE SET licence = excluded.licence
"""
_OF = """
SELECT case_id, licence::text AS licence FROM proven_licences WHERE case_id = ANY ($1::text[])
ORDER BY case_id, kind, state, number
"""


class PostgresProvenLicences:
    """`domain.ports.credentials.ProvenLicences`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def note(self, case_id: str, kind: str, licences: Sequence[LicenceClaim]) -> None:
        rows = [(case_id, kind, each.state, each.number, each.model_dump_json()) for each in licences]
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_FORGET, case_id, kind)
                await connection.executemany(_NOTE, rows)

    async def of(self, case_ids: Sequence[str]) -> Mapping[str, tuple[LicenceClaim, ...]]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_OF, list(case_ids))
        found: defaultdict[str, list[LicenceClaim]] = defaultdict(list)
        for row in rows:
            found[row["case_id"]].append(LicenceClaim.model_validate_json(row["licence"]))
        return {case: tuple(licences) for case, licences in found.items()}
