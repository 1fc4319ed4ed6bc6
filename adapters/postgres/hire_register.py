"""Which hires are under way for whom, in PostgreSQL.

Whoever enters a case waits for those who enter one with the same key, so that of two the later one sees the other.
"""

from __future__ import annotations

from typing import TypeAlias

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns
from domain.outside_errors import RefusedError
from domain.ports.hire_register import HireEntry

SYSTEM = "hire-register"

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

# In one order for everybody: nobody waits in a circle.
_LOCK_KEYS = """
SELECT pg_advisory_xact_lock(hash) FROM (
    SELECT DISTINCT hashtextextended('hire-register:' || key, 0) AS hash FROM unnest($1::text[]) AS key ORDER BY hash
) AS hashes
"""
_ENTER = """
INSERT INTO hire_register AS known (case_id, facility, number, person_keys, worker_id, state)
VALUES ($1, $2, $3, $4, $5, 'running')
ON CONFLICT (case_id) DO UPDATE SET
    facility = excluded.facility, number = excluded.number, person_keys = excluded.person_keys, state = 'running',
    worker_id = coalesce(nullif(excluded.worker_id, ''), known.worker_id)
"""
_DROP_KEYS = "DELETE FROM hire_keys WHERE case_id = $1 AND key <> ALL ($2::text[])"
# A key that stays keeps its position: entering again tells nobody of somebody who came later.
_ADD_KEYS = "INSERT INTO hire_keys (case_id, key) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING"
_CAME_BEFORE = """
SELECT case_id, facility, number, person_keys, worker_id, state FROM hire_register
WHERE state = 'running' AND case_id IN (
    SELECT other.case_id FROM hire_keys AS own JOIN hire_keys AS other USING (key)
    WHERE own.case_id = $1 AND other.position < own.position)
ORDER BY case_id
"""
_LOCK_WORKER = "SELECT pg_advisory_xact_lock(hashtextextended('hire-writer:' || $1, 0))"
_WRITER = "SELECT case_id FROM hire_register WHERE writes_for = $1"
_CLAIM = """
UPDATE hire_register SET writes_for = $2, worker_id = $2 WHERE case_id = $1 AND state = 'running' RETURNING case_id
"""
_LEAVE = """
WITH gone AS (DELETE FROM hire_keys WHERE case_id = $1)
UPDATE hire_register SET state = $2, writes_for = NULL, person_keys = '{}' WHERE case_id = $1
"""


class PostgresHireRegister:
    """`domain.ports.hire_register.HireRegister`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def enter(self, entry: HireEntry) -> tuple[HireEntry, ...]:
        keys = list(entry.person_keys)
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK_KEYS, keys)
                row = (entry.case_id, entry.facility, entry.number, keys, entry.worker_id)
                await connection.execute(_ENTER, *row)
                await connection.execute(_DROP_KEYS, entry.case_id, keys)
                await connection.execute(_ADD_KEYS, entry.case_id, keys)
                earlier = await connection.fetch(_CAME_BEFORE, entry.case_id)
        return tuple(from_columns(HireEntry, dict(each), SYSTEM) for each in earlier)

    async def claim_worker(self, case_id: str, worker_id: str) -> str:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                return await _claim(connection, case_id, worker_id)

    async def leave(self, case_id: str, state: str) -> None:
        with translated(SYSTEM):
            await self._pool.execute(_LEAVE, case_id, state)


async def _claim(connection: Connection, case_id: str, worker_id: str) -> str:
    await connection.execute(_LOCK_WORKER, worker_id)
    writer = await connection.fetchval(_WRITER, worker_id) or await connection.fetchval(_CLAIM, case_id, worker_id)
    if writer is None:
        raise RefusedError(SYSTEM, "not-entered", "the case is not in the register, or left it")
    return str(writer)
