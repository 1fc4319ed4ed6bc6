"""An HR file as HR's own system exports it: a header, a row per hire, and a last line that counts the rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.hire import Hire
from domain.hire_file import COLUMNS, LISTS, NAME_PARTS, OF_PERSON, EndKind, FileKind, FileName, join_entries


@dataclass(frozen=True)
class Ended:
    """A hire that does not take place."""

    facility: str
    number: str
    kind: EndKind
    reason: str = ""


def hr_file_name(kind: FileKind, day: date, part: int = 1) -> str:
    """The name under which the file is left in the folder."""
    return FileName(kind=kind, day=day, part=part).text


def write_hr_file(
    hires: Sequence[Hire], ended: Sequence[Ended] = (), columns: Sequence[str] = COLUMNS, delimiter: str = ","
) -> str:
    """The content of the file, with `columns` in their order."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    rows = [*map(_hired, hires), *map(_ended, ended)]
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    text.write(f"#end{delimiter}{len(rows)}\r\n")
    return text.getvalue()


def _ended(hire: Ended) -> Mapping[str, str]:
    return {"facility": hire.facility, "number": hire.number, "status": hire.kind, "reason": hire.reason}


def _hired(hire: Hire) -> Mapping[str, str]:
    return {column: text for column, text in _cells(hire) if text}


def _cells(hire: Hire) -> Iterator[tuple[str, str]]:
    for column in COLUMNS:
        if column in NAME_PARTS:
            yield column, getattr(hire.person.name, column)
        elif column in OF_PERSON:
            yield column, _text(getattr(hire.person, column))
        elif column in LISTS:
            parts = LISTS[column]
            entries = [[_text(getattr(entry, part)) for part in parts] for entry in getattr(hire, column)]
            yield column, join_entries(entries)
        elif column not in ("status", "reason"):
            yield column, _text(getattr(hire, column))


def _text(value: object) -> str:
    return "" if value is None else str(value)
