"""The payment ledger in PostgreSQL.

Each invoice has one row in `payables`, which is locked by whoever offers, holds or claims it, in one order for
everybody. A unique index over active claims keeps an invoice from being paid twice whatever happens above it, and
triggers keep what is not matched from being offered or claimed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import asyncpg

from adapters.postgres.bank_messages import PostgresBankMessages
from adapters.postgres.errors import translated
from adapters.postgres.evidence import storable
from adapters.postgres.values import from_json
from domain.claiming import MAX_PAYABLE, added_up, claimable, follows
from domain.money import Money
from domain.outside_errors import RefusedError
from domain.payment import PayableInvoice, Payment, PaymentState
from domain.ports.invoice_register import ClaimResult
from domain.registering import PAYABLE

SYSTEM = "payment-ledger"

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_OFFER = """
INSERT INTO payables (case_id, facility, currency, supplier, amount, due_on, body)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)
ON CONFLICT (case_id) DO UPDATE SET
    facility = excluded.facility, currency = excluded.currency, supplier = excluded.supplier,
    amount = excluded.amount, due_on = excluded.due_on, body = excluded.body
    WHERE payables.payment_id IS NULL
"""
# These leave a row that is claimed as it is, and then return none.
_WITHDRAW = """
INSERT INTO payables (case_id) VALUES ($1)
ON CONFLICT (case_id) DO UPDATE SET
    facility = NULL, currency = NULL, supplier = NULL, amount = NULL, due_on = NULL, body = NULL
    WHERE payables.payment_id IS NULL
RETURNING case_id
"""
_HOLD = """
INSERT INTO payables (case_id, hold_reason) VALUES ($1, $2)
ON CONFLICT (case_id) DO UPDATE SET hold_reason = excluded.hold_reason WHERE payables.payment_id IS NULL
RETURNING case_id
"""
_RESUME = "UPDATE payables SET hold_reason = NULL WHERE case_id = $1"
_OPEN = """
FROM payables JOIN invoice_register AS entry USING (case_id)
WHERE payables.body IS NOT NULL AND payables.payment_id IS NULL AND entry.state IN ('posted', 'payable')
"""
_CLAIMED_BY_RUN = """
SELECT payables.body::text AS body FROM payables JOIN payments USING (payment_id)
WHERE payments.run_id = $1 ORDER BY payables.due_on, payables.case_id
"""
_PAYABLE = f"""
SELECT payables.body::text AS body {_OPEN}
      AND payables.facility = $1 AND payables.currency = $2 AND hold_reason IS NULL
ORDER BY due_on, case_id LIMIT $3
"""
_HELD = f"""
SELECT payables.body::text AS body, hold_reason {_OPEN}
      AND payables.facility = $1 AND payables.currency = $2 AND hold_reason IS NOT NULL
ORDER BY due_on, case_id LIMIT $3
"""
_PAYS = f"""
SELECT DISTINCT payables.facility, payables.currency {_OPEN} AND hold_reason IS NULL
ORDER BY payables.facility, payables.currency
"""

# A run repeated while it still runs waits here for itself.
_LOCK_RUN = "SELECT pg_advisory_xact_lock(hashtextextended('payment-run:' || $1, 0))"
_LOCK_INVOICES = """
SELECT case_id, body::text AS body, hold_reason, payment_id FROM payables
WHERE case_id = ANY ($1::text[]) ORDER BY case_id FOR UPDATE
"""
_LOCK_MATCHED = """
SELECT case_id FROM invoice_register WHERE case_id = ANY ($1::text[]) AND state = ANY ($2::text[])
ORDER BY case_id FOR SHARE
"""
_KNOWN = "SELECT payment_id FROM payments WHERE payment_id = ANY ($1::text[])"
_STORE_PAYMENTS = """
INSERT INTO payments (payment_id, run_id, facility, supplier, currency, amount, pay_on, state, reason, body)
SELECT payment_id, $2, facility, supplier, currency, amount, pay_on, state, reason, body
FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
    payment_id text, facility text, supplier text, currency text, amount numeric, pay_on date, state text, reason text,
    body jsonb)) WITH ORDINALITY AS new
ORDER BY new.ordinality
"""
_STORE_CLAIMS = """
WITH new AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS n (payment_id text, case_id text, amount numeric, discount numeric)
), claimed AS (
    UPDATE payables SET payment_id = new.payment_id FROM new WHERE payables.case_id = new.case_id
)
INSERT INTO payment_items (payment_id, case_id, amount, discount)
SELECT payment_id, case_id, amount, discount FROM new ORDER BY case_id
"""
_CLAIMED = """
SELECT payables.case_id FROM payables JOIN payments USING (payment_id)
WHERE payables.case_id = ANY ($1::text[]) AND payments.run_id = $2 ORDER BY payables.case_id
"""
_LOCK_CLAIMED = "SELECT FROM payables WHERE payment_id = ANY ($1::text[]) ORDER BY case_id FOR UPDATE"
_LOCK_PAYMENTS = """
SELECT payment_id, run_id, state, freed FROM payments WHERE payment_id = ANY ($1::text[])
ORDER BY payment_id FOR UPDATE
"""
_MOVE = "UPDATE payments SET state = $2, reason = $3, freed = freed OR $4 WHERE payment_id = ANY ($1::text[])"
_END_CLAIMS = "UPDATE payment_items SET active = false WHERE payment_id = ANY ($1::text[]) AND active"
_FREE = "UPDATE payables SET payment_id = NULL WHERE payment_id = ANY ($1::text[])"

_PAYMENTS = "SELECT body::text AS body, state, reason FROM payments"
_PAYMENT = f"{_PAYMENTS} WHERE payment_id = $1"
_OF_RUN = f"{_PAYMENTS} WHERE run_id = $1 ORDER BY position"
_FOR_INVOICE = f"{_PAYMENTS} JOIN payment_items USING (payment_id) WHERE case_id = $1 ORDER BY position"
_KEPT = """
SELECT case_id, discount, currency FROM payment_items JOIN payments USING (payment_id)
WHERE case_id = ANY ($1::text[]) AND state = 'booked'
"""
_KEEP_FILE = """
INSERT INTO payment_files (message_id, run_id, name, content) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_FILE = "SELECT run_id, name, content FROM payment_files WHERE message_id = $1"


class PostgresPaymentLedger(PostgresBankMessages):
    """`domain.ports.invoice_register.PaymentLedger`, beside the register of invoices in the same database."""

    async def offer(self, invoice: PayableInvoice) -> None:
        columns = (invoice.case_id, invoice.facility, invoice.amount.currency, invoice.supplier, invoice.amount.amount)
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                if not await connection.fetch(_LOCK_MATCHED, [invoice.case_id], list(PAYABLE)):
                    message = "the invoice is not matched and posted: it may not be paid"
                    raise RefusedError(SYSTEM, "not-matched", message)
                await connection.execute(_OFFER, *columns, invoice.due_on, storable(invoice.model_dump_json()))

    async def withdraw_offer(self, case_id: str) -> bool:
        return bool(await self._fetch(_WITHDRAW, case_id))

    async def hold(self, case_id: str, reason: str) -> bool:
        return bool(await self._fetch(_HOLD, case_id, reason.replace("\x00", "\ufffd")))

    async def resume(self, case_id: str) -> None:
        await self._fetch(_RESUME, case_id)

    async def payable(self, facility: str, currency: str, limit: int) -> tuple[PayableInvoice, ...]:
        rows = await self._fetch(_PAYABLE, facility, currency, _most(limit))
        return tuple(_offer(row) for row in rows)

    async def held(self, facility: str, currency: str, limit: int) -> tuple[tuple[PayableInvoice, str], ...]:
        rows = await self._fetch(_HELD, facility, currency, _most(limit))
        return tuple((_offer(row), row["hold_reason"]) for row in rows)

    async def pays(self) -> tuple[tuple[str, str], ...]:
        return tuple((row["facility"], row["currency"]) for row in await self._fetch(_PAYS))

    async def claim(self, run_id: str, payments: Sequence[Payment]) -> ClaimResult:
        wanted = sorted({item.case_id for payment in payments for item in payment.items})
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK_RUN, run_id)
                free = await _lock_free(connection, wanted)
                known = await connection.fetch(_KNOWN, [payment.payment_id for payment in payments])
                await _store(connection, run_id, claimable(payments, free, {row["payment_id"] for row in known}))
                claimed = await connection.fetch(_CLAIMED, wanted, run_id)
        return ClaimResult(claimed=tuple(row["case_id"] for row in claimed))

    async def release(self, run_id: str, payment_ids: Sequence[str], state: PaymentState, reason: str) -> None:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK_CLAIMED, list(payment_ids))
                rows = await connection.fetch(_LOCK_PAYMENTS, list(payment_ids))
                own = [row["payment_id"] for row in rows if row["run_id"] == run_id]
                await connection.execute(_MOVE, own, state, _words(reason), True)
                await connection.execute(_END_CLAIMS, own)
                await connection.execute(_FREE, own)

    async def set_state(self, payment_ids: Sequence[str], state: PaymentState, reason: str = "") -> None:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(_LOCK_PAYMENTS, list(payment_ids))
                moved = [row["payment_id"] for row in rows if follows(row["state"], row["freed"], state)]
                await connection.execute(_MOVE, moved, state, _words(reason), False)

    async def payment(self, payment_id: str) -> Payment | None:
        rows = await self._fetch(_PAYMENT, payment_id)
        return _payment(rows[0]) if rows else None

    async def claimed(self, run_id: str) -> tuple[PayableInvoice, ...]:
        return tuple(
            PayableInvoice.model_validate_json(row["body"]) for row in await self._fetch(_CLAIMED_BY_RUN, run_id)
        )

    async def payments_of(self, run_id: str) -> tuple[Payment, ...]:
        return tuple(map(_payment, await self._fetch(_OF_RUN, run_id)))

    async def payments_for(self, case_id: str) -> tuple[Payment, ...]:
        return tuple(map(_payment, await self._fetch(_FOR_INVOICE, case_id)))

    async def discounts_kept(self, case_ids: Sequence[str]) -> Mapping[str, Money]:
        rows = await self._fetch(_KEPT, list(case_ids))
        return added_up((row["case_id"], Money(amount=row["discount"], currency=row["currency"])) for row in rows)

    async def keep_file(self, run_id: str, message_id: str, name: str, content: str) -> None:
        await self._fetch(_KEEP_FILE, message_id, run_id, name, content.encode("utf-8", "surrogatepass"))

    async def run_of(self, message_id: str) -> str | None:
        rows = await self._fetch(_FILE, message_id)
        return str(rows[0]["run_id"]) if rows else None

    async def file(self, message_id: str) -> tuple[str, str] | None:
        rows = await self._fetch(_FILE, message_id)
        return (rows[0]["name"], rows[0]["content"].decode("utf-8", "surrogatepass")) if rows else None


async def _lock_free(connection: Connection, wanted: Sequence[str]) -> dict[str, PayableInvoice]:
    rows = await connection.fetch(_LOCK_INVOICES, wanted)
    matched = {row["case_id"] for row in await connection.fetch(_LOCK_MATCHED, wanted, list(PAYABLE))}
    return {
        row["case_id"]: _offer(row)
        for row in rows
        if row["case_id"] in matched and row["body"] and row["hold_reason"] is None and row["payment_id"] is None
    }


async def _store(connection: Connection, run_id: str, payments: Sequence[Payment]) -> None:
    stored = [
        {
            **payment.model_dump(mode="json", include={"payment_id", "facility", "supplier", "pay_on", "state"}),
            "currency": payment.amount.currency,
            "amount": str(payment.amount.amount),
            "reason": payment.reason,
            "body": payment.model_copy(update={"run_id": run_id}).model_dump(mode="json"),
        }
        for payment in payments
    ]
    claims = [
        {
            "payment_id": payment.payment_id,
            "case_id": item.case_id,
            "amount": str(item.amount.amount),
            "discount": str(item.discount.amount),
        }
        for payment in payments
        for item in payment.items
    ]
    await connection.execute(_STORE_PAYMENTS, storable(json.dumps(stored)), run_id)
    await connection.execute(_STORE_CLAIMS, json.dumps(claims))


def _most(limit: int) -> int:
    return max(0, min(limit, MAX_PAYABLE))


def _words(reason: str) -> str:
    return reason.replace("\x00", "\ufffd")


def _offer(row: asyncpg.Record) -> PayableInvoice:
    return from_json(PayableInvoice, row["body"], SYSTEM)


def _payment(row: asyncpg.Record) -> Payment:
    standing: dict[str, Any] = {"state": row["state"], "reason": row["reason"]}
    return from_json(Payment, row["body"], SYSTEM).model_copy(update=standing)
