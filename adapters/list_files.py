"""CSV files that publishers post: read whole or refused whole, whatever is in them.

Columns are found by their header, in any order. A file that was cut off, or whose rows differ in length, is refused: a
list that lacks some of its rows would pass people whom it names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 256_000_000
MOST_ROWS = 1_000_000
LONGEST_CELL = 4_000
"""Characters of one cell: remarks of publishers are long, names are not."""


class ListFileError(Exception):
    """Why a file is not used, in words for those who provide it. Nothing of its contents is in them."""


@dataclass(frozen=True)
class Table:
    """`columns` says where each is, by its plain name (`plain`). Cells are stripped."""

    name: str
    columns: Mapping[str, int]
    rows: Sequence[Sequence[str]]


def plain(header: str) -> str:
    """A header without case, spaces and signs: 'State / Province' and 'STATE_PROVINCE' are the same."""
    return re.sub(r"[^a-z0-9]", "", header.casefold())


def read_table(path: Path) -> Table:
    """Raises ListFileError for a file that is not whole and sound, OSError for one that cannot be read."""
    if path.stat().st_size > MOST_BYTES:
        raise ListFileError(f"it has more than {MOST_BYTES:,} bytes")
    return parse_table(path.name, path.read_bytes())


def parse_table(name: str, content: bytes) -> Table:
    text = _decoded(content)
    if not text.strip():
        raise ListFileError("it is empty")
    if "\x00" in text:
        raise ListFileError("it holds NUL characters: it is no text, or was cut off while it was written")
    if text[-1] not in "\r\n":
        raise ListFileError("its last line has no end: it was cut off")
    rows = _rows(text)
    header = [plain(cell) for cell in rows[0]]
    named = [each for each in header if each]
    if len(set(named)) != len(named):
        raise ListFileError("its header names a column twice")
    for number, cells in enumerate(rows[1:], start=2):
        if len(cells) != len(header):
            raise ListFileError(f"row {number} has {len(cells)} cells, and its header {len(header)}")
    return Table(name, {each: place for place, each in enumerate(header) if each}, rows[1:])


def _rows(text: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for cells in reader:
            if not cells or not any(cells):
                continue
            if max(map(len, cells)) > LONGEST_CELL:
                raise ListFileError(f"row {len(rows) + 1} has a cell of more than {LONGEST_CELL:,} characters")
            if len(rows) > MOST_ROWS:
                raise ListFileError(f"it has more than {MOST_ROWS:,} rows")
            rows.append([cell.strip() for cell in cells])
    except csv.Error as error:
        raise ListFileError(f"after row {len(rows)}: {error}") from None
    return rows


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, or what spreadsheets write on Windows (cp1252)."""
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ListFileError("it is neither UTF-8 nor Windows text")
