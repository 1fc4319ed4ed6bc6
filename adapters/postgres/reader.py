"""Reading evidence: pages that take the same time with a million cases as with a thousand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import asyncpg

from adapters.paging import Cursor, CursorReader, bounded
from adapters.postgres.case_list import CaseListQuery
from adapters.postgres.chain import verify_chains
from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from adapters.postgres.values import V, from_columns, from_json
from domain.case import CaseSnapshot, StoredEntry, TimelineEntry
from domain.duties import DutyDone
from domain.people import Actor
from domain.ports.evidence import (
    MAX_FAMILY,
    ActingFor,
    CaseFilter,
    CasePage,
    ChainFault,
    Claim,
    FamilyEntry,
    FamilyTimelinePage,
    SpendFilter,
    SpendLine,
    TaskPage,
    TimelinePage,
    WorklistTask,
)
from domain.tasks import Task

_NO_DUE_DATE = datetime(9999, 12, 31, tzinfo=UTC)  # what the worklist sorts a task under that has none

_TIMELINE = """
SELECT position, body, previous_hash, hash, recorded_at, scheme, original_sha256 FROM timeline
WHERE case_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""
_TIMELINES = "SELECT case_id, body FROM timeline WHERE case_id = ANY ($1::text[]) ORDER BY case_id, position"
_TASK = "SELECT body::text AS body, claimed_by, claimed_at FROM tasks WHERE task_id = $1"
_TASKS_OF_CASE = "SELECT body::text AS body FROM tasks WHERE case_id = $1 ORDER BY opened_at, task_id"
# One row for each audience that the reader belongs to, by themselves or for somebody: the persons that must not be kept
# from the task, and the one task where a delegation is of one alone.
_WORKLIST = """
SELECT tasks.body::text AS body, tasks.claimed_by, tasks.claimed_at
FROM (
    SELECT DISTINCT due_at, opened_at, task_id
    FROM unnest($1::text[], $2::text[], $3::text[]) AS mine (audience, person, only_task) CROSS JOIN LATERAL (
        SELECT due_at, opened_at, task_id FROM worklist
        WHERE worklist.audience = mine.audience AND NOT (ARRAY[$4, mine.person] && worklist.excluded)
              AND (mine.only_task IS NULL OR worklist.task_id = mine.only_task)
              AND (due_at, opened_at, task_id) > ($5, $6, $7)
        ORDER BY due_at, opened_at, task_id LIMIT $8
    ) AS found
    ORDER BY due_at, opened_at, task_id LIMIT $8
) AS page JOIN tasks USING (task_id)
ORDER BY page.due_at, page.opened_at, page.task_id
"""
_HELD = """
SELECT body::text AS body, claimed_by, claimed_at FROM tasks
WHERE task_id IN (SELECT task_id FROM worklist WHERE audience = 'person/' || $1
                  UNION SELECT task_id FROM tasks WHERE claimed_by = $1 AND status = 'open')
ORDER BY task_id LIMIT $2
"""
# Links are followed both ways. The outer LIMIT stops the walk, which goes from the nearest to the farthest.
_NEAR = """
WITH RECURSIVE family (case_id) AS (
    SELECT $1::text COLLATE "C"
    UNION
    SELECT next.case_id FROM family CROSS JOIN LATERAL (
        SELECT jsonb_array_elements_text(cases.snapshot -> 'linked') COLLATE "C" AS case_id
        FROM cases WHERE cases.case_id = family.case_id
        UNION ALL
        SELECT cases.case_id FROM cases
        WHERE cases.snapshot -> 'linked' <> '[]'::jsonb AND cases.snapshot -> 'linked' @> to_jsonb(family.case_id)
    ) AS next
), near AS (SELECT case_id FROM family LIMIT $2)
"""
_FAMILY_DUTIES = f"""
{_NEAR}
SELECT cases.snapshot::text AS snapshot FROM near JOIN cases USING (case_id)
WHERE jsonb_array_length(coalesce(cases.snapshot -> 'duties', '[]')) > 0
ORDER BY cases.case_id <> $1, cases.case_id
"""  # noqa: S608 - the beginning is the constant above
# Sorts the entries of the whole family, which is bounded, by their instants, and reads the bodies of one page.
_FAMILY_TIMELINE = f"""
{_NEAR}, page AS (
    SELECT case_id, position, recorded_at FROM near JOIN timeline USING (case_id)
    WHERE (recorded_at, case_id, position) > ($3, $4, $5)
    ORDER BY recorded_at, case_id, position LIMIT $6
)
SELECT timeline.* FROM page JOIN timeline USING (case_id, position)
ORDER BY page.recorded_at, case_id, position
"""  # noqa: S608 - as above
_CLAIM = """
UPDATE tasks SET claimed_by = coalesce(claimed_by, $2), claimed_at = coalesce(claimed_at, $3)
WHERE task_id = $1 AND status = 'open'
RETURNING body::text AS body, claimed_by, claimed_at
"""
_UNCLAIM = """
UPDATE tasks SET claimed_by = NULL, claimed_at = NULL WHERE task_id = $1 AND claimed_by = $2 AND status = 'open'
"""
# Each half is a short walk along an index; what the snapshot alone knows is looked at for what they find.
_RECENT_SPEND = """
SELECT cases.case_id, cases.requester, cases.suppliers,
       coalesce(cases.snapshot ->> 'cost_centres', '[]') AS cost_centres,
       coalesce(cases.snapshot ->> 'categories', '[]') AS categories, cases.snapshot -> 'amount' ->> 'amount' AS amount,
       cases.submitted_at
FROM (
    SELECT case_id FROM cases
    WHERE facility = $1 AND requester = $4 AND submitted_at >= $2 AND submitted_at < $3
    UNION
    SELECT case_id FROM case_cost_centres
    WHERE facility = $1 AND cost_centre = ANY ($5::text[]) AND submitted_at >= $2 AND submitted_at < $3
) AS near JOIN cases USING (case_id)
WHERE cases.status NOT IN ('rejected', 'withdrawn', 'cancelled')
      AND (cases.snapshot -> 'amount' ->> 'amount')::numeric < $6
ORDER BY cases.submitted_at, cases.case_id
"""


class PostgresReader:
    """Every method raises the errors of `domain.outside_errors`; paged ones also InvalidCursorError."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def case(self, case_id: str) -> CaseSnapshot | None:
        rows = await self._fetch("SELECT snapshot::text AS snapshot FROM cases WHERE case_id = $1", case_id)
        return _read(CaseSnapshot, rows[0]["snapshot"]) if rows else None

    async def cases(self, where: CaseFilter, cursor: str | None, limit: int) -> CasePage:
        after = None
        if cursor is not None:
            key = CursorReader(cursor, "cases")
            after = (key.instant(), key.text())
        size = bounded(limit)
        query = CaseListQuery(where, after, size + 1)
        rows = await self._fetch(query.sql, *query.arguments)
        items = tuple(_read(CaseSnapshot, row["snapshot"]) for row in rows[:size])
        last = rows[size - 1] if len(rows) > size else None
        following = str(Cursor("cases", last["submitted_at"], last["case_id"])) if last else None
        return CasePage(items=items, next_cursor=following)

    async def timeline(self, case_id: str, cursor: str | None, limit: int) -> TimelinePage:
        after = CursorReader(cursor, "timeline").position() if cursor is not None else 0
        size = bounded(limit)
        rows = await self._fetch(_TIMELINE, case_id, after, size + 1)
        following = str(Cursor("timeline", rows[size - 1]["position"])) if len(rows) > size else None
        return TimelinePage(items=tuple(_entry(row) for row in rows[:size]), next_cursor=following)

    async def timelines(self, case_ids: Sequence[str]) -> Mapping[str, tuple[TimelineEntry, ...]]:
        found: defaultdict[str, list[TimelineEntry]] = defaultdict(list)
        for row in await self._fetch(_TIMELINES, list(case_ids)):
            found[row["case_id"]].append(_read(TimelineEntry, row["body"]))
        return {case_id: tuple(entries) for case_id, entries in found.items()}

    async def case_of_order(self, order_number: str) -> str | None:
        rows = await self._fetch("SELECT case_id FROM case_orders WHERE order_number = $1", order_number)
        return str(rows[0]["case_id"]) if rows else None

    async def task(self, task_id: str) -> WorklistTask | None:
        rows = await self._fetch(_TASK, task_id)
        return _worklist_task(rows[0]) if rows else None

    async def tasks_of_case(self, case_id: str) -> tuple[Task, ...]:
        return tuple(_read(Task, row["body"]) for row in await self._fetch(_TASKS_OF_CASE, case_id))

    async def worklist(
        self, actor: Actor, cursor: str | None, limit: int, acting_for: Sequence[ActingFor] = ()
    ) -> TaskPage:
        """The earliest due date first, tasks without one last. The same tasks as `domain.approval.visible` admits."""
        after = (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), "")
        if cursor is not None:
            key = CursorReader(cursor, "worklist")
            after = (key.instant(), key.instant(), key.text())
        size = bounded(limit)
        offered: list[tuple[str, str, str | None]] = [(name, actor.person, None) for name in _audiences(actor)]
        for each in acting_for:
            offered.extend((name, each.delegator.person, each.task_id) for name in _audiences(each.delegator))
        columns = [list(column) for column in zip(*offered, strict=True)]
        rows = await self._fetch(_WORKLIST, *columns, actor.person, *after, size + 1)
        items = tuple(_worklist_task(row) for row in rows[:size])
        return TaskPage(items=items, next_cursor=_after(items[-1].task) if len(rows) > size else None)

    async def tasks_held_by(self, person: str, limit: int) -> tuple[WorklistTask, ...]:
        return tuple(_worklist_task(row) for row in await self._fetch(_HELD, person, bounded(limit)))

    async def family_duties(self, case_id: str) -> tuple[DutyDone, ...]:
        rows = await self._fetch(_FAMILY_DUTIES, case_id, MAX_FAMILY)
        return tuple(duty for row in rows for duty in _read(CaseSnapshot, row["snapshot"]).duties)

    async def family_timeline(self, case_id: str, cursor: str | None, limit: int) -> FamilyTimelinePage:
        after = (datetime.min.replace(tzinfo=UTC), "", 0)
        if cursor is not None:
            key = CursorReader(cursor, "family")
            after = (key.instant(), key.text(), key.position())
        size = bounded(limit)
        rows = await self._fetch(_FAMILY_TIMELINE, case_id, MAX_FAMILY, *after, size + 1)
        items = tuple(FamilyEntry(case_id=row["case_id"], entry=_entry(row)) for row in rows[:size])
        last = rows[size - 1] if len(rows) > size else None
        following = str(Cursor("family", last["recorded_at"], last["case_id"], last["position"])) if last else None
        return FamilyTimelinePage(items=items, next_cursor=following)

    async def claim(self, task_id: str, person: str, at: datetime) -> WorklistTask | None:
        rows = await self._fetch(_CLAIM, task_id, person, at)
        return _worklist_task(rows[0]) if rows else None

    async def unclaim(self, task_id: str, person: str) -> None:
        """Give a claimed task back; nothing happens when somebody else holds it."""
        await self._fetch(_UNCLAIM, task_id, person)

    async def recent_spend(self, near: SpendFilter) -> Sequence[SpendLine]:
        """As the port says; days are UTC days, because the store knows no facility's calendar."""
        start, end = (datetime.combine(day, time(), UTC) for day in (near.since, near.until + timedelta(days=1)))
        centres = list(near.cost_centres)
        rows = await self._fetch(_RECENT_SPEND, near.facility, start, end, near.requester, centres, near.below)
        return [_spend(row) for row in rows]

    async def verify(self, case_id: str | None = None) -> tuple[int, tuple[ChainFault, ...]]:
        with translated(SYSTEM):
            return await verify_chains(self._pool, case_id)

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated(SYSTEM):
            return await self._pool.fetch(sql, *arguments)


def _read(kind: type[V], text: str) -> V:
    return from_json(kind, text, SYSTEM)


def _entry(row: asyncpg.Record) -> StoredEntry:
    return StoredEntry(
        position=row["position"],
        entry=_read(TimelineEntry, row["body"]),
        previous_hash=row["previous_hash"],
        hash=row["hash"],
        recorded_at=row["recorded_at"],
        scheme=row["scheme"],
        original_sha256=row["original_sha256"],
    )


def _worklist_task(row: asyncpg.Record) -> WorklistTask:
    claim = Claim(person=row["claimed_by"], at=row["claimed_at"]) if row["claimed_by"] is not None else None
    return WorklistTask(task=_read(Task, row["body"]), claim=claim)


def _after(task: Task) -> str:
    return str(Cursor("worklist", task.due_at or _NO_DUE_DATE, task.opened_at, task.task_id))


def _audiences(actor: Actor) -> list[str]:
    """Under which names the worklist keeps what is offered to the actor: themselves, and each role at each facility."""
    places = ("*",) if actor.serves("*") else actor.facilities
    roles = {f"role/{role}/{place}" for role in actor.roles for place in places}
    return [f"person/{actor.person}", *sorted(roles)]


def _spend(row: asyncpg.Record) -> SpendLine:
    given = {
        **dict(row),
        "cost_centres": json.loads(row["cost_centres"]),
        "categories": json.loads(row["categories"]),
        "submitted_on": row["submitted_at"].astimezone(UTC).date(),
    }
    del given["submitted_at"]
    return from_columns(SpendLine, given, SYSTEM)
