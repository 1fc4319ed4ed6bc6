"""The connection pool that the store's adapters share."""

from __future__ import annotations

from typing import TypeAlias

import asyncpg

from adapters.postgres.errors import translated

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


async def open_pool(
    dsn: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    statement_timeout_ms: int = 10_000,
    application_name: str = "corridor",
    system: str = "evidence-store",
) -> Pool:
    """A pool whose sessions work in UTC and bound every statement. JSON columns travel as text: pydantic reads them.

    Raises the errors of `domain.outside_errors`, naming `system`.
    """
    with translated(system):
        return await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            timeout=10,
            # The server ends a slow statement by itself; the client's own limit is for a server that went silent.
            command_timeout=statement_timeout_ms / 1000 + 5,
            server_settings={
                "application_name": application_name,
                "TimeZone": "UTC",
                "statement_timeout": str(statement_timeout_ms),
                "lock_timeout": str(statement_timeout_ms // 2),
                "idle_in_transaction_session_timeout": "60000",
                "jit": "off",  # compiling costs more than these short statements do
            },
        )
