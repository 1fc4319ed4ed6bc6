"""Places in the changes of ERPs, in PostgreSQL."""

from __future__ import annotations

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from domain.erp_changes import SweepPlace

SYSTEM = "erp-sweeps"

_READ = "SELECT place::text FROM erp_sweeps WHERE erp = $1"
_KEEP = """
INSERT INTO erp_sweeps (erp, place) VALUES ($1, $2::text::jsonb)
ON CONFLICT (erp) DO UPDATE SET place = excluded.place, changed_at = now()
"""


class PostgresSweepPlaces:
    """`domain.ports.erp_changes.SweepPlaces`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def place(self, erp: str) -> SweepPlace | None:
        with translated(SYSTEM):
            found = await self._pool.fetchval(_READ, erp)
        return None if found is None else SweepPlace.model_validate_json(found)

    async def keep(self, erp: str, place: SweepPlace) -> None:
        with translated(SYSTEM):
            await self._pool.execute(_KEEP, erp, place.model_dump_json())
