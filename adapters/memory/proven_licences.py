"""Licences on which people were hired, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.hire import LicenceClaim


class MemoryProvenLicences:
    """`domain.ports.credentials.ProvenLicences`."""

    def __init__(self) -> None:
        self._licences: dict[str, tuple[LicenceClaim, ...]] = {}

    async def note(self, case_id: str, kind: str, licences: Sequence[LicenceClaim]) -> None:
        others = [each for each in self._licences.get(case_id, ()) if each.kind != kind]
        self._licences[case_id] = tuple(
            sorted((*others, *licences), key=lambda each: (each.kind, each.state, each.number))
        )

    async def of(self, case_ids: Sequence[str]) -> Mapping[str, tuple[LicenceClaim, ...]]:
        return {case: self._licences[case] for case in case_ids if self._licences.get(case)}

    def forget(self, case_id: str) -> None:
        self._licences.pop(case_id, None)
