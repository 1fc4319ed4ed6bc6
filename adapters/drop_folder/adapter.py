"""A folder whose files are invoices: at its top, or in one sub-folder per facility."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from adapters.drop_folder.claims import MAX_TRIES, Claim, Claims, given_up, text_of, write_problem
from domain.capture import MAX_DOCUMENT_BYTES, Channel, DocumentFinding
from domain.ports.invoice_sources import LeftDocument, Taken

WORKING, DONE, REFUSED = "working", "done", "refused"
MAX_SCANNED = 5_000
"""Entries of one folder that one look sees; what is taken makes room for the others."""
_FACILITY = re.compile(r"^[a-z][a-z0-9-]{1,31}$")
_INCOMPLETE = (".part", ".tmp", ".filepart", ".crdownload")

_Look = dict[Path, tuple[int, int, int]]
"""Size, time of change (ns) and inode of each file."""


class DropFolder:
    """`domain.ports.invoice_sources.InvoiceSource`. Raises OSError when the folder cannot be made or written.

    A file is complete when it has not changed between two looks of this object, and its name neither begins with '.'
    nor ends as those of unfinished copies do. Links are not followed.
    """

    channel: Channel = "drop-folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for each in (WORKING, DONE, REFUSED):
            (folder / each).mkdir(parents=True, exist_ok=True)
        self._claims = Claims(folder / WORKING)
        self._held: dict[str, Claim] = {}
        self._seen: _Look = {}

    def waiting(self, limit: int) -> tuple[str, ...]:
        before, self._seen = self._seen, dict(self._look())
        complete = sorted(
            (path for path, known in self._seen.items() if before.get(path) == known),
            key=lambda path: (self._seen[path][1], path),
        )
        found = [*self._claims.left_over(limit), *complete][:limit]
        return tuple(str(path.relative_to(self._folder)) for path in found)

    def take(self, key: str) -> Taken | None:
        path = self._folder / key
        if path.is_relative_to(self._folder / WORKING):
            claim = self._claims.reclaim(path)
        else:
            group = path.parent.name if path.parent != self._folder else "_"
            claim = self._claims.claim(path, group)
        if claim is None:
            return None
        self._held[key] = claim
        return self._opened(key, claim)

    def done(self, taken: Taken) -> None:
        claim = self._held.pop(taken.key)
        self._claims.end(claim, self._folder / DONE / claim.group)

    def refused(self, taken: Taken, faults: tuple[DocumentFinding, ...]) -> None:
        claim = self._held.pop(taken.key)
        folder = self._folder / REFUSED / claim.group
        left = claim.path.name.partition("~")[2]
        write_problem(folder / f"{left}.problem.json", claim.name, taken.sender, faults)
        self._claims.end(claim, folder)

    def put_back(self, taken: Taken) -> None:
        self._claims.put_back(self._held.pop(taken.key))

    def _opened(self, key: str, claim: Claim) -> Taken:
        if claim.tries > MAX_TRIES:
            return Taken(key=key, sender=claim.group, faults=(given_up(),))
        content = self._claims.content(claim, MAX_DOCUMENT_BYTES)
        if content is None:
            message = f"The file has more than {MAX_DOCUMENT_BYTES} bytes."
            return Taken(key=key, sender=claim.group, faults=(DocumentFinding(rule="too-large", message=message),))
        document = LeftDocument(name=text_of(claim.name), content=content, facility=claim.group or None)
        return Taken(key=key, sender=claim.group, documents=(document,))

    def _look(self) -> Iterator[tuple[Path, tuple[int, int, int]]]:
        folders = [self._folder]
        with os.scandir(self._folder) as entries:
            for entry in islice(entries, MAX_SCANNED):
                if entry.is_dir(follow_symlinks=False) and _is_of_facility(entry.name):
                    folders.append(Path(entry.path))
        for folder in folders:
            yield from _files(folder)


def _is_of_facility(name: str) -> bool:
    return name not in (WORKING, DONE, REFUSED) and _FACILITY.match(name) is not None


def _files(folder: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    with os.scandir(folder) as entries:
        for entry in islice(entries, MAX_SCANNED):
            if entry.name.startswith(".") or entry.name.lower().endswith(_INCOMPLETE):
                continue
            try:
                known = entry.stat(follow_symlinks=False)
                if entry.is_file(follow_symlinks=False):
                    yield Path(entry.path), (known.st_size, known.st_mtime_ns, known.st_ino)
            except FileNotFoundError:
                continue  # somebody took it meanwhile
