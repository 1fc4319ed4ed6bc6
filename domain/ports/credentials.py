"""Who knows whether a licence is good, and who is excluded. Errors are those of `domain.outside_errors`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pydantic import AwareDatetime

from domain.credentials import ExclusionEntry, LicenceQuestion, LicenceRecord, ListState, ScreenedPerson
from domain.hire import LicenceClaim


class LicenceRegister(Protocol):
    """Primary-source verification: the board's own register, or a service that answers for many boards."""

    async def health(self) -> None:
        """Raise when the register does not answer. Nobody's name goes there."""

    async def look_up(self, question: LicenceQuestion) -> LicenceRecord:
        """'not-checked' when no register is configured for the state and kind."""


class ExclusionLists(Protocol):
    async def health(self) -> None:
        """Raise when the lists cannot be looked at."""

    async def states(self) -> tuple[ListState, ...]: ...

    async def entries_like(self, person: ScreenedPerson) -> Sequence[ExclusionEntry]:
        """Entries in force that could be the person, chosen generously: same NPI, or similar family name."""


class ScreeningRecords(Protocol):
    """Hits that a person cleared, with the reason; they are not asked again while the entry is unchanged."""

    async def cleared(self, keys: Sequence[str]) -> frozenset[str]: ...

    async def clear(self, key: str, by: str, reason: str, case_id: str, at: AwareDatetime) -> None:
        """The first clearing stands."""


class ProvenLicences(Protocol):
    """Which licences people were hired on, by the hire's case, so that they can be looked up again."""

    async def note(self, case_id: str, kind: str, licences: Sequence[LicenceClaim]) -> None:
        """The licences of this kind of the case, instead of those that were noted before."""

    async def of(self, case_ids: Sequence[str]) -> Mapping[str, tuple[LicenceClaim, ...]]:
        """Those that are known, in order of kind, state and number. Cases without any are left out."""
