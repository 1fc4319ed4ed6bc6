"""Keeping the evidence: all of a case read at one instant, and the recorded changes that may be made to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from adapters.postgres.checkpoints import Connection
from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM, storable
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_json
from domain.case import CaseSnapshot
from domain.chain import RecordedEntry, Tombstone, body_of
from domain.keeping import REMOVED, CaseRecord, Change
from domain.tasks import Task

_LOCK = "SELECT FROM cases WHERE case_id = $1 FOR UPDATE"
_SNAPSHOT = "SELECT snapshot::text AS snapshot FROM cases WHERE case_id = $1"
_ENTRIES = """
SELECT case_id, position, seq, body, previous_hash, hash, recorded_at, scheme, original_sha256 FROM timeline
WHERE case_id = $1 ORDER BY position
"""
_TASKS = "SELECT body::text AS body FROM tasks WHERE case_id = $1 ORDER BY opened_at, task_id"
_TOMBSTONE = "SELECT case_id, position, hash FROM purged_cases WHERE case_id = $1"
_SEALED = """
SELECT EXISTS (SELECT FROM checkpoint_heads AS held JOIN timeline AS entry USING (case_id, position, hash)
               WHERE case_id = $1 AND position = (SELECT max(position) FROM timeline WHERE case_id = $1))
"""
_APPEND = "SELECT record_entries(cases, $2::integer[], $3::text[]) FROM cases WHERE case_id = $1"
_REPLACE = "UPDATE timeline SET body = $3, original_sha256 = $4 WHERE case_id = $1 AND position = $2"
_SHOW = "UPDATE cases SET snapshot = $2::jsonb WHERE case_id = $1"
_TASK = "UPDATE tasks SET body = $2::jsonb WHERE task_id = $1"
# As it is, and as JSON spells it inside a string.
_NOTICES = """
UPDATE notices SET body = body || jsonb_build_object(
    'subject', replace(body ->> 'subject', $2, $4), 'text', replace(body ->> 'text', $2, $4),
    'data', replace((body -> 'data')::text, $3, $4)::jsonb)
WHERE case_id = $1 AND strpos(body::text, $3) > 0
"""
_REASONS = "SELECT redact_payments($1, $2, $3), redact_hires($1, $2, $3)"
_PURGE = "SELECT purge_case($1)"
_CLOSED = """
SELECT case_id FROM cases
WHERE facility = $1 AND process = $2 AND status <> 'running' AND (snapshot ->> 'closed_at')::timestamptz < $3
      AND case_id > $4
ORDER BY case_id LIMIT $5
"""


class PostgresKeeper:
    """An EvidenceKeeper."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record_of(self, case_id: str) -> CaseRecord | None:
        with translated(SYSTEM):
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await _record(connection, case_id)

    async def change(self, case_id: str, decide: Callable[[CaseRecord], Change | None]) -> Change | None:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK, case_id)  # whoever records for this case waits for us
                record = await _record(connection, case_id)
                change = decide(record) if record and record.snapshot else None
                if change is not None:
                    await _apply(connection, case_id, change)
                return change

    async def closed_before(
        self, facility: str, process: str, instant: datetime, after: str, limit: int
    ) -> Sequence[str]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_CLOSED, facility, process, instant, after, limit)
        return [row["case_id"] for row in rows]


async def _record(connection: Connection, case_id: str) -> CaseRecord | None:
    snapshot = await connection.fetchval(_SNAPSHOT, case_id)
    tombstone = await connection.fetchrow(_TOMBSTONE, case_id)
    if snapshot is None and tombstone is None:
        return None
    return CaseRecord(
        case_id=case_id,
        snapshot=from_json(CaseSnapshot, snapshot, SYSTEM) if snapshot is not None else None,
        entries=tuple(RecordedEntry.model_validate(dict(row)) for row in await connection.fetch(_ENTRIES, case_id)),
        tasks=tuple(from_json(Task, row["body"], SYSTEM) for row in await connection.fetch(_TASKS, case_id)),
        sealed=bool(await connection.fetchval(_SEALED, case_id)),
        tombstone=Tombstone.model_validate(dict(tombstone)) if tombstone else None,
    )


async def _apply(connection: Connection, case_id: str, change: Change) -> None:
    bodies = [storable(body_of(fact)) for fact in change.facts]
    await connection.execute(_APPEND, case_id, [fact.seq for fact in change.facts], bodies)
    for each in change.replacements:
        await connection.execute(_REPLACE, case_id, each.position, each.body, each.original_sha256)
    if change.snapshot is not None:
        await connection.execute(_SHOW, case_id, storable(change.snapshot.model_dump_json()))
    for task in change.tasks:
        await connection.execute(_TASK, task.task_id, storable(task.model_dump_json()))
    if change.removed_text is not None:
        await connection.execute(_NOTICES, case_id, change.removed_text, _inside_json(change.removed_text), REMOVED)
        await connection.execute(_REASONS, case_id, change.removed_text, REMOVED)
    if change.purge:
        await connection.execute(_PURGE, case_id)


def _inside_json(text: str) -> str:
    """The text as PostgreSQL spells it inside a JSON string, which for all that people type is as `json` does."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
