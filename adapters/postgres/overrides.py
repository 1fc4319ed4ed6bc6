"""Overrides of the segregation of duties in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from adapters.paging import Cursor, CursorReader, bounded
from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns
from domain.duties import SegregationOverride
from domain.ports.overrides import OverrideFilter, OverridePage, OverrideRecord, OverrideTakenError, OverrideUse

_COLUMNS = """
override_id, person, rule, facility, case_id, reason, valid_until, requested_by, requested_at, approved_by,
approved_at, ended_by, ended_at
"""
_REQUEST = """
INSERT INTO segregation_overrides (override_id, person, rule, facility, case_id, reason, valid_until, requested_by,
                                   requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (override_id) DO NOTHING
"""
_APPROVE = """
UPDATE segregation_overrides SET approved_by = $2, approved_at = $3
WHERE override_id = $1 AND approved_by IS NULL AND ended_by IS NULL
"""
_END = "UPDATE segregation_overrides SET ended_by = $2, ended_at = $3 WHERE override_id = $1 AND ended_by IS NULL"
_ACTIVE = f"""
SELECT {_COLUMNS} FROM segregation_overrides
WHERE person = ANY ($1::text[]) AND facility = $2 AND approved_at <= $3 AND valid_until > $3
      AND (ended_at IS NULL OR ended_at > $3)
ORDER BY override_id
"""  # noqa: S608 (column names of this module)
_USED = """
INSERT INTO segregation_override_uses (override_id, decision_id, task_id, case_id, used_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""
_USES = """
SELECT override_id, decision_id, task_id, case_id, used_at AS at FROM segregation_override_uses
WHERE override_id = ANY ($1::text[]) ORDER BY used_at, decision_id
"""
_PAGE = f"""
SELECT {_COLUMNS} FROM segregation_overrides
WHERE ('*' = ANY ($1::text[]) OR facility = ANY ($1::text[]))
      AND ($2::text IS NULL OR facility = $2) AND ($3::text IS NULL OR person = $3)
      AND ($4::timestamptz IS NULL OR requested_at >= $4) AND ($5::timestamptz IS NULL OR requested_at < $5)
      AND ($6::timestamptz IS NULL OR (requested_at, override_id) < ($6, $7))
ORDER BY requested_at DESC, override_id DESC LIMIT $8
"""  # noqa: S608 (column names of this module)
_ONE = f"SELECT {_COLUMNS} FROM segregation_overrides WHERE override_id = $1"  # noqa: S608 (as above)
_NOT_YET = {"approved_by": None, "approved_at": None, "ended_by": None, "ended_at": None, "uses": ()}


class PostgresOverrides:
    """Implements SegregationOverrides; every method also raises the errors of `domain.outside_errors`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def request(self, asked: OverrideRecord) -> OverrideRecord:
        new = asked.model_copy(update=_NOT_YET)
        await self._fetch(
            _REQUEST,
            new.override_id,
            new.person,
            new.rule,
            new.facility,
            new.case_id,
            new.reason,
            new.valid_until,
            new.requested_by,
            new.requested_at,
        )
        kept = await self.get(new.override_id)
        if kept is None or kept.model_copy(update={**_NOT_YET, "requested_at": new.requested_at}) != new:
            raise OverrideTakenError(new.override_id)
        return kept

    async def get(self, override_id: str) -> OverrideRecord | None:
        rows = await self._fetch(_ONE, override_id)
        return (await self._with_uses(rows))[0] if rows else None

    async def approve(self, override_id: str, by: str, at: datetime) -> OverrideRecord | None:
        await self._fetch(_APPROVE, override_id, by, at)
        return await self.get(override_id)

    async def end(self, override_id: str, by: str, at: datetime) -> OverrideRecord | None:
        await self._fetch(_END, override_id, by, at)
        return await self.get(override_id)

    async def active_for(self, people: Sequence[str], facility: str, at: datetime) -> tuple[SegregationOverride, ...]:
        records = [_record(row, ()) for row in await self._fetch(_ACTIVE, list(people), facility, at)]
        return tuple(granted for record in records if (granted := record.granted()) is not None)

    async def used(self, override_id: str, use: OverrideUse) -> None:
        await self._fetch(_USED, override_id, use.decision_id, use.task_id, use.case_id, use.at)

    async def page(self, where: OverrideFilter, cursor: str | None, limit: int) -> OverridePage:
        after: tuple[datetime | None, str] = (None, "")
        if cursor is not None:
            key = CursorReader(cursor, "segregation-overrides")
            after = (key.instant(), key.text())
        size = bounded(limit)
        conditions = (where.facility, where.person, where.requested_from, where.requested_until)
        rows = await self._fetch(_PAGE, list(where.facilities), *conditions, *after, size + 1)
        items = await self._with_uses(rows[:size])
        last = items[-1] if len(rows) > size else None
        following = str(Cursor("segregation-overrides", last.requested_at, last.override_id)) if last else None
        return OverridePage(items=items, next_cursor=following)

    async def _with_uses(self, rows: Sequence[asyncpg.Record]) -> tuple[OverrideRecord, ...]:
        uses: dict[str, list[OverrideUse]] = {row["override_id"]: [] for row in rows}
        for row in await self._fetch(_USES, list(uses)):
            uses[row["override_id"]].append(from_columns(OverrideUse, dict(row), SYSTEM))
        return tuple(_record(row, uses[row["override_id"]]) for row in rows)

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated(SYSTEM):
            return await self._pool.fetch(sql, *arguments)


def _record(row: asyncpg.Record, uses: Sequence[OverrideUse]) -> OverrideRecord:
    return from_columns(OverrideRecord, {**dict(row), "uses": tuple(uses)}, SYSTEM)
