"""Every single change of every column of every row of evidence, one after the other: verify finds each of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.keeping import PostgresKeeper
from adapters.postgres.pool import Pool
from adapters.postgres.reader import PostgresReader
from adapters.signing import Ed25519Signer
from domain.keeping import Order, hold, purge, redact
from domain.people import Actor
from tests.fixtures.evidence import CASE, START, a_journal, an_entry

SIGNER = Ed25519Signer({"k1": b"1" * 32}, "k1")
PURGED = "procure-to-pay.north.OLD"
WHY = Order(actor=Actor(person="cleo"), reason="The law wants it", at=datetime(2034, 1, 1, tzinfo=UTC))
KEYS = {
    "timeline": ("case_id", "position"),
    "checkpoints": ("number",),
    "checkpoint_heads": ("number", "case_id"),
    "purged_cases": ("case_id",),
    "cases": ("case_id",),
    "unsealed_cases": ("case_id",),
}
# How a case is listed is read model; what proves it is its place in the chain.
EVIDENCE_OF_CASES = ("chain_position", "chain_hash", "version", "status", "stage", "facility", "requester")


@pytest.fixture
async def archive(evidence_pool: Pool) -> Pool:
    """A held, a redacted and a purged case; two checkpoints; and entries that wait for the third."""
    writer, keeper = PostgresEvidence(evidence_pool), PostgresKeeper(evidence_pool)
    checkpoints = PostgresCheckpoints(evidence_pool, SIGNER)
    closed = {"status": "completed", "closed_at": START + timedelta(days=1)}
    await writer.record(a_journal(PURGED, 1, an_entry(1), an_entry(2), **closed))
    await writer.record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    await checkpoints.seal(START)
    await keeper.change(PURGED, lambda case: purge(case, 7, "retention", WHY))
    await keeper.change(CASE, lambda case: redact(case, "Fact 1", WHY))
    await checkpoints.seal(START + timedelta(minutes=10))
    await keeper.change(CASE, lambda case: hold(case, "LIT-1", WHY))
    return evidence_pool


def changed(value: Any) -> Iterator[Any]:
    """Values near the one that is there."""
    if isinstance(value, str):
        yield from (value + "x", value[:-1] if value else "0")
    elif isinstance(value, datetime):
        yield value + timedelta(microseconds=1)
    elif isinstance(value, int):
        yield from (value + 1, -value - 1)
    elif value is None:
        yield "0" * 64


async def found(pool: Pool) -> int:
    _, faults = await PostgresReader(pool).verify()
    return len(faults) + len((await PostgresCheckpoints(pool, checker=SIGNER).verify()).faults)


async def without_guards(pool: Pool, sql: str, *arguments: Any) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(sql, *arguments)


async def test_every_single_change_is_found(archive: Pool) -> None:
    assert await found(archive) == 0
    tried, missed = 0, []
    for table, keys in KEYS.items():
        for row in await archive.fetch(f"SELECT * FROM {table}"):  # noqa: S608 (names of this file)
            for column in row.keys() if table != "cases" else EVIDENCE_OF_CASES:
                for value in changed(row[column]):
                    tried += 1
                    if await _change_and_back(archive, table, keys, row, column, value) == 0:
                        missed.append((table, tuple(row[key] for key in keys), column, value))
    assert missed == []
    assert tried > 100
    assert await found(archive) == 0


async def _change_and_back(
    pool: Pool, table: str, keys: tuple[str, ...], row: asyncpg.Record, column: str, value: Any
) -> int:
    after = {**dict(row), column: value}
    one = " AND ".join(f"{key} = ${place}" for place, key in enumerate(keys, start=2))
    sql = f"UPDATE {table} SET {column} = $1 WHERE {one}"  # noqa: S608 (names of this file)
    try:
        await without_guards(pool, sql, value, *(row[key] for key in keys))
    except asyncpg.UniqueViolationError:
        return 1  # the table itself does not take it
    faults = await found(pool)
    await without_guards(pool, sql, row[column], *(after[key] for key in keys))
    return faults


async def test_every_missing_row_is_found(archive: Pool) -> None:
    missed = []
    for table, keys in KEYS.items():
        for row in await archive.fetch(f"SELECT * FROM {table}"):  # noqa: S608 (names of this file)
            one = " AND ".join(f"{key} = ${place}" for place, key in enumerate(keys, start=1))
            names, values = list(row.keys()), list(row.values())
            delete = f"DELETE FROM {table} WHERE {one}"  # noqa: S608 (names of this file)
            await without_guards(archive, delete, *(row[key] for key in keys))
            if await found(archive) == 0:
                missed.append((table, tuple(row[key] for key in keys)))
            places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
            back = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 (names of this file)
            await without_guards(archive, back, *values)
    assert missed == []
    assert await found(archive) == 0
