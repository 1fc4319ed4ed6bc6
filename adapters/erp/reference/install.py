"""Sets up the reference ERP: its schema, its master data, and a look at its books for those who count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import asyncpg

from adapters.erp.reference.errors import CLASSIFIED, classify
from adapters.erp.reference.loads import loads
from domain.model import Value
from domain.reference_system import ReferenceSystem

SCHEMA = Path(__file__).parent / "schema"

# Any constant does, as long as every release locks the same one: starts side by side wait for one another.
_LOCK = int.from_bytes(b"erp-set", "big")


class OrderSummary(Value):
    """One order as the ERP's own books show it, whoever caused it. `receipts` and `returns` count documents."""

    number: str
    external_id: str
    case_id: str
    facility: str
    supplier: str
    status: str
    currency: str
    ordered_on: date
    total: Decimal
    lines: int
    receipts: int
    returns: int


async def install(dsn: str) -> None:
    """Bring the schema up to this release; what is there stays. Raises the errors of `domain.outside_errors`."""
    files = sorted(SCHEMA.glob("*.sql"))
    async with _alone(dsn) as connection:
        for file in files:
            await connection.execute(file.read_text(encoding="utf-8"))


async def seed(dsn: str, system: ReferenceSystem) -> bool:
    """Load the master data; False when exactly this was loaded before, and then nothing is touched.

    A changed load updates codes that it names and removes none; a facility that it names has exactly its closed
    periods. Stock and what is drawn from contracts are opening balances: once an item or a contract is there, only
    documents move them.
    """
    fingerprint = hashlib.sha256(system.model_dump_json(exclude={"people"}).encode()).hexdigest()
    async with _alone(dsn) as connection:
        new = await connection.fetchval(
            "INSERT INTO erp.data_load (sha256) VALUES ($1) ON CONFLICT DO NOTHING RETURNING true", fingerprint
        )
        if not new:
            return False
        for statement, rows in loads(system):
            await connection.execute(statement, json.dumps(rows, default=str))
        await connection.execute(
            "UPDATE erp.setting SET over_receipt_percent = $1, shared_facility = $2",
            system.over_receipt_percent,
            system.shared_facility,
        )
        return True


async def order_summaries(dsn: str, case_ids: Sequence[str] | None = None) -> tuple[OrderSummary, ...]:
    """The orders in the books, of some cases or of all, by number."""
    async with connected(dsn) as connection:
        rows = await connection.fetch(
            "SELECT * FROM erp.order_summary WHERE $1::text[] IS NULL OR case_id = ANY ($1) ORDER BY number",
            None if case_ids is None else list(case_ids),
        )
        return tuple(OrderSummary.model_validate(dict(row)) for row in rows)


async def count_orders(dsn: str, case_ids: Sequence[str] | None = None) -> int:
    """How many orders the ERP holds, of some cases or of all, cancelled ones included."""
    return len(await order_summaries(dsn, case_ids))


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection of one's own, for a look at the books. Raises the errors of `domain.outside_errors`."""
    try:
        connection = await asyncpg.connect(dsn, timeout=30, command_timeout=120)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)
    except CLASSIFIED as error:
        raise classify(error) from error


@asynccontextmanager
async def _alone(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection in one transaction, of which there is one at a time."""
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute("SET LOCAL client_min_messages = warning")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        yield connection
