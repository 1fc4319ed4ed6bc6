"""Transport: a pool of connections, and one call of one function."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
from pydantic import TypeAdapter

from adapters.sql_system.errors import CLASSIFIED, SqlSystem
from adapters.sql_system.wire import Wire
from domain.model import Value

_LIST_OF_WIRE: TypeAdapter[Sequence[Wire]] = TypeAdapter(Sequence[Wire])


class Limits(Value):
    """How long to wait for what, in seconds, and how many connections to keep.

    `statement` ends a slow call at the system, so that it has no effect after we gave up; `answer` is for one that went
    silent and is longer. `turn` bounds the wait for a free connection.
    """

    connect: float = 5
    turn: float = 10
    statement: float = 10
    answer: float = 15
    connections: int = 10


class SqlClient:
    """Calls functions of the system's schema. Raises the errors of `domain.outside_errors`, and no others."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], limits: Limits, system: SqlSystem) -> None:
        self._pool, self._limits, self.system = pool, limits, system

    @classmethod
    async def open(cls, dsn: str, limits: Limits, system: SqlSystem) -> SqlClient:
        """Prepare the pool. Nothing is connected yet, so that a worker can start while the system is down."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=limits.connections,
            timeout=limits.connect,
            command_timeout=limits.answer,
            server_settings={
                "application_name": f"corridor-{system.name}",
                "TimeZone": "UTC",
                "statement_timeout": _milliseconds(limits.statement),
                "lock_timeout": _milliseconds(limits.statement / 2),
                "jit": "off",  # compiling costs more than these short statements do
            },
        )
        return cls(pool, limits, system)

    async def call(self, function: str, request: Wire | Sequence[Wire]) -> str:
        """The answer of `<schema>.<function>(request)` as JSON text; 'null' when there is none."""
        body = (
            request.model_dump_json()
            if isinstance(request, Wire)
            else _LIST_OF_WIRE.dump_json(request, serialize_as_any=True).decode()
        )
        try:
            async with self._pool.acquire(timeout=self._limits.turn) as connection:
                answer = await connection.fetchval(f"SELECT {self.system.name}.{function}($1::jsonb)", body)
        except CLASSIFIED as error:
            raise self.system.classify(error) from error
        return "null" if answer is None else str(answer)

    async def close(self) -> None:
        await self._pool.close()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
