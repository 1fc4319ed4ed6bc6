"""Transport to the reference ERP: a pool of connections, and one call of one of its functions."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
from pydantic import TypeAdapter

from adapters.erp.reference.errors import CLASSIFIED, classify
from adapters.erp.reference.wire import Wire
from domain.model import Value

_LIST_OF_WIRE: TypeAdapter[Sequence[Wire]] = TypeAdapter(Sequence[Wire])


class Limits(Value):
    """How long to wait for what, in seconds, and how many connections to keep.

    `statement` ends a slow call at the ERP, so that it has no effect after we gave up; `answer` is for an ERP that went
    silent and is longer. `turn` bounds the wait for a free connection.
    """

    connect: float = 5
    turn: float = 10
    statement: float = 10
    answer: float = 15
    connections: int = 10


class ErpClient:
    """Calls functions of the ERP's integration schema. Raises the errors of `domain.outside_errors`, and no others."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], limits: Limits) -> None:
        self._pool, self._limits = pool, limits

    @classmethod
    async def open(cls, dsn: str, limits: Limits) -> ErpClient:
        """Prepare the pool. Nothing is connected yet, so that a worker can start while the ERP is down."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=limits.connections,
            timeout=limits.connect,
            command_timeout=limits.answer,
            server_settings={
                "application_name": "corridor-erp",
                "TimeZone": "UTC",
                "statement_timeout": _milliseconds(limits.statement),
                "lock_timeout": _milliseconds(limits.statement / 2),
                "jit": "off",  # compiling costs more than these short statements do
            },
        )
        return cls(pool, limits)

    async def call(self, function: str, request: Wire | Sequence[Wire]) -> str:
        """The answer of `erp.<function>(request)` as JSON text; 'null' when there is none."""
        body = (
            request.model_dump_json()
            if isinstance(request, Wire)
            else _LIST_OF_WIRE.dump_json(request, serialize_as_any=True).decode()
        )
        try:
            async with self._pool.acquire(timeout=self._limits.turn) as connection:
                answer = await connection.fetchval(f"SELECT erp.{function}($1::jsonb)", body)
        except CLASSIFIED as error:
            raise classify(error) from error
        return "null" if answer is None else str(answer)

    async def close(self) -> None:
        await self._pool.close()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
