"""Claims on documents of an ERP, in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from domain.ports.erp_claims import ClaimKey

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    _Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

SYSTEM = "erp-claims"

_READ = "SELECT body::text FROM erp_claims WHERE kind = $1 AND key = $2"
_READ_ALL = "SELECT key, body::text AS body FROM erp_claims WHERE kind = $1 AND key = ANY ($2::text[])"
_WRITE = """
INSERT INTO erp_claims (kind, key, body) VALUES ($1, $2, $3::text::jsonb)
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, changed_at = now()
"""
_FORGET = "DELETE FROM erp_claims WHERE kind = $1 AND key = $2"


class _Turn:
    """`domain.ports.erp_claims.ClaimTurn` on the connection that holds the locks: whoever waits for a turn needs no
    second connection to end it."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def read(self, kind: str, key: str) -> str | None:
        with translated(SYSTEM):
            body: str | None = await self._connection.fetchval(_READ, kind, key)
        return body

    async def write(self, bodies: Mapping[ClaimKey, str | None]) -> None:
        with translated(SYSTEM):
            async with self._connection.transaction():
                for claim, body in bodies.items():
                    if body is None:
                        await self._connection.execute(_FORGET, claim.kind, claim.key)
                    else:
                        await self._connection.execute(_WRITE, claim.kind, claim.key, body)

    @asynccontextmanager
    async def also(self, *names: str) -> AsyncIterator[None]:
        taken: list[int] = []
        try:
            for name in names:
                await self.take(name)
                taken.append(_number(name))
            yield
        finally:
            with translated(SYSTEM):
                for number in reversed(taken):
                    await self._connection.execute("SELECT pg_advisory_unlock($1)", number)

    async def take(self, name: str) -> None:
        with translated(SYSTEM):
            await self._connection.execute("SELECT pg_advisory_lock($1)", _number(name))


class PostgresErpClaims:
    """`domain.ports.erp_claims.ErpClaims`. Each turn keeps one connection of the pool while it lasts, which is as long
    as the ERP is asked: give it a pool of its own, directly at PostgreSQL. `wait` bounds, in seconds, the wait for a
    connection."""

    def __init__(self, pool: Pool, wait: float = 20) -> None:
        self._pool, self._wait = pool, wait

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[_Turn]:
        with translated(SYSTEM):
            connection = await self._pool.acquire(timeout=self._wait)
        try:
            turn = _Turn(connection)
            await turn.take(name)
            yield turn
        finally:
            # Giving the connection back ends its advisory locks.
            with translated(SYSTEM):
                await self._pool.release(connection)

    async def read(self, kind: str, key: str) -> str | None:
        with translated(SYSTEM):
            body: str | None = await self._pool.fetchval(_READ, kind, key)
        return body

    async def read_all(self, kind: str, keys: tuple[str, ...]) -> Mapping[str, str]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_READ_ALL, kind, list(keys))
        return {row["key"]: row["body"] for row in rows}


def _number(name: str) -> int:
    """The key of an advisory lock: 64 bits of the name's hash."""
    return int.from_bytes(hashlib.sha256(f"{SYSTEM}/{name}".encode()).digest()[:8], "big", signed=True)
