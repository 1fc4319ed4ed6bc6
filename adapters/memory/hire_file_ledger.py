"""What is remembered of HR files, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from pydantic import AwareDatetime

from domain.hire_file import FileName
from domain.hire_file_compare import HireKey, KnownHire
from domain.ports.hire_files import HireFileRecord, RowFate


class MemoryHireFileLedger:
    """`domain.ports.hire_files.HireFileLedger`."""

    def __init__(self) -> None:
        self.records: dict[str, HireFileRecord] = {}
        self.hires: dict[HireKey, KnownHire] = {}
        self.rows: dict[tuple[str, int], RowFate] = {}

    async def file(self, file_id: str) -> HireFileRecord | None:
        return self.records.get(file_id)

    async def record(self, file: HireFileRecord) -> None:
        self.records[file.file_id] = file

    async def release(self, file_id: str, by: str, reason: str, at: AwareDatetime) -> HireFileRecord | None:
        known = self.records.get(file_id)
        if known is None or known.state != "held":
            return None
        update = {"state": "released", "released_by": by, "release_reason": reason, "updated_at": at}
        self.records[file_id] = known.model_copy(update=update)
        return self.records[file_id]

    async def last_taken(self, scope: str) -> tuple[FileName | None, FileName | None]:
        taken = [each for each in self.records.values() if each.scope == scope and each.state == "taken"]
        return _latest(each for each in taken if each.kind == "full"), _latest(taken)

    async def files(self, limit: int, before: str = "") -> tuple[HireFileRecord, ...]:
        listed = sorted(self.records.values(), key=lambda each: (each.received_at, each.file_id), reverse=True)
        if before:
            known = self.records.get(before)
            listed = listed[listed.index(known) + 1 :] if known is not None else []
        return tuple(listed[:limit])

    async def known(self, keys: Sequence[HireKey]) -> Mapping[HireKey, KnownHire]:
        return {key: self.hires[key] for key in keys if key in self.hires}

    async def remember(self, hires: Sequence[KnownHire]) -> None:
        self.hires.update({each.key: each for each in hires})

    async def note(self, file_id: str, fates: Sequence[RowFate]) -> None:
        self.rows.update({(file_id, each.line): each for each in fates})

    async def fates(
        self, file_id: str, facilities: Sequence[str] | None, limit: int, after: int = 0
    ) -> tuple[RowFate, ...]:
        of_file = [each for (file, line), each in sorted(self.rows.items(), key=lambda row: row[0]) if file == file_id]
        later = (each for each in of_file if each.line > after)
        return tuple(
            islice((each for each in later if facilities is None or each.facility in ("", *facilities)), limit)
        )

    async def open_hires(self, scope: str) -> tuple[KnownHire, ...]:
        found = (each for each in self.hires.values() if each.state == "hired" and scope in ("", each.facility))
        return tuple(sorted(found, key=lambda each: each.key))


def _latest(records: Iterable[HireFileRecord]) -> FileName | None:
    return max((each.file_name for each in records), key=lambda name: name.order, default=None)
