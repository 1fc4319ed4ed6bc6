"""The HRIS port over the reference HRIS. Each method is one call, and each call is one transaction there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from pydantic import TypeAdapter

from adapters.hris.reference import mapping, wire
from adapters.hris.reference.errors import HRIS
from adapters.paging import Cursor, CursorReader, bounded
from adapters.sql_system import Limits, SqlCalls, SqlClient, Wire
from domain.hire import Hire
from domain.ports.hris import WorkerPage
from domain.worker import HireReference, WorkerDraft, WorkerRecord

LISTING = "workers"
_WORKER = TypeAdapter(wire.WireWorker)
_MAYBE_WORKER: TypeAdapter[wire.WireWorker | None] = TypeAdapter(wire.WireWorker | None)
_WORKERS = TypeAdapter(tuple[wire.WireWorker, ...])
_PLACE = TypeAdapter(wire.WirePlace)
_HEALTH = TypeAdapter(wire.WireHealth)


class ReferenceHris(SqlCalls):
    """`domain.ports.hris.HrisPort`. Raises the errors of `domain.outside_errors`, with `system` 'hris'."""

    @classmethod
    @asynccontextmanager
    async def connect(cls, dsn: str, limits: Limits | None = None) -> AsyncIterator[ReferenceHris]:
        """Ready for the HRIS's database at `dsn`. It connects on the first call, so it also begins while the HRIS is
        down.
        """
        client = await SqlClient.open(dsn, limits or Limits(), HRIS)
        try:
            yield cls(client)
        finally:
            await client.close()

    async def health(self) -> None:
        await self._ask("health", Wire(), _HEALTH)

    async def candidates(self, hire: Hire) -> tuple[WorkerRecord, ...]:
        rows = await self._ask("find_candidates", mapping.person_query(hire), _WORKERS)
        return tuple(mapping.worker(row) for row in rows)

    async def reference(self, hire: Hire) -> HireReference:
        return mapping.place(await self._ask("read_reference", mapping.place_query(hire), _PLACE))

    async def worker(self, worker_id: str) -> WorkerRecord | None:
        return await self._maybe("read_worker", wire.WireWorkerId(worker_id=worker_id))

    async def find(self, external_id: str) -> WorkerRecord | None:
        return await self._maybe("find_worker", wire.WireExternalId(external_id=external_id))

    async def prepare(self, draft: WorkerDraft) -> WorkerRecord:
        return await self._worker("prepare", mapping.draft(draft))

    async def revive(self, worker_id: str, draft: WorkerDraft) -> WorkerRecord:
        return await self._worker("revive", wire.WireRevival(worker_id=worker_id, draft=mapping.draft(draft)))

    async def change(self, external_id: str, draft: WorkerDraft) -> WorkerRecord:
        return await self._worker("change", wire.WireChange(external_id=external_id, draft=mapping.draft(draft)))

    async def begin(self, external_id: str, on: date) -> WorkerRecord:
        return await self._worker("begin", wire.WireBegin(external_id=external_id, on=on))

    async def rescind(self, external_id: str, reason: str) -> WorkerRecord | None:
        return await self._maybe("rescind", wire.WireRescission(external_id=external_id, reason=reason))

    async def active(self, cursor: str | None, limit: int) -> WorkerPage:
        size = bounded(limit)
        after = "" if cursor is None else CursorReader(cursor, LISTING).text()
        rows = await self._ask("list_workers", wire.WireListQuery(after=after, most=size), _WORKERS)
        page = tuple(mapping.worker(row) for row in rows[:size])
        return WorkerPage(
            workers=page, next_cursor=str(Cursor(LISTING, page[-1].worker_id)) if len(rows) > size else None
        )

    async def _worker(self, function: str, request: Wire) -> WorkerRecord:
        return mapping.worker(await self._ask(function, request, _WORKER))

    async def _maybe(self, function: str, request: Wire) -> WorkerRecord | None:
        found = await self._ask(function, request, _MAYBE_WORKER)
        return None if found is None else mapping.worker(found)
