"""What banks said, in PostgreSQL: their messages once, each fact of them once, and how far each bank was read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.evidence import storable
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns
from domain.payment import BankFact, StatementBalance

SYSTEM = "payment-ledger"

_LOCK_BANK = "SELECT pg_advisory_xact_lock(hashtextextended('bank-messages:' || $1, 0))"
_MESSAGE = """
INSERT INTO bank_messages (bank, key, name, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING key
"""
_MOVE_CURSOR = """
INSERT INTO bank_cursors (bank, key) VALUES ($1, $2) ON CONFLICT (bank) DO UPDATE SET key = excluded.key
"""
_CURSOR = "SELECT key FROM bank_cursors WHERE bank = $1"
_FACTS = """
INSERT INTO bank_facts (fact_id, bank, key, kind, message_id, payment_id, amount, currency, stated_on, reason, source)
SELECT fact_id, $2, $3, kind, message_id, payment_id, amount, currency, stated_on, reason, source
FROM jsonb_to_recordset($1::jsonb) AS f (
    fact_id text, kind text, message_id text, payment_id text, amount numeric, currency text, stated_on date,
    reason text, source text)
ORDER BY fact_id COLLATE "C" ON CONFLICT DO NOTHING
"""
_OWN = "SELECT fact_id FROM bank_facts WHERE bank = $1 AND key = $2 AND fact_id = ANY ($3::text[])"
_BALANCE = """
INSERT INTO statement_balances (account_fingerprint, statement_id, stated_on, currency, opening, closing, entries_total,
                                reconciled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
"""
_BALANCES = """
SELECT * FROM statement_balances WHERE account_fingerprint = $1 ORDER BY stated_on DESC, statement_id DESC LIMIT $2
"""


class PostgresBankMessages:
    """The part of the payment ledger that takes in what banks say."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def cursor(self, bank: str) -> str:
        rows = await self._fetch(_CURSOR, bank)
        return str(rows[0]["key"]) if rows else ""

    async def take_in(
        self,
        bank: str,
        key: str,
        name: str,
        content: str,
        facts: Sequence[BankFact],
        balances: Sequence[StatementBalance],
        read: bool = True,
    ) -> tuple[BankFact, ...]:
        text = content.encode("utf-8", "surrogatepass")
        said = {fact.fact_id: fact for fact in reversed(facts)}
        columns = storable(json.dumps([_fact_columns(fact) for fact in said.values()]))
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK_BANK, bank)
                if await connection.fetchval(_MESSAGE, bank, key, name, text) is not None and read:
                    await connection.execute(_MOVE_CURSOR, bank, key)
                await connection.executemany(_BALANCE, [_balance_columns(each) for each in balances])
                await connection.execute(_FACTS, columns, bank, key)
                rows = await connection.fetch(_OWN, bank, key, list(said))
        own = {row["fact_id"] for row in rows}
        return tuple(said[each] for each in dict.fromkeys(fact.fact_id for fact in facts) if each in own)

    async def read_up_to(self, bank: str, key: str) -> None:
        await self._fetch(_MOVE_CURSOR, bank, key)

    async def balances(self, account_fingerprint: str, limit: int) -> tuple[StatementBalance, ...]:
        rows = await self._fetch(_BALANCES, account_fingerprint, max(0, limit))
        return tuple(map(_balance, rows))

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated(SYSTEM):
            return await self._pool.fetch(sql, *arguments)


def _fact_columns(fact: BankFact) -> dict[str, Any]:
    plain = fact.model_dump(mode="json", include={"fact_id", "kind", "message_id", "payment_id", "reason", "source"})
    amount = {"amount": str(fact.amount.amount), "currency": fact.amount.currency} if fact.amount else {}
    return {**plain, **amount, "stated_on": fact.on.isoformat() if fact.on else None}


def _balance_columns(balance: StatementBalance) -> tuple[Any, ...]:
    amounts = [each.amount for each in (balance.opening, balance.closing, balance.entries_total)]
    named = (balance.account_fingerprint, balance.statement_id, balance.on, balance.opening.currency)
    return (*named, *amounts, balance.reconciled)


def _balance(row: asyncpg.Record) -> StatementBalance:
    columns = dict(row) | {"on": row["stated_on"]}
    for name in ("opening", "closing", "entries_total"):
        columns[name] = {"amount": row[name], "currency": row["currency"]}
    return from_columns(StatementBalance, columns, SYSTEM)
