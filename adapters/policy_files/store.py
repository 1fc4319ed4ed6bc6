"""Policies kept as YAML files in one directory: `system.yaml`, and one file per facility."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from adapters.policy_files.public_holidays import days_closed, unknown_region
from adapters.policy_files.yaml_source import read_source
from domain.facility import Facility
from domain.policy.compose import PolicyBook, compose
from domain.policy.documents import FacilityDocument
from domain.policy.examples import every_fault, proof_faults
from domain.policy.model import FrozenPolicy
from domain.policy.remainder import SYSTEM_FILE, Remainder, remainder
from domain.policy.source import PolicyFault, PolicyFilesError, Source

YEARS_BEFORE, YEARS_AFTER = 1, 2
"""Calendar years around the effective day for which public holidays are frozen into a case."""


def load_book(directory: Path) -> PolicyBook:
    """Read and combine all policy files of a directory. Raises PolicyFilesError with every fault of every file."""
    sources, faults = _sources(directory)
    system = next((source for source in sources if source.file == SYSTEM_FILE), None)
    if system is None:
        if not faults:
            faults.append(PolicyFault(file=SYSTEM_FILE, reason=f"is missing from {directory}"))
        raise PolicyFilesError([*faults, *(fault for source in sources for fault in source.read(FacilityDocument)[1])])
    facilities = [source for source in sources if source is not system]
    faults += [fault for source in facilities for fault in _region_faults(source)]
    try:
        book = compose(system, facilities)
    except PolicyFilesError as error:
        unread = {Path(fault.file).stem for fault in faults} - {Path(source.file).stem for source in sources}
        more, rest = remainder(system, facilities, error.faults, unread)
        raise PolicyFilesError([*faults, *more], rest) from None
    if faults:
        raise PolicyFilesError(faults, Remainder(book, {fault.file for fault in faults}))
    return book


def _sources(directory: Path) -> tuple[list[Source], list[PolicyFault]]:
    sources: list[Source] = []
    faults: list[PolicyFault] = []
    for path in sorted(directory.glob("*.yaml")):
        try:
            source, wrong = read_source(path)
        except PolicyFilesError as error:
            faults += error.faults
        else:
            sources.append(source)
            faults += wrong
    return sources, faults


def _region_faults(source: Source) -> list[PolicyFault]:
    document, _ = source.read(FacilityDocument)
    if document is None:
        return []
    faults = []
    reason = unknown_region(document.calendar.country, document.calendar.subdivision)
    if reason:
        faults.append(source.fault(("calendar", "subdivision"), reason))
    if Path(source.file).stem != document.code:
        faults.append(source.fault(("code",), f"the file of {document.code} must be named {document.code}.yaml"))
    return faults


class FilePolicyStore:
    """A PolicyStore over a directory of files, read once, when it is made.

    Raises PolicyFilesError with every fault when the files cannot be combined, or when the proof finds a request
    that nobody approves: an unsafe policy is never served, and whoever holds an earlier store keeps it.
    """

    def __init__(self, directory: Path) -> None:
        try:
            self._book = load_book(directory)
        except PolicyFilesError as error:
            raise PolicyFilesError(every_fault(error)) from None
        faults: Sequence[PolicyFault] = proof_faults(self._book)
        if faults:
            raise PolicyFilesError(faults)
        self._facilities = self._book.facilities()
        self._frozen: dict[tuple[str, date, int], FrozenPolicy] = {}

    def facilities(self) -> tuple[Facility, ...]:
        return self._facilities

    def categories(self, on: date) -> tuple[str, ...]:
        """The categories of goods that the rules know on a day; none before the first edition."""
        edition = self._book.edition(on)
        return edition.categories if edition is not None else ()

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        """The policy with its public holidays. Days between which nothing changes share one value."""
        since = self._in_force_since(facility, on)
        if since is None:
            return None
        key = (facility, since, on.year)
        if key not in self._frozen:
            policy = self._book.effective(facility, on)
            if policy is None:
                return None
            years = range(on.year - YEARS_BEFORE, on.year + YEARS_AFTER + 1)
            closed = days_closed(policy.facility.calendar, years)
            self._frozen[key] = policy.model_copy(update={"holidays": closed})
        return self._frozen[key]

    def _in_force_since(self, facility: str, on: date) -> date | None:
        if facility not in self._book.codes():
            return None
        return max((day for day in self._book.change_dates(facility) if day <= on), default=None)
