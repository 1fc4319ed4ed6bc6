"""What the files of a folder say together: the newest whole list of each publisher, with the supplements after it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from adapters.exclusion_lists import leie, sam
from adapters.exclusion_lists.index import EntryIndex
from adapters.list_files import ListFileError, Table, read_table
from domain.credentials import ExclusionEntry

Signature = tuple[tuple[str, int, int, int], ...]
"""Name, size, time of change (ns) and inode of each file, in order: what differs when one was replaced."""
MOST_FILES = 200
LEAST_SHARE = 0.8
"""A new list with fewer rows than this share of the one in force was cut off at the end of a row."""
_SUPPLEMENT = re.compile(r"^(\d{2})(0[1-9]|1[0-2])(EXCL|REIN)\.csv$", re.IGNORECASE)
_DAY_OF_YEAR = re.compile(r"_(\d{2})(\d{3})\.csv$", re.IGNORECASE)


@dataclass(frozen=True)
class ExclusionList:
    """One list in force. `as_of` is the newest day that its files speak of."""

    name: str
    as_of: date
    index: EntryIndex


@dataclass
class Reading:
    """What came of reading a folder: the lists in force by name, and per list why newer files are not used."""

    lists: dict[str, ExclusionList] = field(default_factory=dict)
    troubles: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, name: str, file: str, reason: str) -> None:
        self.troubles.setdefault(name, []).append(f"{file}: {reason}")


def signature(folder: Path) -> Signature:
    """Raises OSError for a folder that cannot be read."""
    found = []
    for path in sorted(each for each in folder.iterdir() if each.suffix.lower() == ".csv"):
        seen = path.stat()
        found.append((path.name, seen.st_size, seen.st_mtime_ns, seen.st_ino))
    return tuple(found)


def read_folder(folder: Path, names: Signature, earlier: Mapping[str, ExclusionList]) -> Reading:
    """Read all files. What cannot be used, or is gone, leaves the earlier list in force."""
    reading = Reading()
    if len(names) > MOST_FILES:
        reading.refuse("folder", folder.name, f"holds more than {MOST_FILES} files")
        reading.lists = dict(earlier)
        return reading
    tables = [table for name, *_ in names if (table := _table(folder / name, reading)) is not None]
    supplements = [each for each in tables if leie.is_leie(each) and _SUPPLEMENT.match(each.name)]
    wholes = [each for each in tables if leie.is_leie(each) and each not in supplements]
    _take(reading, leie.NAME, wholes, earlier, _leie_list)
    _supplement(reading, supplements)
    _take(reading, sam.NAME, [each for each in tables if sam.is_sam(each)], earlier, _sam_list)
    for table in tables:
        if not leie.is_leie(table) and not sam.is_sam(table):
            reading.refuse("unknown", table.name, "its columns are those of no list that is known")
    for name, known in earlier.items():
        _keep(reading, name, known)
    return reading


def _keep(reading: Reading, name: str, known: ExclusionList) -> None:
    """The earlier list stays in force when there is none now, or an older one beside files that cannot be used."""
    now = reading.lists.get(name)
    if now is None and name not in reading.troubles:
        reading.refuse(name, "the folder", "its files are gone")
    if now is None or (name in reading.troubles and now.as_of < known.as_of):
        reading.lists[name] = known


def _table(path: Path, reading: Reading) -> Table | None:
    try:
        return read_table(path)
    except ListFileError as error:
        reading.refuse(_list_of(path.name), path.name, str(error))
    except OSError as error:
        reading.refuse(_list_of(path.name), path.name, f"cannot be read: {error.strerror}")
    return None


def _list_of(name: str) -> str:
    """Whose a file is when only its name can be read."""
    return sam.NAME if "sam" in name.casefold() else leie.NAME


def _take(
    reading: Reading,
    name: str,
    tables: list[Table],
    earlier: Mapping[str, ExclusionList],
    make: Callable[[Table], ExclusionList],
) -> None:
    """The newest whole list; not one that is much shorter than the one in force."""
    made = []
    for table in tables:
        try:
            made.append(make(table))
        except ListFileError as error:
            reading.refuse(name, table.name, str(error))
    newest = max(made, key=lambda each: (each.as_of, len(each.index)), default=None)
    known = earlier.get(name)
    if newest is not None and known is not None and len(newest.index) < LEAST_SHARE * len(known.index):
        reading.refuse(
            name, tables[0].name, f"has {len(newest.index):,} rows, and the list in force {len(known.index):,}"
        )
        newest = known
    if newest is not None:
        reading.lists[name] = newest


def _leie_list(table: Table) -> ExclusionList:
    entries = leie.entries(table)
    if not entries:
        raise ListFileError("it has no rows")
    return ExclusionList(leie.NAME, _newest(entries), _in_force(entries))


def _in_force(entries: list[ExclusionEntry]) -> EntryIndex:
    return EntryIndex(each for each in entries if each.reinstated_on is None)


def _newest(entries: list[ExclusionEntry]) -> date:
    days = [day for each in entries for day in (each.excluded_on, each.reinstated_on) if day is not None]
    if not days:
        raise ListFileError("no row has a date of exclusion")
    return max(days)


def _sam_list(table: Table) -> ExclusionList:
    entries = sam.entries(table)
    if not entries:
        raise ListFileError("it has no rows")
    named = _DAY_OF_YEAR.search(table.name)
    if named is None:
        return ExclusionList(sam.NAME, _newest(entries), EntryIndex(entries))
    on = date(2000 + int(named[1]), 1, 1) + timedelta(days=max(1, min(366, int(named[2]))) - 1)
    return ExclusionList(sam.NAME, on, EntryIndex(entries))


def _supplement(reading: Reading, tables: list[Table]) -> None:
    """Add and take away what the months after the whole list did, in order. One bad supplement stops those after it:
    a reinstatement must not come before its exclusion."""
    whole = reading.lists.get(leie.NAME)
    ordered = sorted(tables, key=lambda each: (each.name[:4], each.name[4:].upper()))
    if whole is None:
        for table in ordered:
            reading.refuse(leie.NAME, table.name, "a supplement needs the whole list (UPDATED.csv) before it")
        return
    entries, as_of = list(whole.index.entries), whole.as_of
    for table in ordered:
        if (2000 + int(table.name[:2]), int(table.name[2:4])) <= (whole.as_of.year, whole.as_of.month):
            continue
        try:
            news = leie.entries(table)
            as_of = max(as_of, _newest(news)) if news else as_of
        except ListFileError as error:
            reading.refuse(leie.NAME, table.name, str(error))
            break
        if table.name[4:8].upper() == "EXCL":
            entries += news
        else:
            ended = {leie.identity(each) for each in news}
            entries = [each for each in entries if leie.identity(each) not in ended]
    if as_of != whole.as_of or len(entries) != len(whole.index):
        reading.lists[leie.NAME] = ExclusionList(leie.NAME, as_of, _in_force(entries))
