"""The evidence store in memory: recording costs the same however much there is, reading looks through all of it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from adapters.memory.outbox import MemoryOutbox
from adapters.paging import Cursor, CursorReader, bounded
from domain.approval import visible
from domain.case import CaseSnapshot, Journal, StoredEntry, TimelineEntry
from domain.chain import RecordedEntry, Tombstone, body_of, chain_faults, chained
from domain.duties import DutyDone
from domain.people import Actor
from domain.ports.evidence import (
    MAX_FAMILY,
    MAX_FAULTS,
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

_NO_DUE_DATE = datetime(9999, 12, 31, tzinfo=UTC)
_NEVER_SPENT = ("rejected", "withdrawn", "cancelled")


@dataclass(slots=True)
class _TaskRow:
    task: Task
    version: int
    claim: Claim | None = None

    def shown(self) -> WorklistTask:
        return WorklistTask(task=self.task, claim=self.claim)


class MemoryEvidence:
    """EvidenceWriter and EvidenceReader in one. Notices go to `outbox` for each of `channels`."""

    def __init__(
        self,
        outbox: MemoryOutbox | None = None,
        channels: Sequence[str] = ("email",),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.outbox = outbox or MemoryOutbox()
        self._channels, self._clock = tuple(channels), clock
        self._cases: dict[str, CaseSnapshot] = {}
        self._chains: dict[str, list[StoredEntry]] = defaultdict(list)
        self._seqs: dict[str, set[int]] = defaultdict(set)
        self._heads: dict[str, tuple[int, str]] = {}
        self._tombstones: dict[str, Tombstone] = {}
        self.unsealed: set[str] = set()
        """Cases whose head no checkpoint holds yet."""
        self._orders: dict[str, str] = {}
        self._tasks: dict[str, _TaskRow] = {}
        self._open: dict[str, _TaskRow] = {}
        self._tasks_of_case: dict[str, list[_TaskRow]] = defaultdict(list)

    async def record(self, journal: Journal) -> None:
        self._keep_snapshot(journal.snapshot)
        for entry in journal.entries:
            self._append(journal.snapshot.case_id, entry)
        for task in journal.tasks:
            self._keep_task(task, journal.snapshot.version)
        for notice in journal.notices:
            self.outbox.add(notice, self._channels)

    def _keep_snapshot(self, snapshot: CaseSnapshot) -> None:
        known = self._cases.get(snapshot.case_id)
        if known is None or known.version < snapshot.version:
            self._cases[snapshot.case_id] = snapshot
            for number in snapshot.order_numbers if snapshot.process == "procure-to-pay" else ():
                self._orders.setdefault(number, snapshot.case_id)

    def _append(self, case_id: str, entry: TimelineEntry) -> None:
        if entry.seq in self._seqs[case_id]:
            return
        self._seqs[case_id].add(entry.seq)
        position, previous = self._heads.get(case_id, (0, ""))
        stored = chained(case_id, position + 1, previous, entry, self._clock()).stored()
        self._chains[case_id].append(stored)
        self._heads[case_id] = (stored.position, stored.hash)
        self.unsealed.add(case_id)

    def _keep_task(self, task: Task, version: int) -> None:
        row = self._tasks.get(task.task_id)
        if row is None:
            row = self._tasks[task.task_id] = _TaskRow(task, version)
            self._tasks_of_case[task.case_id].append(row)
        elif row.task.status == "open" and (task.status != "open" or version >= row.version):
            row.task, row.version = task, version
        if row.task.status == "open":
            self._open[task.task_id] = row
        else:
            self._open.pop(task.task_id, None)

    async def case(self, case_id: str) -> CaseSnapshot | None:
        return self._cases.get(case_id)

    async def cases(self, where: CaseFilter, cursor: str | None, limit: int) -> CasePage:
        after = None
        if cursor is not None:
            key = CursorReader(cursor, "cases")
            after = (key.instant(), key.text())
        size = bounded(limit)
        found = (case for case in self._cases.values() if _meets(case, where) and _older(case, after))
        page = heapq.nlargest(size + 1, found, key=_age)
        following = str(Cursor("cases", *_age(page[size - 1]))) if len(page) > size else None
        return CasePage(items=tuple(page[:size]), next_cursor=following)

    async def timeline(self, case_id: str, cursor: str | None, limit: int) -> TimelinePage:
        start = CursorReader(cursor, "timeline").position() if cursor is not None else 0
        size = bounded(limit)
        chain = self._chains.get(case_id, [])
        following = str(Cursor("timeline", start + size)) if len(chain) > start + size else None
        return TimelinePage(items=tuple(chain[start : start + size]), next_cursor=following)

    async def timelines(self, case_ids: Sequence[str]) -> Mapping[str, tuple[TimelineEntry, ...]]:
        chains = ((case_id, self._chains.get(case_id)) for case_id in case_ids)
        return {case_id: tuple(stored.entry for stored in chain) for case_id, chain in chains if chain}

    async def case_of_order(self, order_number: str) -> str | None:
        return self._orders.get(order_number)

    async def task(self, task_id: str) -> WorklistTask | None:
        row = self._tasks.get(task_id)
        return row.shown() if row else None

    async def tasks_of_case(self, case_id: str) -> tuple[Task, ...]:
        tasks = (row.task for row in self._tasks_of_case.get(case_id, ()))
        return tuple(sorted(tasks, key=lambda task: (task.opened_at, task.task_id)))

    async def worklist(
        self, actor: Actor, cursor: str | None, limit: int, acting_for: Sequence[ActingFor] = ()
    ) -> TaskPage:
        after = None
        if cursor is not None:
            key = CursorReader(cursor, "worklist")
            after = (key.instant(), key.instant(), key.text())
        size = bounded(limit)
        offered = (row for row in self._open.values() if _offered(row.task, actor, acting_for))
        waiting = (row for row in offered if after is None or _urgency(row.task) > after)
        page = heapq.nsmallest(size + 1, waiting, key=lambda row: _urgency(row.task))
        following = str(Cursor("worklist", *_urgency(page[size - 1].task))) if len(page) > size else None
        return TaskPage(items=tuple(row.shown() for row in page[:size]), next_cursor=following)

    async def tasks_held_by(self, person: str, limit: int) -> tuple[WorklistTask, ...]:
        held = [row.shown() for row in self._open.values() if _held(row, person)]
        return tuple(sorted(held, key=lambda each: each.task.task_id)[: bounded(limit)])

    async def family_duties(self, case_id: str) -> tuple[DutyDone, ...]:
        known = [self._cases[each] for each in self._family(case_id) if each in self._cases]
        nearest = sorted(known, key=lambda case: (case.case_id != case_id, case.case_id))
        return tuple(duty for case in nearest for duty in case.duties)

    async def family_timeline(self, case_id: str, cursor: str | None, limit: int) -> FamilyTimelinePage:
        after = None
        if cursor is not None:
            key = CursorReader(cursor, "family")
            after = (key.instant(), key.text(), key.position())
        size = bounded(limit)
        thread = (
            FamilyEntry(case_id=case, entry=stored)
            for case in self._family(case_id)
            for stored in self._chains.get(case, ())
        )
        page = heapq.nsmallest(
            size + 1, (each for each in thread if after is None or _recorded(each) > after), key=_recorded
        )
        following = str(Cursor("family", *_recorded(page[size - 1]))) if len(page) > size else None
        return FamilyTimelinePage(items=tuple(page[:size]), next_cursor=following)

    def _family(self, case_id: str) -> list[str]:
        """The case and those linked with it, the nearest first."""
        family, found = [case_id], {case_id}
        for member in family:  # grows while it is walked
            fresh = [each for each in self._linked(member) if each not in found]
            found.update(fresh)
            family.extend(dict.fromkeys(fresh))
        return family[:MAX_FAMILY]

    def _linked(self, case_id: str) -> list[str]:
        own = self._cases[case_id].linked if case_id in self._cases else ()
        return [*own, *(case.case_id for case in self._cases.values() if case_id in case.linked)]

    async def claim(self, task_id: str, person: str, at: datetime) -> WorklistTask | None:
        row = self._open.get(task_id)
        if row is None:
            return None
        row.claim = row.claim or Claim(person=person, at=at)
        return row.shown()

    async def unclaim(self, task_id: str, person: str) -> None:
        row = self._open.get(task_id)
        if row is not None and row.claim is not None and row.claim.person == person:
            row.claim = None

    async def recent_spend(self, near: SpendFilter) -> Sequence[SpendLine]:
        """Days are UTC days, because the store knows no facility's calendar."""
        found = (
            case
            for case in self._cases.values()
            if case.facility == near.facility
            and case.status not in _NEVER_SPENT
            and near.since <= _day(case) <= near.until
            and (case.requester == near.requester or not set(near.cost_centres).isdisjoint(case.cost_centres))
            and case.amount.amount < near.below
        )
        return [_spend(case) for case in sorted(found, key=_age)]

    async def verify(self, case_id: str | None = None) -> tuple[int, tuple[ChainFault, ...]]:
        wanted = sorted(self._heads) if case_id is None else [case_id]
        faults = [fault for case in wanted for fault in self._faults(case)]
        return sum(len(self._chains.get(case, ())) for case in wanted), tuple(faults[:MAX_FAULTS])

    def _faults(self, case_id: str) -> Iterable[ChainFault]:
        found = chain_faults(case_id, self.rows(case_id), self._heads.get(case_id), self._tombstones.get(case_id))
        return [ChainFault(case_id=case_id, position=position, message=message) for position, message in found]

    def rows(self, case_id: str) -> tuple[RecordedEntry, ...]:
        """The timeline as the text that was hashed."""
        return tuple(
            RecordedEntry(
                case_id=case_id,
                position=stored.position,
                seq=stored.entry.seq,
                body=body_of(stored.entry),
                previous_hash=stored.previous_hash,
                hash=stored.hash,
                recorded_at=stored.recorded_at,
                scheme=stored.scheme,
                original_sha256=stored.original_sha256,
            )
            for stored in self._chains.get(case_id, ())
        )

    def head(self, case_id: str) -> tuple[int, str] | None:
        """Position and hash of the last entry of a case, purged or not."""
        return self._heads.get(case_id)

    def everything(self) -> Iterable[CaseSnapshot]:
        return self._cases.values()

    def put_back(self, case_id: str, stored: Mapping[int, StoredEntry]) -> None:
        """Put redacted entries in the places of those that they replace."""
        self._chains[case_id] = [stored.get(each.position, each) for each in self._chains[case_id]]

    def remove(self, case_id: str) -> None:
        """Leave nothing of a case but its last entry."""
        last = self._chains[case_id][-1]
        self._tombstones[case_id] = Tombstone(case_id=case_id, position=last.position, hash=last.hash)
        self._chains[case_id] = [last]
        self._seqs[case_id] = {last.entry.seq}
        del self._cases[case_id]
        self._orders = {number: case for number, case in self._orders.items() if case != case_id}
        for row in self._tasks_of_case.pop(case_id, ()):
            self._tasks.pop(row.task.task_id)
            self._open.pop(row.task.task_id, None)
        self.outbox.forget(case_id)

    def append(self, case_id: str, entry: TimelineEntry) -> None:
        """Record a fact about the evidence itself."""
        self._append(case_id, entry)

    def show(self, snapshot: CaseSnapshot | None, tasks: Sequence[Task]) -> None:
        """Replace what is shown, at the version that it has."""
        if snapshot is not None:
            self._cases[snapshot.case_id] = snapshot
        for task in tasks:
            self._tasks[task.task_id].task = task

    def tombstone(self, case_id: str) -> Tombstone | None:
        return self._tombstones.get(case_id)


def _offered(task: Task, actor: Actor, acting_for: Sequence[ActingFor]) -> bool:
    if actor.person in (*task.excluded, *task.approved_by):
        return False
    return visible(task, actor) or any(_offered_to(task, each) for each in acting_for)


def _offered_to(task: Task, acting: ActingFor) -> bool:
    meant = acting.task_id in (None, task.task_id)
    return meant and visible(task, acting.delegator) and acting.delegator.person not in task.approved_by


def _held(row: _TaskRow, person: str) -> bool:
    return person in row.task.people or (row.claim is not None and row.claim.person == person)


def _age(case: CaseSnapshot) -> tuple[datetime, str]:
    return (case.submitted_at, case.case_id)


def _older(case: CaseSnapshot, after: tuple[datetime, str] | None) -> bool:
    return after is None or _age(case) < after


def _urgency(task: Task) -> tuple[datetime, datetime, str]:
    return (task.due_at or _NO_DUE_DATE, task.opened_at, task.task_id)


def _recorded(each: FamilyEntry) -> tuple[datetime, str, int]:
    return (each.entry.recorded_at, each.case_id, each.entry.position)


def _day(case: CaseSnapshot) -> date:
    return case.submitted_at.astimezone(UTC).date()


def _meets(case: CaseSnapshot, where: CaseFilter) -> bool:
    if "*" not in where.facilities and case.facility not in where.facilities:
        return False
    if where.supplier is not None and where.supplier not in case.suppliers:
        return False
    if where.order_number is not None and where.order_number not in case.order_numbers:
        return False
    if where.submitted_before is not None and case.submitted_at >= where.submitted_before:
        return False
    since = case.awaiting_since
    if where.waiting_since_before is not None and (since is None or since >= where.waiting_since_before):
        return False
    equal = ("process", "facility", "stage", "status", "requester", "awaiting_role", "exception_code", "emergency")
    return all(getattr(where, name) in (None, getattr(case, name)) for name in equal)


def _spend(case: CaseSnapshot) -> SpendLine:
    return SpendLine(
        case_id=case.case_id,
        requester=case.requester,
        cost_centres=case.cost_centres,
        suppliers=case.suppliers,
        categories=case.categories,
        amount=case.amount.amount,
        submitted_on=_day(case),
    )
