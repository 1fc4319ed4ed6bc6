"""Sets up the reference ERP: its schema, its master data, and a look at its books for those who count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg

from adapters.erp.reference.errors import CLASSIFIED, classify
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
        for statement, rows in _loads(system):
            await connection.execute(statement, json.dumps(rows, default=str))
        await connection.execute("UPDATE erp.setting SET over_receipt_percent = $1", system.over_receipt_percent)
        return True


async def order_summaries(dsn: str, case_ids: Sequence[str] | None = None) -> tuple[OrderSummary, ...]:
    """The orders in the books, of some cases or of all, by number."""
    async with _connected(dsn) as connection:
        rows = await connection.fetch(
            "SELECT * FROM erp.order_summary WHERE $1::text[] IS NULL OR case_id = ANY ($1) ORDER BY number",
            None if case_ids is None else list(case_ids),
        )
        return tuple(OrderSummary.model_validate(dict(row)) for row in rows)


async def count_orders(dsn: str, case_ids: Sequence[str] | None = None) -> int:
    """How many orders the ERP holds, of some cases or of all, cancelled ones included."""
    return len(await order_summaries(dsn, case_ids))


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
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
    async with _connected(dsn) as connection, connection.transaction():
        await connection.execute("SET LOCAL client_min_messages = warning")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        yield connection


def _loads(system: ReferenceSystem) -> list[tuple[str, list[dict[str, Any]]]]:
    """Statements and their rows, in the order in which the tables refer to one another."""
    return [
        (
            _upsert("account", "code text, name text, open boolean", key="code"),
            [each.model_dump(include={"code", "name", "open"}) for each in system.accounts],
        ),
        (
            _upsert("category_account", "category text, account text", key="category"),
            [{"category": name, "account": each.code} for each in system.accounts for name in each.categories],
        ),
        (
            _upsert("cost_centre", "code text, name text, facility text, open boolean, owner text", key="code"),
            [each.model_dump() for each in system.cost_centres],
        ),
        (
            _upsert(
                "supplier",
                "code text, name text, email text, currency text, blocked_orders boolean, blocked_payment boolean, "
                "lead_days integer, gln text, country text, risk text",
                key="code",
            ),
            [
                each.model_dump()
                | {"blocked_orders": "orders" in each.blocked_for, "blocked_payment": "payment" in each.blocked_for}
                for each in system.suppliers
            ],
        ),
        (
            _upsert(
                "item",
                "code text, description text, category text, account text, unit text, unit_quantity numeric, "
                "pack_size integer, price numeric, currency text, supplier text, gtin text, unspsc text, "
                "active boolean, substitute text",
                key="code",
            ),
            [
                each.model_dump()
                | {"unit": each.unit.unit, "unit_quantity": each.unit.value, "pack_size": each.unit.pack_size}
                | {"price": each.price.amount, "currency": each.price.currency}
                for each in system.items
            ],
        ),
        *_contract_loads(system),
        (
            _upsert("stock", "facility text, item text, available numeric", key="facility, item", keep="available"),
            [each.model_dump() for each in system.stock],
        ),
        (
            _upsert(
                "budget",
                "facility text, cost_centre text, account text, fiscal_year integer, total numeric, spent numeric, "
                "currency text",
                key="facility, cost_centre, account, fiscal_year",
            ),
            [
                each.key.model_dump()
                | {"total": each.total.amount, "spent": each.spent.amount, "currency": each.total.currency}
                for each in system.budgets
            ],
        ),
        *_closed_period_loads(system),
    ]


def _contract_loads(system: ReferenceSystem) -> list[tuple[str, list[dict[str, Any]]]]:
    contracts = [
        each.model_dump()
        | {"currency": each.tiers[0].price.currency}
        | {"value_limit": None if each.limit is None else each.limit.amount}
        | {"drawn": 0 if each.drawn is None else each.drawn.amount}
        for each in system.contracts
    ]
    tiers = [
        {"contract": each.number, "minimum": tier.minimum, "price": tier.price.amount}
        for each in system.contracts
        for tier in each.tiers
    ]
    columns = (
        "number text, supplier text, item text, starts date, ends date, currency text, value_limit numeric, "
        "drawn numeric"
    )
    return [
        (_upsert("contract", columns, key="number", keep="drawn"), contracts),
        (
            "DELETE FROM erp.contract_tier t USING jsonb_to_recordset($1::jsonb) AS r (number text) "
            "WHERE t.contract = r.number",
            contracts,
        ),
        (_upsert("contract_tier", "contract text, minimum numeric, price numeric", key="contract, minimum"), tiers),
    ]


def _closed_period_loads(system: ReferenceSystem) -> list[tuple[str, list[dict[str, Any]]]]:
    periods = [each.model_dump() for each in system.closed_periods]
    return [
        (
            "DELETE FROM erp.closed_period p USING jsonb_to_recordset($1::jsonb) AS r (facility text) "
            "WHERE p.facility = r.facility",
            periods,
        ),
        (_upsert("closed_period", "facility text, starts date, ends date", key="facility, starts, ends"), periods),
    ]


def _upsert(table: str, columns: str, key: str, keep: str = "") -> str:
    """Insert rows from JSON; a known `key` takes the new values, except in the columns of `keep`."""
    names = [column.split()[0] for column in columns.split(", ")]
    fixed = {*key.split(", "), *keep.split(", ")}
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
    return (
        f"INSERT INTO erp.{table} ({', '.join(names)}) SELECT * FROM jsonb_to_recordset($1::jsonb) AS r ({columns}) "  # noqa: S608 - every name is a constant of this module
        f"ON CONFLICT ({key}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}"
    )
