"""Keeping the evidence in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from adapters.memory.evidence import MemoryEvidence
from domain.case import TimelineEntry
from domain.keeping import REMOVED, CaseRecord, Change


class FollowsTheCase(Protocol):
    """A store beside the evidence whose rows of a case go when the case goes."""

    def forget(self, case_id: str) -> None: ...

    def replace_text(self, case_id: str, text: str, by: str) -> None: ...


class MemoryKeeper:
    """An EvidenceKeeper. Nothing else runs between the look at a case and its change: there is no await."""

    def __init__(self, evidence: MemoryEvidence, beside: Sequence[FollowsTheCase] = ()) -> None:
        self._evidence, self._beside = evidence, tuple(beside)

    async def record_of(self, case_id: str) -> CaseRecord | None:
        snapshot, tombstone = await self._evidence.case(case_id), self._evidence.tombstone(case_id)
        if snapshot is None and tombstone is None:
            return None
        return CaseRecord(
            case_id=case_id,
            snapshot=snapshot,
            entries=self._evidence.rows(case_id),
            tasks=await self._evidence.tasks_of_case(case_id),
            sealed=case_id not in self._evidence.unsealed,
            tombstone=tombstone,
        )

    async def change(self, case_id: str, decide: Callable[[CaseRecord], Change | None]) -> Change | None:
        record = await self.record_of(case_id)
        change = decide(record) if record and record.snapshot else None
        if record is not None and change is not None:
            self._apply(record, change)
        return change

    def _apply(self, record: CaseRecord, change: Change) -> None:
        evidence, case_id = self._evidence, record.case_id
        for fact in change.facts:
            evidence.append(case_id, fact)
        rows = {row.position: row for row in record.entries}
        stored = {
            each.position: rows[each.position]
            .stored()
            .model_copy(
                update={
                    "entry": TimelineEntry.model_validate_json(each.body),
                    "original_sha256": each.original_sha256,
                }
            )
            for each in change.replacements
        }
        evidence.put_back(case_id, stored)
        evidence.show(change.snapshot, change.tasks)
        if change.removed_text is not None:
            for store in (evidence.outbox, *self._beside):
                store.replace_text(case_id, change.removed_text, REMOVED)
        if change.purge:
            evidence.remove(case_id)
            for each in self._beside:
                each.forget(case_id)

    async def closed_before(
        self, facility: str, process: str, instant: datetime, after: str, limit: int
    ) -> Sequence[str]:
        found = sorted(
            case.case_id
            for case in self._evidence.everything()
            if (case.facility, case.process) == (facility, process)
            and case.status != "running"
            and case.closed_at is not None
            and case.closed_at < instant
            and case.case_id > after
        )
        return found[:limit]
