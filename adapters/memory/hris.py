"""The HRIS in memory, with the reference HRIS's behaviour: same refusals, same numbers, no waiting.

Every method does its work without a pause in between, so that concurrent calls of one event loop never interleave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from adapters.memory.hris_books import HrisBooks, refuse, require_valid
from adapters.memory.hris_search import most_alike
from adapters.paging import Cursor, CursorReader, bounded
from domain.hire import Hire
from domain.hris_system import HrisSystem
from domain.ports.hris import WorkerPage
from domain.worker import HireReference, WorkerDraft, WorkerRecord

LISTING = "workers"
Effect = Literal["prepared", "revived", "changed", "begun", "rescinded"]


@dataclass(frozen=True)
class _Hiring:
    """What one external id did. `draft` is what it was last asked for, `before` the ended worker whom it revived.
    Without a worker it was rescinded before it came to anything."""

    worker_id: str = ""
    draft: WorkerDraft | None = None
    before: WorkerRecord | None = None
    begun: bool = False
    rescinded: bool = False


class MemoryHris:
    """`domain.ports.hris.HrisPort`. Raises RefusedError as the reference HRIS does; never unavailable by itself.

    `effects` counts what was done, repeated calls once.
    """

    def __init__(self, system: HrisSystem) -> None:
        self._books = HrisBooks()
        self._hirings: dict[str, _Hiring] = {}
        self.effects: Counter[Effect] = Counter()
        self.load(system)

    def load(self, system: HrisSystem) -> None:
        """Add what `system` names and is not here; positions and departments that are take its description."""
        self._books.load(system)

    @property
    def workers(self) -> tuple[WorkerRecord, ...]:
        """Everybody in the books, in order of their ids: for those who count."""
        return tuple(self._books.workers[each] for each in sorted(self._books.workers))

    def history(self, worker_id: str) -> tuple[WorkerRecord, ...]:
        """How the worker was kept, the oldest first; the last one is how they are kept now."""
        return tuple(self._books.histories.get(worker_id, ()))

    async def health(self) -> None:
        return None

    async def candidates(self, hire: Hire) -> Sequence[WorkerRecord]:
        return most_alike(hire.person, [each for each in self.workers if each.status != "rescinded"])

    async def reference(self, hire: Hire) -> HireReference:
        manager = self._books.manager(hire.manager)
        return HireReference(
            position=self._books.positions.get(hire.position),
            department_known=(hire.facility, hire.department) in self._books.departments,
            manager_active=manager is not None and manager.status == "active",
            manager_name="" if manager is None else manager.name.full,
        )

    async def worker(self, worker_id: str) -> WorkerRecord | None:
        return self._books.workers.get(worker_id)

    async def find(self, external_id: str) -> WorkerRecord | None:
        hiring = self._hirings.get(external_id)
        return None if hiring is None else self._books.workers.get(hiring.worker_id)

    async def prepare(self, draft: WorkerDraft) -> WorkerRecord:
        known = self._known(draft.external_id)
        if known is not None:
            return known
        self._books.require_place(draft)
        require_valid(draft)
        number = self._books.next_number()
        worker = WorkerRecord(
            worker_id=f"wid-{number}",
            worker_number=f"{self._books.number_prefix}{number}",
            status="prehire",
            **draft.model_dump(),
        )
        return self._made(worker, "prepared", _Hiring(worker.worker_id, draft))

    async def revive(self, worker_id: str, draft: WorkerDraft) -> WorkerRecord:
        known = self._known(draft.external_id)
        if known is not None:
            return known
        before = self._books.workers.get(worker_id)
        if before is None or before.status == "rescinded":
            refuse("worker-unknown", f"There is no worker {worker_id} who could be hired again.")
        if before.status != "ended":
            refuse("worker-active", f"Worker {before.worker_number} works here or is about to.")
        self._books.require_place(draft)
        require_valid(draft)
        update = {**dict(draft), "status": "prehire", "deletion_due_on": None}
        return self._made(before.model_copy(update=update), "revived", _Hiring(worker_id, draft, before))

    async def change(self, external_id: str, draft: WorkerDraft) -> WorkerRecord:
        hiring, worker = self._hired(external_id)
        if _same_hire(hiring.draft, draft):
            return worker
        if hiring.rescinded or worker.external_id != external_id:
            refuse("hire-rescinded", f"The hire of worker {worker.worker_number} was rescinded or is over.")
        self._books.require_place(draft, held_by=external_id)
        changed = worker.model_copy(update=_change(hiring, draft))
        require_valid(changed)
        self._books.free_positions(external_id)
        self._books.hold(draft.position, external_id)
        self._books.keep(changed)
        self._hirings[external_id] = replace(hiring, draft=draft)
        self.effects["changed"] += 1
        return changed

    async def begin(self, external_id: str, on: date) -> WorkerRecord:
        hiring, worker = self._hired(external_id)
        if hiring.begun:
            return worker
        if hiring.rescinded:
            refuse("hire-rescinded", f"The hire of worker {worker.worker_number} was rescinded.")
        begun = worker.model_copy(update={"status": "active", "start_on": on})
        require_valid(begun)
        self._hirings[external_id] = replace(hiring, begun=True)
        self._books.keep(begun)
        self.effects["begun"] += 1
        return begun

    async def rescind(self, external_id: str, reason: str) -> WorkerRecord | None:  # noqa: ARG002 - the books in memory keep no reasons
        hiring = self._hirings.get(external_id)
        if hiring is None:
            self._hirings[external_id] = _Hiring(rescinded=True)
            return None
        worker = self._books.workers.get(hiring.worker_id)
        if hiring.rescinded or worker is None:
            return worker
        if worker.external_id != external_id:
            refuse("hire-over", f"Worker {worker.worker_number} has been hired again since.")
        self._hirings[external_id] = replace(hiring, rescinded=True)
        self._books.free_positions(external_id)
        taken_back = _taken_back(worker, hiring)
        self._books.keep(taken_back)
        self.effects["rescinded"] += 1
        return taken_back

    async def active(self, cursor: str | None, limit: int) -> WorkerPage:
        size = bounded(limit)
        after = "" if cursor is None else CursorReader(cursor, LISTING).text()
        here = [each for each in self.workers if each.status in ("prehire", "active") and each.worker_id > after]
        page = tuple(here[:size])
        return WorkerPage(
            workers=page, next_cursor=str(Cursor(LISTING, page[-1].worker_id)) if len(here) > size else None
        )

    def _known(self, external_id: str) -> WorkerRecord | None:
        """The worker of an earlier call; None at the first. Raises RefusedError when it was rescinded beforehand."""
        hiring = self._hirings.get(external_id)
        if hiring is None:
            return None
        if not hiring.worker_id:
            refuse("hire-rescinded", "The hire was rescinded before it was made.")
        return self._books.workers[hiring.worker_id]

    def _hired(self, external_id: str) -> tuple[_Hiring, WorkerRecord]:
        hiring = self._hirings.get(external_id, _Hiring())
        if not hiring.worker_id:
            refuse("hire-unknown", "Nobody was made or revived for this hire.")
        return hiring, self._books.workers[hiring.worker_id]

    def _made(self, worker: WorkerRecord, effect: Effect, hiring: _Hiring) -> WorkerRecord:
        self._books.hold(worker.position, worker.external_id)
        self._books.keep(worker)
        self._hirings[worker.external_id] = hiring
        self.effects[effect] += 1
        return worker


def _same_hire(one: WorkerDraft | None, other: WorkerDraft) -> bool:
    return one is not None and one.model_copy(update={"external_id": other.external_id}) == other


def _change(hiring: _Hiring, draft: WorkerDraft) -> dict[str, object]:
    """What a correction changes: the day on which the worker came stays, unless it is the start that is corrected."""
    same_start = hiring.begun and hiring.draft is not None and hiring.draft.start_on == draft.start_on
    kept = {"external_id", "start_on"} if same_start else {"external_id"}
    return {name: value for name, value in dict(draft).items() if name not in kept}


def _taken_back(worker: WorkerRecord, hiring: _Hiring) -> WorkerRecord:
    """A revived worker as before; a new one who never came is rescinded, one who did has ended on the first day."""
    if hiring.before is not None:
        return hiring.before
    if hiring.begun:
        return worker.model_copy(update={"status": "ended", "end_on": worker.start_on})
    return worker.model_copy(update={"status": "rescinded"})
