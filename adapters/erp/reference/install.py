"""Sets up the reference ERP: its schema, its master data, and a look at its books for those who count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from decimal import Decimal
from pathlib import Path

import asyncpg

from adapters.erp.reference.errors import ERP
from adapters.erp.reference.loads import loads
from adapters.sql_system import alone, run_schema
from adapters.sql_system import connected as connected_to
from domain.model import Value
from domain.reference_system import ReferenceSystem

SCHEMA = sorted((Path(__file__).parent / "schema").glob("*.sql"))


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
    await run_schema(dsn, ERP, SCHEMA)


async def seed(dsn: str, system: ReferenceSystem) -> bool:
    """Load the master data; False when exactly this was loaded before, and then nothing is touched.

    A changed load updates codes that it names and removes none; a facility that it names has exactly its closed
    periods. Stock and what is drawn from contracts are opening balances: once an item or a contract is there, only
    documents move them.
    """
    fingerprint = hashlib.sha256(system.model_dump_json(exclude={"people"}).encode()).hexdigest()
    async with alone(dsn, ERP) as connection:
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


def connected(dsn: str) -> AbstractAsyncContextManager[asyncpg.Connection[asyncpg.Record]]:
    """A connection of one's own, for a look at the books. Raises the errors of `domain.outside_errors`."""
    return connected_to(dsn, ERP)
