"""Whose accounts are whose, and who holds what and why, in PostgreSQL. Unique indexes decide who comes first."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns
from domain.accounts import HeldAccount, HeldEntitlement, name_key
from domain.outside_errors import RefusedError

SYSTEM = "access-register"

_CLAIM = """
INSERT INTO accounts (system, worker_id, user_name, name_key, account_id, case_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING
"""
_ACCOUNTS = "SELECT system, worker_id, user_name, account_id, case_id FROM accounts"
_OF_WORKER_THERE = f"{_ACCOUNTS} WHERE system = $1 AND worker_id = $2"
_OF_WORKER = f"{_ACCOUNTS} WHERE worker_id = $1 ORDER BY system"
_OF_ACCOUNT = f"{_ACCOUNTS} WHERE system = $1 AND account_id = $2 AND account_id <> ''"
_BIND = "UPDATE accounts SET account_id = $3 WHERE system = $1 AND worker_id = $2 RETURNING system"
_FREE = "DELETE FROM accounts WHERE system = $1 AND worker_id = $2 AND case_id = $3"
_GRANT = """
INSERT INTO entitlements
    (worker_id, system, entitlement, group_name, reason, source, case_id, granted_at, until, reverse)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (worker_id, system, entitlement) WHERE revoked_at IS NULL DO NOTHING
"""
_REVOKE = """
UPDATE entitlements SET revoked_at = now(), revoked_by = $5, revoked_case = $4
WHERE worker_id = $1 AND system = $2 AND entitlement = $3 AND revoked_at IS NULL
"""
_ENTITLEMENTS = """
SELECT worker_id, system, entitlement, group_name AS "group", reason, source, case_id, granted_at, until, reverse
FROM entitlements
"""
_HELD = f"{_ENTITLEMENTS} WHERE worker_id = $1 AND revoked_at IS NULL ORDER BY position"
_ENDING = f"{_ENTITLEMENTS} WHERE until < $1 AND revoked_at IS NULL ORDER BY until, position LIMIT $2"


class PostgresAccessRegister:
    """`domain.ports.identity.AccessRegister`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim_name(self, held: HeldAccount) -> HeldAccount:
        columns = (held.system, held.worker_id, held.user_name, name_key(held.user_name), held.account_id, held.case_id)
        await self._fetch(_CLAIM, *columns)
        known = await self.account_of(held.system, held.worker_id)
        if known is not None:
            return known
        if await self._fetch(_OF_ACCOUNT, held.system, held.account_id):
            raise _conflict()
        raise RefusedError(SYSTEM, "username-taken", "the user name is claimed for another worker")

    async def bind(self, system: str, worker_id: str, account_id: str) -> None:
        with translated(SYSTEM):
            try:
                bound = await self._pool.fetch(_BIND, system, worker_id, account_id)
            except asyncpg.UniqueViolationError:
                raise _conflict() from None
        if not bound:
            raise RefusedError(SYSTEM, "name-not-claimed", "no user name is claimed for the worker")

    async def account_of(self, system: str, worker_id: str) -> HeldAccount | None:
        rows = await self._fetch(_OF_WORKER_THERE, system, worker_id)
        return _account(rows[0]) if rows else None

    async def accounts(self, worker_id: str) -> tuple[HeldAccount, ...]:
        return tuple(map(_account, await self._fetch(_OF_WORKER, worker_id)))

    async def free(self, system: str, worker_id: str, case_id: str) -> None:
        await self._fetch(_FREE, system, worker_id, case_id)

    async def grant(self, held: HeldEntitlement) -> None:
        await self._fetch(
            _GRANT,
            *(held.worker_id, held.system, held.entitlement, held.group, _words(held.reason), held.source),
            *(held.case_id, held.granted_at, held.until, held.reverse),
        )

    async def revoke(self, worker_id: str, system: str, entitlement: str, case_id: str, by: str) -> None:
        await self._fetch(_REVOKE, worker_id, system, entitlement, case_id, by)

    async def held(self, worker_id: str) -> tuple[HeldEntitlement, ...]:
        rows = await self._fetch(_HELD, worker_id)
        return tuple(from_columns(HeldEntitlement, dict(row), SYSTEM) for row in rows)

    async def ending(self, on: date, limit: int) -> tuple[HeldEntitlement, ...]:
        rows = await self._fetch(_ENDING, on, limit)
        return tuple(from_columns(HeldEntitlement, dict(row), SYSTEM) for row in rows)

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated(SYSTEM):
            return list(await self._pool.fetch(sql, *arguments))


def _account(row: asyncpg.Record) -> HeldAccount:
    return from_columns(HeldAccount, dict(row), SYSTEM)


def _conflict() -> RefusedError:
    return RefusedError(SYSTEM, "account-conflict", "the account is another worker's")


def _words(text: str) -> str:
    return text.replace("\x00", "\ufffd")
