"""Checkpoints over the heads of all cases, kept beside what they cover."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from adapters.postgres.chain import fault_of, judged
from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from domain.checkpoints import Checkpoint, Head, Inclusion, end_faults, include, link_faults, own_faults, take
from domain.ports.checkpoints import CheckpointVerdict
from domain.ports.evidence import MAX_FAULTS, ChainFault
from domain.ports.signing import SignatureChecker, Signer

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_CHECKPOINTS_PER_PAGE = 200
_BEFORE_ALL = -(2**62)  # also before numbers that nobody has given
_COLUMNS = ("number", "previous_hash", "head_count", "root", "taken_at", "key_id", "signature", "hash")

# One checkpoint at a time. Readers and recorders are not kept waiting by this.
_ALONE = "LOCK TABLE checkpoints IN SHARE ROW EXCLUSIVE MODE"
_LAST = "SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1"
# A mark whose case is gone stays, for verify to show.
_WAITING = """
SELECT case_id FROM unsealed_cases
WHERE EXISTS (SELECT FROM cases WHERE cases.case_id = unsealed_cases.case_id)
      OR EXISTS (SELECT FROM purged_cases WHERE purged_cases.case_id = unsealed_cases.case_id)
ORDER BY case_id LIMIT $1
"""
# Waits for whoever is recording one of these cases, so that no mark is taken away for a head that is not read.
_LOCKED = """
SELECT case_id, chain_position AS position, chain_hash AS hash FROM cases
WHERE case_id = ANY ($1::text[]) ORDER BY case_id FOR SHARE
"""
_PURGED = """
SELECT case_id, position, hash FROM purged_cases
WHERE case_id = ANY ($1::text[]) AND NOT EXISTS (SELECT FROM cases WHERE cases.case_id = purged_cases.case_id)
"""
_INSERT = """
INSERT INTO checkpoints (number, previous_hash, head_count, root, taken_at, key_id, signature, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_INSERT_HEADS = """
INSERT INTO checkpoint_heads (number, case_id, position, hash)
SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::text[])
"""
_SEALED = "DELETE FROM unsealed_cases WHERE case_id = ANY ($1::text[])"
_PAGE = "SELECT * FROM checkpoints WHERE number > $1 ORDER BY number LIMIT $2"
_COVERING = """
SELECT checkpoints.* FROM checkpoints JOIN checkpoint_heads AS held USING (number) WHERE held.case_id = $3 AND
      number > $1 ORDER BY number LIMIT $2
"""
_HEADS = "SELECT case_id, position, hash FROM checkpoint_heads WHERE number = $1"

# What checkpoints hold against what is there now, and what is there now against what checkpoints should hold.
_HEAD_FAULTS = """
WITH faults AS (
    SELECT 'timeline' AS place, held.case_id, held.position, CASE
        WHEN entry.hash IS NULL THEN format('the entry that checkpoint %s holds is missing', held.number)
        ELSE format('checkpoint %s holds another entry here', held.number)
    END AS fault
    FROM checkpoint_heads AS held
    LEFT JOIN timeline AS entry USING (case_id, position)
    LEFT JOIN purged_cases AS purged ON purged.case_id = held.case_id
    WHERE held.case_id >= $1 AND held.case_id < $2
          AND (entry.hash <> held.hash OR entry.hash IS NULL AND purged.position > held.position IS NOT TRUE)
    UNION ALL
    SELECT 'checkpoint_heads', case_id, position, format('its checkpoint %s is missing', number)
    FROM checkpoint_heads AS held
    WHERE case_id >= $1 AND case_id < $2
          AND NOT EXISTS (SELECT FROM checkpoints WHERE checkpoints.number = held.number)
    UNION ALL
    SELECT place, case_id, head, 'it changed since its last checkpoint and does not wait for the next'
    FROM (
        SELECT 'cases' AS place, case_id, chain_position AS head FROM cases
        WHERE case_id >= $1 AND case_id < $2 AND chain_position > 0
        UNION ALL
        SELECT 'purged_cases', case_id, position FROM purged_cases WHERE case_id >= $1 AND case_id < $2
    ) AS ends
    WHERE NOT EXISTS (SELECT FROM unsealed_cases WHERE unsealed_cases.case_id = ends.case_id)
          AND NOT EXISTS (SELECT FROM checkpoint_heads AS held
                          WHERE held.case_id = ends.case_id AND held.position >= head)
    UNION ALL
    SELECT 'purged_cases', case_id, purged.position, 'it was purged without having been in a checkpoint'
    FROM purged_cases AS purged
    WHERE case_id >= $1 AND case_id < $2 AND NOT EXISTS (
        SELECT FROM timeline AS entry JOIN checkpoint_heads AS held
            ON held.case_id = entry.case_id AND held.position = entry.position - 1 AND held.hash = entry.previous_hash
        WHERE entry.case_id = purged.case_id AND entry.position = purged.position)
    UNION ALL
    SELECT 'unsealed_cases', case_id, 0, 'it waits for a checkpoint, and its case is missing' FROM unsealed_cases
    WHERE case_id >= $1 AND case_id < $2
          AND NOT EXISTS (SELECT FROM cases WHERE cases.case_id = unsealed_cases.case_id)
          AND NOT EXISTS (SELECT FROM purged_cases WHERE purged_cases.case_id = unsealed_cases.case_id)
)
SELECT place, case_id, position, fault FROM faults ORDER BY case_id, position
"""


class PostgresCheckpoints:
    """A CheckpointStore. At most `limit` cases go into one checkpoint: their rows are locked while it is taken.

    Without a signer checkpoints are not signed; without a checker signatures are not looked at.
    """

    def __init__(
        self,
        pool: Pool,
        signer: Signer | None = None,
        checker: SignatureChecker | None = None,
        limit: int = 5000,
    ) -> None:
        self._pool, self._signer, self._checker, self._limit = pool, signer, checker, limit

    async def seal(self, taken_at: datetime) -> Checkpoint | None:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_ALONE)
                heads = await self._waiting(connection)
                if not heads:
                    return None
                last = await connection.fetchrow(_LAST)
                checkpoint = take(_checkpoint(last) if last else None, heads, taken_at, self._signer)
                await _keep(connection, checkpoint, heads)
                return checkpoint

    async def _waiting(self, connection: Connection) -> list[Head]:
        waiting = [row["case_id"] for row in await connection.fetch(_WAITING, self._limit)]
        if not waiting:
            return []
        rows = [*await connection.fetch(_LOCKED, waiting), *await connection.fetch(_PURGED, waiting)]
        return [_head(row) for row in rows]

    async def verify(self, case_id: str | None = None) -> CheckpointVerdict:
        read, last, faults = 0, None, list[ChainFault]()
        with translated(SYSTEM):
            async for checkpoint in self._checkpoints(case_id):
                links = link_faults(last, checkpoint) if case_id is None else ()
                heads = await self._heads(checkpoint.number)
                # Thousands of hashes: whoever else this process serves is not kept waiting by them.
                own = await asyncio.to_thread(_own_faults, checkpoint, heads, self._checker)
                faults += [_checkpoint_fault(checkpoint.number, message) for message in (*links, *own)]
                read, last = read + 1, checkpoint
            newest = await self._pool.fetchrow(_LAST)
            end = _checkpoint(newest) if newest else None
            faults += [_checkpoint_fault(end.number, message) for message in end_faults(end, self._checker) if end]
            async for rows in judged(self._pool, _HEAD_FAULTS, case_id):
                faults += [fault_of(row) for row in rows][: max(0, MAX_FAULTS - len(faults))]
        return CheckpointVerdict(
            checkpoints_read=read,
            last=last,
            signatures_checked=self._checker is not None,
            faults=tuple(faults[:MAX_FAULTS]),
        )

    def public_keys(self) -> Mapping[str, bytes]:
        return self._checker.public_keys() if self._checker else {}

    async def inclusions(self, case_id: str) -> tuple[Inclusion, ...]:
        with translated(SYSTEM):
            return tuple(
                [
                    include(checkpoint, await self._heads(checkpoint.number), case_id)
                    async for checkpoint in self._checkpoints(case_id)
                ]
            )

    async def _checkpoints(self, case_id: str | None) -> AsyncIterator[Checkpoint]:
        """All of them in order, or those that cover the case."""
        sql, its = (_PAGE, ()) if case_id is None else (_COVERING, (case_id,))
        after = _BEFORE_ALL
        while rows := await self._pool.fetch(sql, after, _CHECKPOINTS_PER_PAGE, *its):
            for row in rows:
                after = row["number"]
                yield _checkpoint(row)

    async def _heads(self, number: int) -> list[Head]:
        return [_head(row) for row in await self._pool.fetch(_HEADS, number)]


async def _keep(connection: Connection, checkpoint: Checkpoint, heads: list[Head]) -> None:
    values: dict[str, Any] = checkpoint.model_dump()
    await connection.execute(_INSERT, *(values[name] for name in _COLUMNS))
    columns = ([head.case_id for head in heads], [head.position for head in heads], [head.hash for head in heads])
    await connection.execute(_INSERT_HEADS, checkpoint.number, *columns)
    await connection.execute(_SEALED, columns[0])


def _own_faults(checkpoint: Checkpoint, heads: list[Head], checker: SignatureChecker | None) -> list[str]:
    return list(own_faults(checkpoint, heads, checker))


def _checkpoint(row: asyncpg.Record) -> Checkpoint:
    return Checkpoint.model_validate(dict(row))


def _head(row: asyncpg.Record) -> Head:
    return Head(case_id=row["case_id"], position=row["position"], hash=row["hash"])


def _checkpoint_fault(number: int, message: str) -> ChainFault:
    return ChainFault(table="checkpoints", case_id="", position=number, message=message)
