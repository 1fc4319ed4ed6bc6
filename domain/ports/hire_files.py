"""HR files: where they are left, and what is remembered of them. No name of a person is in any of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Literal, Protocol

from pydantic import AwareDatetime

from domain.hire_file import FileKind, FileName, RowFault
from domain.hire_file_compare import Effect, HireKey, KnownHire
from domain.model import Value

FileState = Literal["taking", "taken", "refused", "held", "released", "waiting", "superseded"]
"""`held` until a person released it; `waiting` for its full file; `superseded` by a later full file, without effect."""
MAX_TOLD = 200
"""Faults and numbers of one file that are kept by name; the rest are counted."""


class HireFileRecord(Value):
    """A file and what became of it. `file_id` is a digest of its place, name and content; `scope` is the facility whose
    folder it was left in, empty for a file of all. `vanished` are hires under way that a full file no longer lists.
    Of a file whose name no HR file has, `name`, `kind` and `day` are empty: it may be the name of a person.
    """

    file_id: str
    name: str
    scope: str = ""
    kind: FileKind | None
    day: date | None
    part: int = 1
    sha256: str
    state: FileState
    received_at: AwareDatetime
    updated_at: AwareDatetime
    encoding: str = ""
    rows: int = 0
    new: int = 0
    corrected: int = 0
    ended: int = 0
    unchanged: int = 0
    closed: int = 0
    refused: int = 0
    vanished: int = 0
    vanished_hires: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    faults: tuple[RowFault, ...] = ()
    incident: str = ""
    released_by: str = ""
    release_reason: str = ""

    @property
    def file_name(self) -> FileName:
        """Raises ValueError for a file whose name no HR file has."""
        if self.kind is None or self.day is None:
            raise ValueError(f"file {self.file_id} has no name of an HR file")
        return FileName(kind=self.kind, day=self.day, part=self.part)


class RowFate(Value):
    """What became of a row that did something, or was refused. `facility` is empty where it cannot be read, or there is
    none with this code."""

    line: int
    facility: str
    number: str
    effect: Effect
    faults: tuple[RowFault, ...] = ()


class HireFileLedger(Protocol):
    """Raises the errors of `domain.outside_errors`."""

    async def file(self, file_id: str) -> HireFileRecord | None: ...

    async def record(self, file: HireFileRecord) -> None:
        """Enter the file, or replace what is known of it."""

    async def release(self, file_id: str, by: str, reason: str, at: AwareDatetime) -> HireFileRecord | None:
        """Let a held file be taken; once. None when it is not held."""

    async def last_taken(self, scope: str) -> tuple[FileName | None, FileName | None]:
        """The last full file and the last file of any kind that were taken, by their days and parts."""

    async def files(self, limit: int, before: str = "") -> tuple[HireFileRecord, ...]:
        """The latest first; `before` is the id of the last one of the page before."""

    async def known(self, keys: Sequence[HireKey]) -> Mapping[HireKey, KnownHire]: ...

    async def remember(self, hires: Sequence[KnownHire]) -> None: ...

    async def note(self, file_id: str, fates: Sequence[RowFate]) -> None:
        """Enter what became of rows of the file, or replace it."""

    async def fates(
        self, file_id: str, facilities: Sequence[str] | None, limit: int, after: int = 0
    ) -> tuple[RowFate, ...]:
        """By line; `after` is the last line of the page before. `facilities` are those to be shown, None: all; rows
        without one are always shown."""

    async def open_hires(self, scope: str) -> tuple[KnownHire, ...]:
        """What files reported as hired, and neither they nor the case ended; of one facility, or (empty) of all."""


class LeftFile(Value):
    """A file that was taken from the folder under `key`; `name` is the one that it was left with."""

    key: str
    name: str
    scope: str
    faults: tuple[RowFault, ...] = ()


class FileFacts(Value):
    """What a whole file is, before its rows are read."""

    sha256: str
    encoding: str
    delimiter: str
    finished: bool
    """Whether the last line ends."""


class UnreadableFileError(Exception):
    """The file cannot be used at all; `faults` say why and what to change."""

    def __init__(self, *faults: RowFault) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.message for fault in faults))


class CellRows(Protocol):
    """The cells of a file, row by row: the header first. Iterating raises UnreadableFileError at the place where the
    file is damaged or cut off."""

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with the number of its first line."""


class HireFileSource(Protocol):
    """A folder in which HR files are left. All methods touch files and are called in a thread; they raise OSError when
    the folder cannot be used. Whatever is taken ends with one of `done`, `refused`, `aside` and `put_back`."""

    def alone(self) -> AbstractContextManager[bool]:
        """Whether nobody else looks at the folder while the context lasts."""

    def waiting(self, limit: int) -> tuple[str, ...]:
        """Keys of complete files, in the order in which they are to be taken."""

    def aside(self) -> tuple[tuple[str, str], ...]:
        """Keys and ids of files that were put aside."""

    def bring_back(self, key: str) -> None:
        """Let a file that was put aside wait to be taken again."""

    def take(self, key: str) -> LeftFile | None: ...

    def facts(self, file: LeftFile) -> FileFacts:
        """Raises UnreadableFileError for what is no text."""

    def rows(self, file: LeftFile, facts: FileFacts) -> CellRows: ...

    def done(self, file: LeftFile) -> None: ...

    def refused(self, file: LeftFile, faults: Sequence[RowFault]) -> None: ...

    def put_aside(self, file: LeftFile, file_id: str) -> None: ...

    def put_back(self, file: LeftFile) -> None: ...
