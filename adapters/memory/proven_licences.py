"""Licences on which people were hired, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.hire import LicenceClaim


class MemoryProvenLicences:
    """`domain.ports.credentials.ProvenLicences`."""

    def __init__(self) -> None:
        self._licences: dict[str, tuple[LicenceClaim, ...]] = {}

    async def note(self, case_id: str, kind: str, licences: Sequence[LicenceClaim]) -> None:
        found = {(each.kind, each.state, each.number): each for each in self._licences.get(case_id, ())}
        found = {key: each for key, each in found.items() if each.kind != kind}
        found |= {(each.kind, each.state, each.number): each for each in licences}
        self._licences[case_id] = tuple(found[key] for key in sorted(found))

    async def of(self, case_ids: Sequence[str]) -> Mapping[str, tuple[LicenceClaim, ...]]:
        return {case: self._licences[case] for case in case_ids if self._licences.get(case)}

    def forget(self, case_id: str) -> None:
        self._licences.pop(case_id, None)
