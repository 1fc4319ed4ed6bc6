"""A PostgreSQL of its own with as many cases as wanted in it: a year of eight hospitals, loaded by COPY."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from adapters.postgres.migrate import migrate
from bench.rows import ROWS, Numbered
from tests.fixtures.postgres import PostgresTestServer, running_postgres

ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Filled:
    """A database with `cases` cases, the last of which came in at `until`."""

    dsn: str
    cases: int
    until: datetime


@contextmanager
def postgres() -> Iterator[PostgresTestServer]:
    with running_postgres() as server:
        yield server


async def filled(server: PostgresTestServer, cases: int) -> Filled:
    """Raises ValueError for fewer than a thousand cases: the lists would be empty."""
    if cases < 1000:
        raise ValueError("a thousand cases at least")
    dsn = await server.create_database("lists")
    await migrate(dsn)
    until = datetime.now(UTC).replace(microsecond=0)
    connection = await asyncpg.connect(dsn)
    try:
        # Triggers and references would check one row after another what is right by the way it is made.
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        indexes = await _without_indexes(connection)
        for first in range(1, cases + 1, ROWS_AT_ONCE):
            numbers = range(first, min(first + ROWS_AT_ONCE, cases + 1))
            await _copy(connection, [Numbered(each, cases, until) for each in numbers])
        for index in indexes:
            await connection.execute(index)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return Filled(dsn, cases, until)


async def _without_indexes(connection: asyncpg.Connection[asyncpg.Record]) -> Sequence[str]:
    """Drop what no constraint stands on; how to make it again."""
    rows = await connection.fetch(
        """SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY ($1) AND indexname NOT IN (
               SELECT conname FROM pg_constraint) ORDER BY indexname""",
        [table.name for table in ROWS],
    )
    for row in rows:
        await connection.execute(f'DROP INDEX "{row["indexname"]}"')
    return [row["indexdef"] for row in rows]


async def _copy(connection: asyncpg.Connection[asyncpg.Record], numbered: Sequence[Numbered]) -> None:
    for table in ROWS:
        text = "".join(line for each in numbered for line in table.lines(each))
        source = io.BytesIO(text.encode())
        await connection.copy_to_table(table.name, source=source, columns=table.columns, format="text")
