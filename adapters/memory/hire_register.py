"""Which hires are under way for whom, in memory. No method pauses, so that concurrent calls of one event loop never
interleave."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from domain.outside_errors import RefusedError
from domain.ports.hire_register import HireEntry

SYSTEM = "hire-register"


@dataclass
class _Held:
    """`since` says of each key when it came in: whoever came in later is told of whoever was there."""

    entry: HireEntry
    since: dict[str, int] = field(default_factory=dict)
    writes_for: str = ""


class MemoryHireRegister:
    """`domain.ports.hire_register.HireRegister`."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._positions = itertools.count()

    def entry(self, case_id: str) -> HireEntry | None:
        """The case's entry, for those who look."""
        held = self._held.get(case_id)
        return held.entry if held else None

    async def enter(self, entry: HireEntry) -> tuple[HireEntry, ...]:
        known = self._held.get(entry.case_id)
        before = known.since if known else {}
        since = {key: before.get(key, next(self._positions)) for key in entry.person_keys}
        worker_id = entry.worker_id or (known.entry.worker_id if known else "")
        entered = entry.model_copy(update={"worker_id": worker_id, "state": "running"})
        self._held[entry.case_id] = _Held(entered, since, known.writes_for if known else "")
        earlier = (each for each in self._held.values() if _came_before(each, since))
        return tuple(sorted((each.entry for each in earlier), key=lambda each: each.case_id))

    async def claim_worker(self, case_id: str, worker_id: str) -> str:
        held = self._held.get(case_id)
        if held is None or held.entry.state != "running":
            raise RefusedError(SYSTEM, "not-entered", "the case is not in the register, or left it")
        writer = next((each for each in self._held.values() if each.writes_for == worker_id), None)
        if writer is not None:
            return writer.entry.case_id
        held.writes_for = worker_id
        held.entry = held.entry.model_copy(update={"worker_id": worker_id})
        return case_id

    async def leave(self, case_id: str, state: str) -> None:
        held = self._held.get(case_id)
        if held is not None:
            left = held.entry.model_copy(update={"state": state, "person_keys": ()})
            self._held[case_id] = _Held(left)

    def forget(self, case_id: str) -> None:
        self._held.pop(case_id, None)

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        """The register holds nothing that people write freely."""


def _came_before(other: _Held, since: dict[str, int]) -> bool:
    return any(other.since.get(key, position) < position for key, position in since.items())
