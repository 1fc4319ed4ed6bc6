"""What is remembered of HR files, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import asyncpg
from pydantic import AwareDatetime

from adapters.postgres.errors import translated
from adapters.postgres.evidence import storable
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_columns, from_json
from domain.hire_file import FileName
from domain.hire_file_compare import HireKey, KnownHire
from domain.ports.hire_files import HireFileRecord, RowFate

SYSTEM = "hire-files"
PAGE = 200
"""Hires that are read at once."""

_FILE = "SELECT file::text AS file FROM hire_files WHERE file_id = $1"
_RECORD = """
INSERT INTO hire_files (file_id, scope, kind, day, part, state, received_at, file)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
ON CONFLICT (file_id) DO UPDATE SET state = excluded.state, received_at = excluded.received_at, file = excluded.file
"""
_RELEASE = """
UPDATE hire_files SET state = 'released', file = file || $2::jsonb WHERE file_id = $1 AND state = 'held'
RETURNING file::text AS file
"""
_LAST = """
SELECT kind, day, part FROM hire_files WHERE scope = $1 AND state = 'taken' AND ($2 = '' OR kind = $2)
ORDER BY day DESC, part DESC LIMIT 1
"""
_FILES = """
SELECT file::text AS file FROM hire_files
WHERE $2 = '' OR (received_at, file_id) < (SELECT received_at, file_id FROM hire_files WHERE file_id = $2)
ORDER BY received_at DESC, file_id DESC LIMIT $1
"""
_COLUMNS = "facility, number, fingerprint, state, file_id, effect"
_KNOWN = f"""
SELECT {_COLUMNS} FROM hire_file_rows
JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS asked (facility, number)) AS asked
USING (facility, number)
"""  # noqa: S608 (column names of this file)
_REMEMBER = f"""
INSERT INTO hire_file_rows ({_COLUMNS})
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
ON CONFLICT (facility, number) DO UPDATE SET
    fingerprint = excluded.fingerprint, state = excluded.state, file_id = excluded.file_id, effect = excluded.effect
"""  # noqa: S608 (column names of this file)
_OPEN = f"""
SELECT {_COLUMNS} FROM hire_file_rows
WHERE state = 'hired' AND $1 IN ('', facility) AND (facility, number) > ($2, $3)
ORDER BY facility, number LIMIT {PAGE}
"""  # noqa: S608 (column names of this file)


_NOTE = """
INSERT INTO hire_file_fates (file_id, line, facility, fate)
SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::jsonb[])
ON CONFLICT (file_id, line) DO UPDATE SET facility = excluded.facility, fate = excluded.fate
"""
_FATES = """
SELECT fate::text AS fate FROM hire_file_fates
WHERE file_id = $1 AND line > $2 AND ($3::text[] IS NULL OR facility = '' OR facility = ANY ($3::text[]))
ORDER BY line LIMIT $4
"""


class PostgresHireFileLedger:
    """`domain.ports.hire_files.HireFileLedger`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def file(self, file_id: str) -> HireFileRecord | None:
        with translated(SYSTEM):
            row = await self._pool.fetchrow(_FILE, file_id)
        return _file(row)

    async def record(self, file: HireFileRecord) -> None:
        stored = storable(file.model_dump_json())
        keys = (file.file_id, file.scope, file.kind, file.day, file.part, file.state, file.received_at)
        with translated(SYSTEM):
            await self._pool.execute(_RECORD, *keys, stored)

    async def release(self, file_id: str, by: str, reason: str, at: AwareDatetime) -> HireFileRecord | None:
        known = await self.file(file_id)
        if known is None:
            return None
        update = {"state": "released", "released_by": by, "release_reason": reason, "updated_at": at}
        change = known.model_copy(update=update).model_dump_json(include=set(update))
        with translated(SYSTEM):
            row = await self._pool.fetchrow(_RELEASE, file_id, storable(change))
        return _file(row)

    async def last_taken(self, scope: str) -> tuple[FileName | None, FileName | None]:
        return await self._last(scope, "full"), await self._last(scope, "")

    async def _last(self, scope: str, kind: str) -> FileName | None:
        with translated(SYSTEM):
            row = await self._pool.fetchrow(_LAST, scope, kind)
        return None if row is None else from_columns(FileName, dict(row), SYSTEM)

    async def files(self, limit: int, before: str = "") -> tuple[HireFileRecord, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_FILES, limit, before)
        return tuple(from_json(HireFileRecord, row["file"], SYSTEM) for row in rows)

    async def known(self, keys: Sequence[HireKey]) -> Mapping[HireKey, KnownHire]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_KNOWN, [key[0] for key in keys], [key[1] for key in keys])
        found = (from_columns(KnownHire, dict(row), SYSTEM) for row in rows)
        return {each.key: each for each in found}

    async def remember(self, hires: Sequence[KnownHire]) -> None:
        last = {each.key: each for each in hires}.values()
        columns = [[getattr(each, name) for each in last] for name in _COLUMNS.split(", ")]
        with translated(SYSTEM):
            await self._pool.execute(_REMEMBER, *columns)

    async def note(self, file_id: str, fates: Sequence[RowFate]) -> None:
        last = {each.line: each for each in fates}.values()
        columns = [[each.line for each in last], [each.facility for each in last]]
        stored = [storable(each.model_dump_json()) for each in last]
        with translated(SYSTEM):
            await self._pool.execute(_NOTE, file_id, *columns, stored)

    async def fates(
        self, file_id: str, facilities: Sequence[str] | None, limit: int, after: int = 0
    ) -> tuple[RowFate, ...]:
        shown = None if facilities is None else list(facilities)
        with translated(SYSTEM):
            rows = await self._pool.fetch(_FATES, file_id, after, shown, limit)
        return tuple(from_json(RowFate, row["fate"], SYSTEM) for row in rows)

    async def open_hires(self, scope: str) -> tuple[KnownHire, ...]:
        """In pages, so that others get their turn between them."""
        found: list[KnownHire] = []
        last: HireKey = ("", "")
        while True:
            with translated(SYSTEM):
                rows = await self._pool.fetch(_OPEN, scope, *last)
            found += (from_columns(KnownHire, dict(row), SYSTEM) for row in rows)
            if len(rows) < PAGE:
                return tuple(found)
            last = found[-1].key


def _file(row: asyncpg.Record | None) -> HireFileRecord | None:
    return None if row is None else from_json(HireFileRecord, row["file"], SYSTEM)
