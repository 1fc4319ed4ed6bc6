"""Licence registers and exclusion lists in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.credentials import ExclusionEntry, LicenceQuestion, LicenceRecord, ListState, ScreenedPerson


class MemoryLicences:
    """`domain.ports.credentials.LicenceRegister`: what was taken in is on record, and nothing else is checked."""

    def __init__(self, records: Iterable[LicenceRecord] = ()) -> None:
        self._records: dict[tuple[str, str, str], LicenceRecord] = {}
        for record in records:
            self.take_in(record)

    def take_in(self, record: LicenceRecord) -> None:
        """What the board says from now on of the licence with this state, kind and number."""
        self._records[record.state, record.kind, record.number] = record

    async def health(self) -> None:
        return None

    async def look_up(self, question: LicenceQuestion) -> LicenceRecord:
        claim = question.claim
        known = self._records.get((claim.state, claim.kind, claim.number))
        return known or LicenceRecord(status="not-checked", number=claim.number, state=claim.state, kind=claim.kind)


class MemoryExclusions:
    """`domain.ports.credentials.ExclusionLists`."""

    def __init__(self, states: Iterable[ListState] = (), entries: Iterable[ExclusionEntry] = ()) -> None:
        self.lists = list(states)
        self.entries = list(entries)

    async def health(self) -> None:
        return None

    async def states(self) -> tuple[ListState, ...]:
        return tuple(self.lists)

    async def entries_like(self, person: ScreenedPerson) -> Sequence[ExclusionEntry]:
        """Those in force whose family name begins alike, or that have the same NPI."""
        begins = person.name.family[:1].casefold()
        return [
            entry
            for entry in self.entries
            if entry.reinstated_on is None
            and (entry.family[:1].casefold() == begins or (entry.npi and entry.npi == person.npi))
        ]
