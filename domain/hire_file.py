"""An HR file: its name, its columns, and what one row of it says.

A file is `full` (everybody whom HR is hiring) or `delta` (what changed). Columns are found by their header. Every fault
of a row is told with its line and column; messages never repeat what is personal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple, get_args

from pydantic import ValidationError

from domain.facility import Facility
from domain.hire import Hire
from domain.hire_intake import hire_faults
from domain.hire_rules import HireRules
from domain.model import Value

FileKind = Literal["full", "delta"]
EndKind = Literal["rescinded", "no-show", "wrong-person"]

REQUIRED = (
    *("number", "facility", "requester", "manager", "family", "position", "job_family", "title", "department"),
    *("cost_centre", "start_on"),
)
OPTIONAL = (
    *("status", "reason", "given", "middle", "suffix", "preferred", "birth_date", "personal_email", "worker_number"),
    *("npi", "employment_type", "end_on", "licences", "certificates", "extra_access", "equipment", "deliver_to"),
    "justification",
)
COLUMNS = (*REQUIRED, *OPTIONAL)
LISTS: Mapping[str, tuple[str, ...]] = {
    "licences": ("kind", "state", "number", "expires_on", "board"),
    "certificates": ("kind", "expires_on", "number"),
    "extra_access": ("entitlement", "until", "reason"),
    "equipment": ("item", "quantity"),
}
"""Columns with several entries: entries are parted by ';', their parts by '|', in this order; '\\' keeps a sign."""
NAME_PARTS = ("family", "given", "middle", "suffix", "preferred")
OF_PERSON = ("birth_date", "personal_email", "worker_number", "npi")
DATES = frozenset({"birth_date", "start_on", "end_on", "expires_on", "until"})
MAX_COLUMNS = 200
MAX_UNKNOWN_TOLD = 20

_HIRED = frozenset({"", "hired", "hire", "correct", "corrected", "active"})
_ENDS: Mapping[str, EndKind] = {
    "rescind": "rescinded",
    "rescinded": "rescinded",
    "no-show": "no-show",
    "wrong-person": "wrong-person",
}
_ALIASES = {"action": "status"}
_JUDGED_BY: Mapping[str, tuple[str, ...]] = {
    "end_on": ("employment_type", "start_on"),
    "extra_access": ("start_on", "facility"),
}
"""Columns of which nobody can say whether they are right while others cannot be read."""
_HARMLESS: dict[str, Any] = {
    **dict.fromkeys(set(REQUIRED) - {"family"}, "unread"),
    "start_on": date(2000, 1, 1),
}
_NAME = re.compile(r"^hires-(full|delta)-(\d{8})(?:-(\d{1,4}))?\.csv$", re.IGNORECASE)
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
_FACILITY = re.compile(r"^[a-z][a-z0-9-]{1,31}$")
_NUMBER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")
_PLAIN_HEADER = re.compile(r"^[a-z0-9_]{1,40}$")


class FileName(Value):
    """`day` is the local day that the file is of; `part` counts the files of one day from 1."""

    kind: FileKind
    day: date
    part: int = 1

    @property
    def order(self) -> tuple[date, int]:
        return self.day, self.part

    @property
    def text(self) -> str:
        again = f"-{self.part}" if self.part > 1 else ""
        return f"hires-{self.kind}-{self.day:%Y%m%d}{again}.csv"


class RowFault(Value):
    """`line` counts from 1, the header's; 0 speaks of the whole file. `facility` is empty where it cannot be read."""

    line: int
    column: str = ""
    code: str
    message: str
    facility: str = ""


class Header(NamedTuple):
    """`places` says in which cell of a row each known column is."""

    places: Mapping[str, int]
    width: int
    unknown: tuple[str, ...]


class HeaderError(Exception):
    """The columns cannot be used; `faults` say why."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.message for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says. Of a hire that does not take place, `ends` says why, and only its number matters. `hire` is None
    then, and where the row cannot be read; then `readable` is the hire with everything left out that cannot."""

    line: int
    facility: str
    number: str
    hire: Hire | None
    ends: EndKind | None
    reason: str
    faults: tuple[RowFault, ...]
    readable: Hire | None = None


def file_name(text: str) -> FileName | None:
    """None for a name that no HR file has."""
    match = _NAME.match(text)
    if match is None:
        return None
    try:
        day = date(int(match[2][:4]), int(match[2][4:6]), int(match[2][6:]))
    except ValueError:
        return None
    kind: FileKind = "full" if match[1].lower() == "full" else "delta"
    return FileName(kind=kind, day=day, part=int(match[3] or 1))


def known_columns(cells: Sequence[str]) -> int:
    """How many of the cells are headers that we know."""
    return sum(1 for cell in cells if _column(cell) in COLUMNS)


def read_header(cells: Sequence[str], line: int = 1) -> Header:
    """Raises HeaderError for a required column that is missing, and for one that is there twice."""
    if len(cells) > MAX_COLUMNS:
        message = f"There are {len(cells)} columns; send at most {MAX_COLUMNS}."
        raise HeaderError([RowFault(line=line, code="too-many-columns", message=message)])
    places: dict[str, int] = {}
    faults: list[RowFault] = []
    unknown: list[str] = []
    for place, cell in enumerate(cells):
        column = _column(cell)
        if column not in COLUMNS:
            unknown.append(column if _PLAIN_HEADER.match(column) else f"column {place + 1}")
        elif column in places:
            message = f"The column is there twice, in places {places[column] + 1} and {place + 1}; send it once."
            faults.append(RowFault(line=line, column=column, code="column-twice", message=message))
        else:
            places[column] = place
    for column in REQUIRED:
        if column not in places:
            message = "The column is missing; every file needs it."
            faults.append(RowFault(line=line, column=column, code="column-missing", message=message))
    if faults:
        raise HeaderError(faults)
    return Header(places, len(cells), tuple(unknown[:MAX_UNKNOWN_TOLD]))


def _column(cell: str) -> str:
    name = cell.strip().lower().replace(" ", "_").replace("-", "_")
    return _ALIASES.get(name, name)


def read_row(cells: Sequence[str], header: Header, line: int) -> Row:
    """What the row says by itself; policy is not looked at."""
    if len(cells) != header.width:
        message = f"The row has {len(cells)} cells and the header {header.width}; check its quotes and delimiters."
        return Row(line, "", "", None, None, "", (RowFault(line=line, code="cells", message=message),))
    given = {column: cells[place].strip() for column, place in header.places.items()}
    facility = given["facility"] if _FACILITY.match(given["facility"]) else ""
    number = given["number"] if _NUMBER.match(given["number"]) else ""
    status = given.get("status", "").lower().replace("_", "-")
    if status in _ENDS:
        faults = tuple(_key_faults(line, facility, number))
        return Row(line, facility, number, None, _ENDS[status], given.get("reason", "")[:2000], faults)
    hire, readable, problems = _hire_of(given)
    if status not in _HIRED:
        known = ", ".join(("hired", *get_args(EndKind)))
        hire, problems = None, [("status", "unknown-status", f"Send one of: {known}."), *problems]
    faults = tuple(
        RowFault(line=line, column=column, code=code, message=message, facility=facility)
        for column, code, message in problems
    )
    return Row(line, facility, number, hire, None, "", faults, None if hire is not None else readable)


def policy_faults(row: Row, facility: Facility | None, rules: HireRules | None, today: date) -> tuple[RowFault, ...]:
    """What the policy of its facility has against a row, or against what of it can be read. `today` is the day at the
    facility."""
    hire = row.hire or row.readable
    if hire is None:
        if facility is not None or row.faults:
            return ()
        message = "There is no such facility; send the code of one that hires here."
        return (RowFault(line=row.line, column="facility", code="unknown-facility", message=message),)
    unread = {fault.column for fault in row.faults}
    unread |= {judged for judged, by in _JUDGED_BY.items() if not unread.isdisjoint(by)}
    return tuple(
        RowFault(
            line=row.line,
            column=column,
            code=fault.code,
            message=fault.message,
            facility=row.facility if facility is not None else "",
        )
        for fault in hire_faults(hire, facility, rules, today)
        if (column := _column_of(fault.pointer.strip("/").split("/"))) not in unread
    )


def _key_faults(line: int, facility: str, number: str) -> Iterator[RowFault]:
    for column, value in (("facility", facility), ("number", number)):
        if not value:
            message = f"Send the {column} of the hire that does not take place."
            yield RowFault(line=line, column=column, code="required", message=message, facility=facility)


Problem = tuple[str, str, str]
"""Column, code and message."""


def _hire_of(given: Mapping[str, str]) -> tuple[Hire | None, Hire | None, list[Problem]]:
    """The hire, or what of it can be read, and what cannot. Dates and numbers are read here, strictly: pydantic alone
    takes 20260323 for a second in August 1970."""
    problems: list[Problem] = []
    document: dict[str, Any] = {}
    person: dict[str, Any] = {"name": {part: given[part] for part in NAME_PARTS if given.get(part)}}
    for column, text in given.items():
        if not text or column in NAME_PARTS or column in ("status", "reason"):
            continue
        target = person if column in OF_PERSON else document
        if column in LISTS:
            target[column] = _entries(column, text, problems)
        else:
            target[column] = _value(column, column, text, problems)
    document["person"] = person
    try:
        hire = Hire.model_validate(document)
    except ValidationError as error:
        unread = {column for column, _, _ in problems}
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            column = _column_of([str(part) for part in each["loc"]])
            place = _entry(each["loc"][1]) if column in LISTS and len(each["loc"]) > 1 else ""
            if place or column not in unread:
                problems.append((column, each["type"], place + _plain_message(each["type"], each["msg"])))
    else:
        if not problems:
            return hire, hire, problems
    return None, _readable(document, {column for column, _, _ in problems}), problems


def _readable(document: Mapping[str, Any], unread: Collection[str]) -> Hire | None:
    """The hire without the columns that cannot be read; those that no hire is without say something harmless."""
    person = document["person"]
    kept = {column: value for column, value in document.items() if column not in unread}
    known = {column: value for column, value in person.items() if column not in unread}
    name = {part: value for part, value in person["name"].items() if part not in unread}
    try:
        return Hire.model_validate(_HARMLESS | kept | {"person": known | {"name": {"family": "unread"} | name}})
    except ValidationError:
        return None


def _plain_message(kind: str, message: str) -> str:
    return "Send a value: every hire has one." if kind == "missing" else message


def _value(column: str, part: str, text: str, problems: list[Problem]) -> Any:
    if part in DATES:
        return _day(column, text, problems)
    if part == "quantity":
        if not (text.isascii() and text.isdecimal() and len(text) < 6):
            problems.append((column, "not-a-number", "Send the quantity in digits."))
            return 1
        return int(text)
    return text


def _day(column: str, text: str, problems: list[Problem]) -> date | None:
    if _DAY.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            problems.append((column, "no-such-day", "There is no such day in the calendar; check it."))
            return None
    problems.append((column, "not-a-day", "Send the day as year-month-day, such as 2026-03-31."))
    return None


def _entries(column: str, text: str, problems: list[Problem]) -> list[dict[str, Any]]:
    names = LISTS[column]
    found: list[dict[str, Any]] = []
    for index, parts in enumerate(split_entries(text)):
        wrong: list[Problem] = []
        if len(parts) > len(names):
            message = f"There are more than {len(names)} parts; send {'|'.join(names)}, and ';' between entries."
            wrong.append((column, "too-many-parts", message))
        given = {name: part for name, part in zip(names, parts, strict=False) if part}
        found.append({name: _value(column, name, part, wrong) for name, part in given.items()})
        problems += [(column, code, _entry(index) + message) for _, code, message in wrong]
    return found


def _entry(index: int | str) -> str:
    return f"Entry {int(index) + 1}: "


def split_entries(text: str) -> list[list[str]]:
    """Entries of a cell with their parts; empty entries are left out."""
    entries: list[list[list[str]]] = [[[]]]
    signs = iter(text)
    for sign in signs:
        if sign == ";":
            entries.append([[]])
        elif sign == "|":
            entries[-1].append([])
        else:
            entries[-1][-1].append(next(signs, "") if sign == "\\" else sign)
    read = [["".join(part).strip() for part in entry] for entry in entries]
    return [entry for entry in read if any(entry)]


def join_entries(entries: Sequence[Sequence[str]]) -> str:
    """The cell whose `split_entries` are these."""
    return ";".join("|".join(re.sub(r"([\\;|])", r"\\\1", part) for part in entry) for entry in entries)


def _column_of(path: Sequence[str]) -> str:
    """The column of a field of a hire."""
    inner = [part for part in path if part not in ("person", "name")] or ["family"]
    return inner[0] if inner[0] in COLUMNS else ""
