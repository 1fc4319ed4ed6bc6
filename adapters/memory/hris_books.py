"""The books of the HRIS in memory: departments, positions and who holds them, workers and how they were kept."""

from __future__ import annotations

from collections import defaultdict
from typing import NoReturn

from domain.hris_system import Department, HrisSystem
from domain.outside_errors import RefusedError
from domain.worker import Position, WorkerDraft, WorkerRecord


def refuse(code: str, message: str) -> NoReturn:
    raise RefusedError("hris", code, message)


class HrisBooks:
    """`positions` show who holds them; `histories` have every state of a worker, the present one last."""

    def __init__(self) -> None:
        self.departments: dict[tuple[str, str], Department] = {}
        self.positions: dict[str, Position] = {}
        self.workers: dict[str, WorkerRecord] = {}
        self.histories: defaultdict[str, list[WorkerRecord]] = defaultdict(list)
        self.number_prefix = ""
        self._persons: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._closed: set[str] = set()
        self._last_number = 0

    def load(self, system: HrisSystem) -> None:
        self.departments |= {(each.facility, each.code): each for each in system.departments}
        for position in system.positions:
            self._load_position(position)
        for known in system.workers:
            if known.record.worker_id not in self.workers:
                self.keep(known.record)
                if known.record.position and known.record.status in ("prehire", "active"):
                    self.hold(known.record.position, known.record.worker_id)
            if known.person:
                self._persons[known.person] = known.record.worker_id
        self.number_prefix = system.number_prefix
        taken = [number_of(each.worker_number) for each in self.workers.values()]
        self._last_number = max([self._last_number, system.first_number - 1, *taken])

    def _load_position(self, position: Position) -> None:
        before = self.positions.get(position.number)
        holder = "" if before is None else before.filled_by
        self._closed = self._closed - {position.number} if position.open else self._closed | {position.number}
        self.positions[position.number] = position.model_copy(
            update={"filled_by": holder, "open": position.open and not holder}
        )

    def next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def keep(self, worker: WorkerRecord) -> None:
        self.workers[worker.worker_id] = worker
        self._numbers[worker.worker_number] = worker.worker_id
        self.histories[worker.worker_id].append(worker)

    def manager(self, wanted: str) -> WorkerRecord | None:
        """By the id in the people directory, or by worker number."""
        return self.workers.get(self._persons.get(wanted) or self._numbers.get(wanted, ""))

    def require_place(self, draft: WorkerDraft, held_by: str = "") -> None:
        """The place exists and is free, or is held by the hire `held_by` itself."""
        if (draft.facility, draft.department) not in self.departments:
            refuse("department-unknown", f"{draft.facility} has no department {draft.department}.")
        manager = self.manager(draft.manager)
        if manager is None or manager.status != "active":
            refuse("manager-missing", "The manager does not work here.")
        position = self.positions.get(draft.position)
        if position is None or position.facility != draft.facility:
            refuse("position-unknown", f"{draft.facility} has no position {draft.position}.")
        if position.filled_by not in ("", held_by):
            refuse("position-taken", f"Position {draft.position} is taken.")
        if not position.filled_by and draft.position in self._closed:
            refuse("position-closed", f"Position {draft.position} is closed.")

    def hold(self, position: str, holder: str) -> None:
        self.positions[position] = self.positions[position].model_copy(update={"filled_by": holder, "open": False})

    def free_positions(self, holder: str) -> None:
        for number, position in self.positions.items():
            if position.filled_by == holder:
                update = {"filled_by": "", "open": number not in self._closed}
                self.positions[number] = position.model_copy(update=update)


def number_of(worker_number: str) -> int:
    """The digits at the end of a worker number; 0 when it has none."""
    digits = worker_number[len(worker_number.rstrip("0123456789")) :]
    return int(digits or 0)


def require_valid(worker: WorkerDraft | WorkerRecord) -> None:
    if worker.end_on is not None and worker.end_on < worker.start_on:
        refuse("data-invalid", "The last day is before the first.")
