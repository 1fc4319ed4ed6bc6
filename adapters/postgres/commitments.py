"""The commitment ledger in PostgreSQL.

An operation is one transaction: it locks its case, then its budget lines in one order for everybody, then books by the
rules of `domain.commitments`. So concurrent operations wait for one another, never in a circle, and never overspend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from domain.commitments import (
    Behaviour,
    Booking,
    BudgetLine,
    BudgetLines,
    Holding,
    Holdings,
    book,
    book_reservation,
    credit,
    currencies,
    invoice,
    move_to_order,
    refreshed,
    release,
    still_ordered,
)
from domain.master_data import Budget, BudgetKey
from domain.model import Value
from domain.money import Money
from domain.ports.commitments import BudgetPosition, CommitmentLine, ReservationResult

SYSTEM = "commitments"

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Kind = Literal["reserve", "order", "invoice", "credit", "release"]
Rule = Callable[[Holdings, BudgetLines], Booking]

_LOCK_CASE = "SELECT pg_advisory_xact_lock(hashtextextended('commitments:' || $1, 0))"
_DONE = "SELECT result FROM commitment_operations WHERE key = $1"
_HOLDINGS = """
SELECT h.line, h.reserved, h.ordered, h.invoiced, b.facility, b.cost_centre, b.account, b.fiscal_year, b.currency
FROM commitment_holdings h JOIN commitment_budgets b ON b.id = h.budget_id WHERE h.case_id = $1
"""
# Makes the budget lines that are new, and locks them all, in one sorted pass.
_LOCK_BUDGETS = """
INSERT INTO commitment_budgets AS b (facility, cost_centre, account, fiscal_year, currency)
SELECT facility, cost_centre, account, fiscal_year, currency
FROM jsonb_to_recordset($1::jsonb)
    AS k (facility text, cost_centre text, account text, fiscal_year integer, currency text)
ORDER BY facility COLLATE "C", cost_centre COLLATE "C", account COLLATE "C", fiscal_year
ON CONFLICT (facility, cost_centre, account, fiscal_year) DO UPDATE SET currency = b.currency
RETURNING b.*
"""
_KEEP_BUDGETS = """
UPDATE commitment_budgets b
SET total = n.total, spent = n.spent, reserved = n.reserved, ordered = n.ordered, invoiced = n.invoiced
FROM jsonb_to_recordset($1::jsonb)
    AS n (id bigint, total numeric, spent numeric, reserved numeric, ordered numeric, invoiced numeric)
WHERE b.id = n.id
"""
_KEEP_BOOKING = """
WITH operation AS (
    INSERT INTO commitment_operations (key, case_id, kind, result) VALUES ($1, $2, $3, $4)
), holding AS (
    INSERT INTO commitment_holdings (case_id, line, budget_id, reserved, ordered, invoiced)
    SELECT $2, line, budget_id, reserved, ordered, invoiced
    FROM jsonb_to_recordset($5::jsonb)
        AS h (line integer, budget_id bigint, reserved numeric, ordered numeric, invoiced numeric)
    ON CONFLICT (case_id, line, budget_id) DO UPDATE
    SET reserved = excluded.reserved, ordered = excluded.ordered, invoiced = excluded.invoiced
)
INSERT INTO commitment_movements (key, case_id, line, budget_id, reserved, ordered, invoiced)
SELECT $1, $2, line, budget_id, reserved, ordered, invoiced
FROM jsonb_to_recordset($6::jsonb)
    AS m (line integer, budget_id bigint, reserved numeric, ordered numeric, invoiced numeric)
"""
_POSITIONS = """
SELECT b.* FROM commitment_budgets b JOIN (
    SELECT DISTINCT * FROM jsonb_to_recordset($1::jsonb)
        AS k (facility text, cost_centre text, account text, fiscal_year integer)
) k USING (facility, cost_centre, account, fiscal_year)
"""


class PostgresCommitments:
    """`domain.ports.commitments.CommitmentPort` over the pool of Corridor's own database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reserve(
        self,
        key: str,
        case_id: str,
        lines: Sequence[CommitmentLine],
        budgets: Sequence[Budget],
        behaviour: Behaviour,
    ) -> ReservationResult:
        def rule(before: Holdings, held: BudgetLines) -> Booking:
            latest = refreshed(held, {line.budget for line in lines}, budgets)
            return book_reservation(before, lines, latest, behaviour)

        return await self._book(key, case_id, "reserve", lines, rule)

    async def move_to_order(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        await self._book(key, case_id, "order", lines, lambda old, held: book(old, move_to_order(old, lines), held))

    async def invoice(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        await self._book(key, case_id, "invoice", lines, lambda old, held: book(old, invoice(old, lines), held))

    async def credit(self, key: str, case_id: str, lines: Sequence[CommitmentLine]) -> None:
        await self._book(key, case_id, "credit", lines, lambda old, held: book(old, credit(old, lines), held))

    async def ordered(self, case_id: str) -> tuple[CommitmentLine, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_HOLDINGS, case_id)
        return still_ordered({each.place: each for each in map(_holding, rows)})

    async def release(self, key: str, case_id: str, lines: Sequence[int] | None = None) -> None:
        await self._book(key, case_id, "release", (), lambda old, held: book(old, release(old, lines), held))

    async def positions(self, keys: Sequence[BudgetKey]) -> tuple[BudgetPosition, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_POSITIONS, json.dumps([key.model_dump() for key in keys]))
        return tuple(sorted((_budget_line(row).position() for row in rows), key=lambda each: str(each.key)))

    async def _book(
        self, key: str, case_id: str, kind: Kind, lines: Sequence[CommitmentLine], rule: Rule
    ) -> ReservationResult:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK_CASE, case_id)
                done = await connection.fetchval(_DONE, key)
                if done is not None:
                    return ReservationResult.model_validate_json(done)
                before = {each.place: each for each in map(_holding, await connection.fetch(_HOLDINGS, case_id))}
                ids, held = await _lock_budgets(connection, currencies(before, lines))
                booking = rule(before, held)
                await _keep(connection, (key, case_id, kind), booking, ids)
                return booking.result


async def _lock_budgets(
    connection: Connection, wanted: Mapping[BudgetKey, str]
) -> tuple[dict[BudgetKey, int], dict[BudgetKey, BudgetLine]]:
    keys = json.dumps([key.model_dump() | {"currency": currency} for key, currency in wanted.items()])
    rows = await connection.fetch(_LOCK_BUDGETS, keys)
    lines = [_budget_line(row) for row in rows]
    ids = {line.key: row["id"] for line, row in zip(lines, rows, strict=True)}
    return ids, {line.key: line for line in lines}


async def _keep(
    connection: Connection, operation: tuple[str, str, Kind], booking: Booking, ids: Mapping[BudgetKey, int]
) -> None:
    """An operation that booked nothing for lack of money is not remembered: it may be tried again under its key."""
    budgets = [_amounts(line, "total", "spent") | {"id": ids[line.key]} for line in booking.budgets]
    await connection.execute(_KEEP_BUDGETS, json.dumps(budgets))
    if not booking.result.reserved:
        return
    holdings = [_amounts(each) | {"line": each.line, "budget_id": ids[each.budget]} for each in booking.holdings]
    movements = [_amounts(each) | {"line": each.line, "budget_id": ids[each.budget]} for each in booking.movements]
    result = booking.result.model_dump_json()
    await connection.execute(_KEEP_BOOKING, *operation, result, json.dumps(holdings), json.dumps(movements))


def _amounts(value: Value, *more: str) -> dict[str, Any]:
    """The amounts of a holding, movement or budget line as text, which loses nothing."""
    amounts: dict[str, Money | None] = {
        name: getattr(value, name) for name in ("reserved", "ordered", "invoiced", *more)
    }
    return {name: None if money is None else str(money.amount) for name, money in amounts.items()}


def _budget_key(row: asyncpg.Record) -> BudgetKey:
    return BudgetKey(
        facility=row["facility"], cost_centre=row["cost_centre"], account=row["account"], fiscal_year=row["fiscal_year"]
    )


def _budget_line(row: asyncpg.Record) -> BudgetLine:
    def money(name: str) -> Money:
        return Money(amount=row[name], currency=row["currency"])

    return BudgetLine(
        key=_budget_key(row),
        total=None if row["total"] is None else money("total"),
        spent=money("spent"),
        reserved=money("reserved"),
        ordered=money("ordered"),
        invoiced=money("invoiced"),
    )


def _holding(row: asyncpg.Record) -> Holding:
    def money(name: str) -> Money:
        return Money(amount=row[name], currency=row["currency"])

    return Holding(
        line=row["line"],
        budget=_budget_key(row),
        reserved=money("reserved"),
        ordered=money("ordered"),
        invoiced=money("invoiced"),
    )
