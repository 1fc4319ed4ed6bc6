"""The register of invoices in PostgreSQL.

Whoever registers waits for those who register an invoice of the same supplier, so that everybody sees what is in
flight; a unique index keeps a number from being held twice whatever happens above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.evidence import storable
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns, from_json
from domain.invoice_control import AccountConfirmation, RegisteredInvoice
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.ports.invoice_register import InvoiceState, Registration
from domain.registering import MAX_SIMILAR, entered, holds_number, number_key

SYSTEM = "invoice-register"

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_LOCK_SUPPLIER = "SELECT pg_advisory_xact_lock(hashtextextended('invoice-register:' || $1, 0))"
_COLUMNS = """case_id, facility, supplier, number, kind, amount, currency, issued_on, order_numbers, document_sha256,
    state, registered_at"""
_ENTRY = f"SELECT {_COLUMNS} FROM invoice_register WHERE case_id = $1"  # noqa: S608 - the columns are constant
_STATES = "SELECT case_id, state FROM invoice_register WHERE case_id = ANY ($1::text[])"
_HOLDER = f"""
SELECT {_COLUMNS} FROM invoice_register
WHERE supplier = $1 AND number_key = $2 AND kind = $3 AND case_id <> $4
      AND state NOT IN ('rejected', 'duplicate', 'cancelled')
"""  # noqa: S608 - as above
_ENTER = f"""
INSERT INTO invoice_register ({_COLUMNS}, number_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (case_id) DO UPDATE SET
    facility = excluded.facility, supplier = excluded.supplier, number = excluded.number, kind = excluded.kind,
    amount = excluded.amount, currency = excluded.currency, issued_on = excluded.issued_on,
    order_numbers = excluded.order_numbers, document_sha256 = excluded.document_sha256, state = excluded.state,
    number_key = excluded.number_key
"""  # noqa: S608 - as above
# The order of `domain.registering.nearness`.
SIMILAR = f"""
SELECT {_COLUMNS} FROM invoice_register
WHERE case_id <> $3 AND state NOT IN ('rejected', 'duplicate', 'cancelled') AND (
    document_sha256 = $9
    OR (supplier = $1 AND number_key = $5 AND issued_on >= $4)
    OR (supplier = $1 AND amount = $6 AND currency = $7 AND kind = $2 AND issued_on >= $4)
    OR (order_numbers && $8 AND order_numbers <> '{{}}' AND supplier = $1 AND kind = $2 AND issued_on >= $4))
ORDER BY document_sha256 <> $9, number_key <> $5, (amount, currency) <> ($6, $7), issued_on DESC, case_id
LIMIT {MAX_SIMILAR}
"""  # noqa: S608 - as above
_FIND = f"""
SELECT {_COLUMNS} FROM invoice_register
WHERE supplier = $1 AND number_key = ANY ($2::text[]) AND kind = 'invoice' AND state <> 'duplicate'
ORDER BY state IN ('rejected', 'cancelled'), registered_at, case_id
"""  # noqa: S608 - as above
_CASES_OF_ORDERS = """
SELECT case_id FROM invoice_register WHERE order_numbers && $1 AND order_numbers <> '{}'
ORDER BY registered_at, case_id
"""
_SET_STATE = "UPDATE invoice_register SET state = $2 WHERE case_id = $1 AND state <> $2"
_CONFIRM = """
INSERT INTO account_confirmations (supplier, account_fingerprint, case_id, confirmed_at, body)
VALUES ($1, $2, $3, $4, $5::jsonb) ON CONFLICT DO NOTHING
"""
_CONFIRMATIONS = """
SELECT body::text AS body FROM account_confirmations WHERE supplier = $1
ORDER BY confirmed_at, case_id, account_fingerprint
"""


class PostgresInvoiceRegister:
    """`domain.ports.invoice_register.InvoiceRegister`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def register(self, invoice: RegisteredInvoice, since: date) -> Registration:
        with translated(SYSTEM):
            try:
                async with self._pool.acquire() as connection, connection.transaction():
                    return await _register(connection, invoice, since)
            except asyncpg.CheckViolationError:
                raise RefusedError(SYSTEM, "unknown-state", f"{invoice.state} is no state of an invoice") from None
            except asyncpg.UniqueViolationError:  # a freed entry was taken up again meanwhile, which takes no lock
                message = "somebody else took the number this instant"
                raise TemporarilyUnavailableError(SYSTEM, "number-race", message) from None

    async def set_state(self, case_id: str, state: InvoiceState) -> None:
        with translated(SYSTEM):
            try:
                await self._pool.execute(_SET_STATE, case_id, state)
            except asyncpg.UniqueViolationError:
                message = "another case holds the number of the invoice"
                raise RefusedError(SYSTEM, "number-held", message) from None

    async def entry(self, case_id: str) -> RegisteredInvoice | None:
        found = await self._entries(_ENTRY, case_id)
        return found[0] if found else None

    async def states(self, case_ids: Sequence[str]) -> Mapping[str, str]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_STATES, list(case_ids))
        return {row["case_id"]: row["state"] for row in rows}

    async def find(self, supplier: str, numbers: Sequence[str]) -> tuple[RegisteredInvoice, ...]:
        return await self._entries(_FIND, supplier, [number_key(number) for number in numbers])

    async def cases_of_orders(self, order_numbers: Sequence[str]) -> tuple[str, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_CASES_OF_ORDERS, list(order_numbers))
        return tuple(row["case_id"] for row in rows)

    async def confirm_account(self, confirmation: AccountConfirmation) -> None:
        key = (confirmation.supplier, confirmation.account_fingerprint, confirmation.case_id)
        with translated(SYSTEM):
            await self._pool.execute(_CONFIRM, *key, confirmation.at, storable(confirmation.model_dump_json()))

    async def confirmations(self, supplier: str) -> tuple[AccountConfirmation, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_CONFIRMATIONS, supplier)
        return tuple(from_json(AccountConfirmation, row["body"], SYSTEM) for row in rows)

    async def _entries(self, sql: str, *arguments: Any) -> tuple[RegisteredInvoice, ...]:
        with translated(SYSTEM):
            return tuple(map(_entry, await self._pool.fetch(sql, *arguments)))


async def _register(connection: Connection, invoice: RegisteredInvoice, since: date) -> Registration:
    key = number_key(invoice.number)
    await connection.execute(_LOCK_SUPPLIER, invoice.supplier)
    known = await connection.fetchrow(f"{_ENTRY} FOR UPDATE", invoice.case_id)
    held = await connection.fetchrow(_HOLDER, invoice.supplier, key, invoice.kind, invoice.case_id)
    holder = _entry(held) if held else None
    entry = entered(invoice, _entry(known) if known else None, holder)
    await connection.execute(_ENTER, *_columns(entry), number_key(entry.number))
    similar = await connection.fetch(
        SIMILAR,
        *(invoice.supplier, invoice.kind, invoice.case_id, since, key),
        *(invoice.amount.amount, invoice.amount.currency, list(invoice.order_numbers)),
        invoice.document_sha256,
    )
    registered = holds_number(entry)
    return Registration(
        registered=registered, holder=None if registered else holder, similar=tuple(map(_entry, similar))
    )


def _columns(entry: RegisteredInvoice) -> list[Any]:
    return [
        *(entry.case_id, entry.facility, entry.supplier, entry.number, entry.kind),
        *(entry.amount.amount, entry.amount.currency, entry.issued_on, list(entry.order_numbers)),
        *(entry.document_sha256, entry.state, entry.registered_at),
    ]


def _entry(row: asyncpg.Record) -> RegisteredInvoice:
    columns = dict(row)
    columns["amount"] = {"amount": columns.pop("amount"), "currency": columns.pop("currency")}
    return from_columns(RegisteredInvoice, columns, SYSTEM)
