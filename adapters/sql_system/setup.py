"""Installing such a system, for stacks that bring their own, and a look at its books for those who count."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from adapters.sql_system.errors import CLASSIFIED, SqlSystem


async def run_schema(dsn: str, system: SqlSystem, files: Sequence[Path]) -> None:
    """Run files that may run again at any time, in this order. Raises the errors of `domain.outside_errors`."""
    async with alone(dsn, system) as connection:
        for file in files:
            await connection.execute(file.read_text(encoding="utf-8"))


@asynccontextmanager
async def connected(dsn: str, system: SqlSystem) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection of one's own. Raises the errors of `domain.outside_errors`."""
    try:
        connection = await asyncpg.connect(dsn, timeout=30, command_timeout=120)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)
    except CLASSIFIED as error:
        raise system.classify(error) from error


@asynccontextmanager
async def alone(dsn: str, system: SqlSystem) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection in one transaction, of which there is one at a time: starts side by side wait for one another."""
    async with connected(dsn, system) as connection, connection.transaction():
        await connection.execute("SET LOCAL client_min_messages = warning")
        # Any constant does, as long as every release locks the same one.
        await connection.execute(
            "SELECT pg_advisory_xact_lock($1)", int.from_bytes(f"{system.name}-set".encode(), "big")
        )
        yield connection
