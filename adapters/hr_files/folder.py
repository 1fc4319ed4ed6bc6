"""A folder whose files are HR files: at its top for all facilities, or in one sub-folder per facility."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from adapters.drop_folder.claims import MAX_TRIES, Claim, Claims, text_of, write_problem
from adapters.drop_folder.looking import MAX_SCANNED, Look, look
from adapters.hr_files.reading import CsvRows, facts_of
from domain.capture import DocumentFinding
from domain.hire_file import RowFault, file_name
from domain.hire_file_compare import kinds_in_order
from domain.ports.hire_files import FileFacts, LeftFile

WORKING, DONE, REFUSED, ASIDE = "working", "done", "refused", "aside"
OWN = (WORKING, DONE, REFUSED, ASIDE)
MAX_WRITTEN = 1_000
"""Faults that are written beside a refused file."""
_MARK = "~"


class HrFolder:
    """`domain.ports.hire_files.HireFileSource`. Raises OSError when the folder cannot be made or written.

    A file is complete when it has not changed between two looks of this object. Links are not followed. Unless
    `end_required` is off, a file must end with the line that counts its rows.
    """

    def __init__(self, folder: Path, *, end_required: bool = True) -> None:
        self._folder, self._end_required = folder, end_required
        for each in OWN:
            (folder / each).mkdir(parents=True, exist_ok=True)
        self._claims = Claims(folder / WORKING)
        self._held: dict[str, Claim] = {}
        self._seen: Look = {}

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """The lock goes with the process that holds it. Where the file system knows no locks, everybody is alone."""
        descriptor = os.open(self._folder / WORKING / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _locked(descriptor)
        finally:
            os.close(descriptor)

    def waiting(self, limit: int) -> tuple[str, ...]:
        before, self._seen = self._seen, look(self._folder, OWN)
        left = {str(path.relative_to(self._folder)): path.name for path in self._claims.left_over(limit)}
        names = {key: file_name(name.split(_MARK, 2)[-1]) for key, name in left.items()}
        for path, known in self._seen.items():
            if before.get(path) == known:
                names[str(path.relative_to(self._folder))] = file_name(path.name)
        return tuple(islice(kinds_in_order(names), limit))

    def aside(self) -> tuple[tuple[str, str], ...]:
        found = sorted((self._folder / ASIDE).glob(f"*/*{_MARK}*"))[:MAX_SCANNED]
        return tuple((str(path.relative_to(self._folder)), path.name.partition(_MARK)[0]) for path in found)

    def bring_back(self, key: str) -> None:
        path = self._folder / key
        group = path.parent.name.strip("_")
        target = self._folder / group / path.name.partition(_MARK)[2]
        target.parent.mkdir(exist_ok=True)
        with suppress(FileExistsError, FileNotFoundError):  # another of the same name goes first; this one, next look
            os.link(path, target, follow_symlinks=False)
            path.unlink()

    def take(self, key: str) -> LeftFile | None:
        path = self._folder / key
        if path.is_relative_to(self._folder / WORKING):
            claim = self._claims.reclaim(path)
        else:
            claim = self._claims.claim(path, path.parent.name if path.parent != self._folder else "_")
        if claim is None:
            return None
        self._held[key] = claim
        return LeftFile(key=key, name=text_of(claim.name), scope=claim.group, faults=_given_up(claim))

    def facts(self, file: LeftFile) -> FileFacts:
        return facts_of(self._held[file.key].path)

    def rows(self, file: LeftFile, facts: FileFacts) -> CsvRows:
        return CsvRows(self._held[file.key].path, facts, end_required=self._end_required)

    def done(self, file: LeftFile) -> None:
        claim = self._held.pop(file.key)
        self._claims.end(claim, self._folder / DONE / claim.group)

    def refused(self, file: LeftFile, faults: Sequence[RowFault]) -> None:
        claim = self._held.pop(file.key)
        folder = self._folder / REFUSED / claim.group
        left = claim.path.name.partition(_MARK)[2]
        told = tuple(DocumentFinding(rule=each.code, message=_sentence(each)) for each in faults[:MAX_WRITTEN])
        write_problem(folder / f"{left}.problem.json", claim.name, claim.group, told)
        self._claims.end(claim, folder)

    def put_aside(self, file: LeftFile, file_id: str) -> None:
        claim = self._held.pop(file.key)
        folder = self._folder / ASIDE / (claim.group or "_")
        moved = self._claims.end(claim, folder)
        with suppress(FileNotFoundError):  # where there are no locks, somebody else may have been as quick
            moved.rename(folder / f"{file_id}{_MARK}{claim.name}")

    def put_back(self, file: LeftFile) -> None:
        self._claims.put_back(self._held.pop(file.key))


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # this file system knows no such locks
    return True


def _given_up(claim: Claim) -> tuple[RowFault, ...]:
    if claim.tries <= MAX_TRIES:
        return ()
    message = f"It was taken {MAX_TRIES} times, and each time the process ended before it was done."
    return (RowFault(line=0, code="given-up", message=message),)


def _sentence(fault: RowFault) -> str:
    place = f"Line {fault.line}" if fault.line else "File"
    return f"{place}{f', column {fault.column}' if fault.column else ''}: {fault.message}"
