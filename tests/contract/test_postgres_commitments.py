"""What only the ledger in PostgreSQL must show: its history explains its books, and its failures are classified."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.postgres.commitments import PostgresCommitments
from adapters.postgres.pool import Pool, open_pool
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.commitments import a_budget, a_line, budget_key, dollars
from tests.fixtures.postgres import PostgresTestServer

MOVED = """
SELECT budget_id AS id, sum(reserved) AS reserved, sum(ordered) AS ordered, sum(invoiced) AS invoiced
FROM commitment_movements GROUP BY budget_id ORDER BY budget_id
"""
HELD = MOVED.replace("commitment_movements", "commitment_holdings")
STANDING = "SELECT id, reserved, ordered, invoiced FROM commitment_budgets ORDER BY id"


@pytest.fixture
async def dsn(postgres_server: PostgresTestServer, evidence_template: str) -> str:
    return await postgres_server.create_database("commitments", evidence_template)


@asynccontextmanager
async def pool_of(dsn: str, statement_timeout_ms: int = 60_000) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, max_size=20, statement_timeout_ms=statement_timeout_ms, system="commitments")
    try:
        yield pool
    finally:
        await pool.close()


async def life(ledger: PostgresCommitments, case: str) -> None:
    lines = [a_line(1, 10), a_line(2, 20, "4200")]
    budgets = [a_budget(10_000), a_budget(10_000, cost_centre="4200")]
    await ledger.reserve(f"{case}:1", case, lines, budgets, "stop")
    await ledger.reserve(f"{case}:2", case, lines[:1], budgets, "stop")
    await ledger.move_to_order(f"{case}:3", case, [a_line(1, "9.99")])
    await ledger.invoice(f"{case}:4", case, [a_line(1, 4)])
    await ledger.release(f"{case}:5", case)


async def test_history_holdings_and_budget_lines_agree(dsn: str) -> None:
    async with pool_of(dsn) as pool:
        ledger = PostgresCommitments(pool)
        for batch in range(4):
            await asyncio.gather(*(life(ledger, f"case-{batch}-{number}") for number in range(5)))
        moved, held, standing = [await pool.fetch(query) for query in (MOVED, HELD, STANDING)]
        (position,) = await ledger.positions([budget_key()])
    assert [dict(row) for row in moved] == [dict(row) for row in held] == [dict(row) for row in standing]
    assert (position.reserved, position.ordered, position.invoiced) == (dollars(0), dollars(0), dollars(80))


async def test_a_budget_line_that_somebody_keeps_is_waited_for_and_then_given_up(dsn: str) -> None:
    async with pool_of(dsn) as patient, pool_of(dsn, statement_timeout_ms=400) as hurried:
        ledger = PostgresCommitments(patient)
        await ledger.reserve("k1", "case-1", [a_line(1, 10)], [a_budget(100)], "stop")
        async with patient.acquire() as other, other.transaction():
            await other.execute("SELECT FROM commitment_budgets FOR UPDATE")
            with pytest.raises(TemporarilyUnavailableError) as failure:
                await PostgresCommitments(hurried).reserve("k2", "case-2", [a_line(1, 10)], [a_budget(100)], "stop")
        assert failure.value.system == "commitments"
        assert (await ledger.reserve("k2", "case-2", [a_line(1, 10)], [a_budget(100)], "stop")).reserved
