"""Delegations in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from adapters.paging import Cursor, CursorReader, bounded
from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns, from_json
from domain.delegation import Delegation, DelegationScope
from domain.ports.delegations import DelegationPage, DelegationTakenError

_COLUMNS = """
delegation_id, delegator, delegate, valid_from, valid_until, scope::text AS scope, reason, made_by, made_at,
revoked_at, revoked_by
"""
_ADD = """
INSERT INTO delegations (delegation_id, delegator, delegate, valid_from, valid_until, scope, reason, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9)
ON CONFLICT (delegation_id) DO NOTHING
"""
_REVOKE = """
UPDATE delegations SET revoked_by = $2, revoked_at = $3 WHERE delegation_id = $1 AND revoked_at IS NULL
"""
_VALID = "revoked_at IS NULL AND valid_from <= $2 AND valid_until > $2"
_OVERLAPPING = f"""
SELECT {_COLUMNS} FROM delegations
WHERE (delegator = $1 OR delegate = $1) AND revoked_at IS NULL AND valid_until > $2 AND valid_from < $3
ORDER BY valid_from, delegation_id
"""  # noqa: S608 (column names of this module)
_PAGE = f"""
SELECT {_COLUMNS} FROM delegations
WHERE (delegator = $1 OR delegate = $1) AND ($2::timestamptz IS NULL OR (made_at, delegation_id) < ($2, $3))
ORDER BY made_at DESC, delegation_id DESC LIMIT $4
"""  # noqa: S608 (column names of this module)


class PostgresDelegations:
    """Implements DelegationStore; every method also raises the errors of `domain.outside_errors`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, delegation: Delegation) -> Delegation:
        made = delegation.model_copy(update={"revoked_at": None, "revoked_by": None})
        await self._fetch(
            _ADD,
            made.delegation_id,
            made.delegator,
            made.delegate,
            made.valid_from,
            made.valid_until,
            made.scope.model_dump_json(),
            made.reason,
            made.made_by,
            made.made_at,
        )
        kept = await self.get(made.delegation_id)
        since = {"made_at": made.made_at, "revoked_at": None, "revoked_by": None}
        if kept is None or kept.model_copy(update=since) != made:
            raise DelegationTakenError(made.delegation_id)
        return kept

    async def get(self, delegation_id: str) -> Delegation | None:
        found = await self._read("WHERE delegation_id = $1", delegation_id)
        return found[0] if found else None

    async def revoke(self, delegation_id: str, by: str, at: datetime) -> Delegation | None:
        await self._fetch(_REVOKE, delegation_id, by, at)
        return await self.get(delegation_id)

    async def given_to(self, person: str, at: datetime) -> tuple[Delegation, ...]:
        return await self._read(f"WHERE delegate = $1 AND {_VALID} ORDER BY valid_until, delegation_id", person, at)

    async def given_by(self, person: str, at: datetime) -> tuple[Delegation, ...]:
        return await self._read(f"WHERE delegator = $1 AND {_VALID} ORDER BY valid_until, delegation_id", person, at)

    async def overlapping(self, person: str, since: datetime, until: datetime) -> tuple[Delegation, ...]:
        return tuple(_delegation(row) for row in await self._fetch(_OVERLAPPING, person, since, until))

    async def page(self, person: str, cursor: str | None, limit: int) -> DelegationPage:
        after: tuple[datetime | None, str] = (None, "")
        if cursor is not None:
            key = CursorReader(cursor, "delegations")
            after = (key.instant(), key.text())
        size = bounded(limit)
        rows = await self._fetch(_PAGE, person, *after, size + 1)
        items = tuple(_delegation(row) for row in rows[:size])
        last = items[-1] if len(rows) > size else None
        following = str(Cursor("delegations", last.made_at, last.delegation_id)) if last else None
        return DelegationPage(items=items, next_cursor=following)

    async def _read(self, conditions: str, *arguments: Any) -> tuple[Delegation, ...]:
        sql = f"SELECT {_COLUMNS} FROM delegations {conditions}"  # noqa: S608 (texts of this module)
        return tuple(_delegation(row) for row in await self._fetch(sql, *arguments))

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated(SYSTEM):
            return await self._pool.fetch(sql, *arguments)


def _delegation(row: asyncpg.Record) -> Delegation:
    return from_columns(Delegation, {**dict(row), "scope": from_json(DelegationScope, row["scope"], SYSTEM)}, SYSTEM)
