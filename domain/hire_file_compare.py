"""What an HR file changes: its rows beside what files said before.

Nothing ends because it is missing: that somebody is no longer in a full file is a question to human resources. And when
too many are missing or ended at once, the file is more likely wrong than true, and a person looks at all of it first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from domain.case import fingerprint
from domain.hire_file import FileKind, FileName, Row, RowFault
from domain.model import Value
from domain.person_matching import STRONG_KEYS, person_keys

HireKey = tuple[str, str]
"""Facility and HR's number."""
KnownState = Literal["hired", "ended", "closed"]
Effect = Literal["new", "corrected", "ended", "unchanged", "closed", "refused"]
MAX_FAULTS = 20_000
"""Faults of one file that are told; rows are refused for further ones too."""
NEVER_HELD = 1
"""So few that end at once are no sign of a wrong file, whatever their share."""


class KnownHire(Value):
    """What files said of a hire last, as a digest, in which file, and what that did. `closed`: its case is over."""

    facility: str
    number: str
    fingerprint: str
    state: KnownState
    file_id: str
    effect: Effect

    @property
    def key(self) -> HireKey:
        return self.facility, self.number


@dataclass(frozen=True, slots=True)
class ScannedRow:
    """As much of a row as is needed to compare it."""

    line: int
    fingerprint: str
    ends: bool


def row_fingerprint(row: Row) -> str:
    """A digest of all that the row says; of a hire the same that its request has at the API."""
    if row.hire is None:
        return fingerprint({"ends": row.ends})
    return fingerprint(row.hire.model_dump(mode="json", exclude_defaults=True))


_Place = tuple[int, HireKey]
"""A line, and the hire that it speaks of."""


@dataclass
class FileScan:
    """The rows of a file, one after the other; only digests of them are kept. `refused` are lines with faults, and
    the hires that they speak of."""

    count: int = 0
    rows: dict[HireKey, ScannedRow] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)
    refused: dict[int, HireKey] = field(default_factory=dict)
    listed: set[HireKey] = field(default_factory=set)
    """Hires that the file speaks of in any row, whatever is wrong with it: they did not vanish."""
    _persons: dict[bytes, _Place] = field(default_factory=dict)
    _first_lines: dict[HireKey, int] = field(default_factory=dict)
    _told: set[tuple[int, str]] = field(default_factory=set)

    def add(self, row: Row, faults: Sequence[RowFault]) -> None:
        key = (row.facility, row.number)
        self.count += 1
        if all(key):
            self.listed.add(key)
            self._number_once(row, key)
            self._person_once(row, key)
        if faults:
            self._refuse(row.line, key, *faults)
        if row.line not in self.refused:
            self.rows[key] = ScannedRow(row.line, row_fingerprint(row), row.ends is not None)

    def _number_once(self, row: Row, key: HireKey) -> None:
        first = self._first_lines.setdefault(key, row.line)
        if first != row.line:
            self._twice((first, key), (row.line, key), "number", "number-twice", "number")
            self.rows.pop(key, None)

    def _person_once(self, row: Row, key: HireKey) -> None:
        """Somebody whose one hire ended may be in another one."""
        if row.hire is None:
            return
        for text in person_keys(row.hire):
            kind, _, digest = text.partition(":")
            if kind not in STRONG_KEYS:
                continue
            line, other = self._persons.setdefault(kind[:2].encode() + bytes.fromhex(digest), (row.line, key))
            if line != row.line and other != key:
                self._twice((line, other), (row.line, key), "family", "person-twice", "person")
                self.rows.pop(other, None)
                return

    def _twice(self, first: _Place, second: _Place, column: str, code: str, what: str) -> None:
        for (line, key), (other, _) in ((first, second), (second, first)):
            if (line, code) not in self._told:
                self._told.add((line, code))
                message = f"The same {what} is in line {other} too; nothing is done for either. Leave in the right one."
                fault = RowFault(line=line, column=column, code=code, message=message, facility=key[0])
                self._refuse(line, key, fault)

    def _refuse(self, line: int, key: HireKey, *faults: RowFault) -> None:
        self.refused[line] = key
        self.faults += faults[: MAX_FAULTS - len(self.faults)]


Step = Literal["new", "corrected", "ended", "unchanged", "done", "again", "unknown"]
"""`done`: this very file did it before it was interrupted. `again`: hired after it had ended, which needs a new number.
`unknown`: ends what no file spoke of."""


def step_of(row: ScannedRow, known: KnownHire | None, file_id: str) -> Step:
    """What is to be done for a row that can be taken."""
    if known is None:
        return "unknown" if row.ends else "new"
    if known.fingerprint == row.fingerprint:
        return "done" if known.file_id == file_id and known.effect != "unchanged" else "unchanged"
    if row.ends:
        return "unchanged" if known.state == "ended" else "ended"
    return "again" if known.state == "ended" else "corrected"


class Losses(Value):
    """Of the hires of a facility that were under way: how many a full file ends, and which it no longer lists."""

    facility: str
    open: int
    ended: int
    vanished: tuple[str, ...]

    @property
    def lost(self) -> int:
        return self.ended + len(self.vanished)

    def too_many(self, percent: int) -> bool:
        """Whether more than `percent` of them are lost."""
        return self.lost > NEVER_HELD and self.lost * 100 > percent * self.open


def losses(scan: FileScan, open_hires: Sequence[KnownHire]) -> tuple[Losses, ...]:
    """By facility. `open_hires` are those under way of which files spoke before."""
    found = Counter(each.facility for each in open_hires)
    ended: Counter[str] = Counter()
    vanished: dict[str, list[str]] = defaultdict(list)
    for each in open_hires:
        row = scan.rows.get(each.key)
        if each.key not in scan.listed:
            vanished[each.facility].append(each.number)
        elif row is not None and row.ends:
            ended[each.facility] += 1
    return tuple(
        Losses(facility=code, open=found[code], ended=ended[code], vanished=tuple(sorted(vanished[code])))
        for code in sorted(found)
    )


Turn = Literal["now", "waits", "superseded", "too-old"]


def turn_of(name: FileName, last_full: FileName | None, last: FileName | None) -> Turn:
    """Whether it is the file's turn, after the last full file and the last file of any kind that were taken.

    A delta builds on a full file that is not later than itself; one that comes after a later delta waits for the next
    full file, which says all that it could say. An older full file would take back what is known since.
    """
    if name.kind == "full":
        return "too-old" if last is not None and name.order < last.order else "now"
    if last_full is None:
        return "waits"
    if name.order < last_full.order:
        return "superseded"
    return "waits" if last is not None and name.order < last.order else "now"


def kinds_in_order(names: Mapping[str, FileName | None]) -> Iterator[str]:
    """Files in the order of their days, the full one of a day before its deltas; what has no such name comes first."""
    order: dict[FileKind, int] = {"full": 0, "delta": 1}

    def place(text: str) -> tuple[object, ...]:
        name = names[text]
        return (0, text) if name is None else (1, name.day, order[name.kind], name.part, text)

    yield from sorted(names, key=place)
