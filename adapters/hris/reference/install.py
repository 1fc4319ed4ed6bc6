"""Sets up the reference HRIS: its schema, its master data, and a look at its books for those who count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from adapters.hris.reference.errors import HRIS
from adapters.hris.reference.loads import loads
from adapters.sql_system import alone, connected, run_schema
from domain.hris_system import HrisSystem
from domain.model import Value

SCHEMA = sorted((Path(__file__).parent / "schema").glob("*.sql"))


class HireSummary(Value):
    """One hire as the HRIS's own books show it, whoever caused it. `entries` counts the states of the worker that it
    made. Without a worker it was rescinded before it was made."""

    external_id: str
    worker_id: str | None
    worker_number: str | None
    status: str | None
    revived: bool
    begun_on: date | None
    rescinded: bool
    entries: int


async def install(dsn: str) -> None:
    """Bring the schema up to this release; what is there stays. Raises the errors of `domain.outside_errors`."""
    await run_schema(dsn, HRIS, SCHEMA)


async def seed(dsn: str, system: HrisSystem) -> bool:
    """Load the master data; False when exactly this was loaded before, and then nothing is touched.

    A changed load describes departments and positions anew and removes none; who holds a position, and how workers are
    kept who are there already, only hires change.
    """
    fingerprint = hashlib.sha256(system.model_dump_json().encode()).hexdigest()
    async with alone(dsn, HRIS) as connection:
        new = await connection.fetchval(
            "INSERT INTO hris.data_load (sha256) VALUES ($1) ON CONFLICT DO NOTHING RETURNING true", fingerprint
        )
        if not new:
            return False
        for statement, rows in loads(system):
            await connection.execute(statement, json.dumps(rows, default=str))
        return True


async def hire_summaries(dsn: str, external_ids: Sequence[str] | None = None) -> tuple[HireSummary, ...]:
    """The hires in the books, some or all, by external id."""
    rows = await _fetch(
        dsn,
        "SELECT * FROM hris.hire_summary WHERE $1::text[] IS NULL OR external_id = ANY ($1) ORDER BY external_id",
        None if external_ids is None else list(external_ids),
    )
    return tuple(HireSummary.model_validate(row) for row in rows)


async def held_positions(dsn: str) -> dict[str, str]:
    """Who holds which position: the external id of a hire, or a worker id, by position number."""
    rows = await _fetch(dsn, "SELECT number, holder FROM hris.position_summary WHERE holder <> '' ORDER BY number")
    return {row["number"]: row["holder"] for row in rows}


async def _fetch(dsn: str, query: str, *arguments: object) -> list[dict[str, Any]]:
    async with connected(dsn, HRIS) as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]
