"""Recorded requests over an evidence store in memory: it reads every case, which is quick only where they are few."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from domain.case import CaseSnapshot
from domain.ports.evidence import CaseFilter, EvidenceReader
from domain.ports.recorded import RecordedAnswer, RecordedRequest
from domain.routing import RequestFacts
from domain.tasks import Task

_PAGE = 100


class MemoryRecordedRequests:
    def __init__(self, reader: EvidenceReader) -> None:
        self._reader = reader

    async def count(self, since: datetime, until: datetime) -> int:
        return len(await self._cases(since, until))

    async def requests(self, since: datetime, until: datetime) -> AsyncIterator[RecordedRequest]:
        for case in await self._cases(since, until):
            yield _request(case, await self._reader.tasks_of_case(case.case_id))

    async def _cases(self, since: datetime, until: datetime) -> list[CaseSnapshot]:
        where = CaseFilter(facilities=("*",), process="procure-to-pay", submitted_before=until)
        found: list[CaseSnapshot] = []
        cursor: str | None = None
        while True:
            page = await self._reader.cases(where, cursor, _PAGE)
            found += [case for case in page.items if case.submitted_at >= since]
            cursor = page.next_cursor
            if cursor is None:
                return found[::-1]


def _request(case: CaseSnapshot, tasks: Sequence[Task]) -> RecordedRequest:
    return RecordedRequest(
        case_id=case.case_id,
        facility=case.facility,
        submitted_at=case.submitted_at,
        facts=RequestFacts(
            amount=case.amount, categories=case.categories, urgency=case.urgency, cost_centres=case.cost_centres
        ),
        policy_version=case.policy_version,
        answers=tuple(
            RecordedAnswer(role=task.role, level=task.level, asked_at=task.opened_at, answered_at=task.closed_at)
            for task in tasks
            if task.kind == "approval" and task.status == "done" and task.closed_at is not None
        ),
    )
