"""What lies in a watched folder and its sub-folders per facility, without what is still being copied."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

MAX_SCANNED = 5_000
"""Entries of one folder that one look sees; what is taken makes room for the others."""
Look = dict[Path, tuple[int, int, int]]
"""Size, time of change (ns) and inode of each file: a file that stays the same between two looks is complete."""
_FACILITY = re.compile(r"^[a-z][a-z0-9-]{1,31}$")
_INCOMPLETE = (".part", ".tmp", ".filepart", ".crdownload")


def look(folder: Path, own: Collection[str]) -> Look:
    """Every file whose name neither begins with '.' nor ends as those of unfinished copies do. `own` are sub-folders
    that are no facilities. Links are not followed. Raises OSError when the folder cannot be read."""
    folders = [folder]
    with os.scandir(folder) as entries:
        for entry in islice(entries, MAX_SCANNED):
            if entry.is_dir(follow_symlinks=False) and entry.name not in own and _FACILITY.match(entry.name):
                folders.append(Path(entry.path))
    return {path: known for each in folders for path, known in _files(each)}


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
