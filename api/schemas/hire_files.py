"""HR files as human resources see them: what each did, and which rows were not taken. Nobody's name is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from api.hire_intake import hire_case_id
from domain.hire_file import FileKind, RowFault
from domain.hire_file_compare import Effect
from domain.model import Request
from domain.ports.hire_files import FileState, HireFileRecord, RowFate
from domain.requisition import Text


class RefusedRow(BaseModel):
    """`line` counts from 1, the header's; 0 speaks of the whole file."""

    line: int
    column: str
    code: str
    message: str


class HireFileView(BaseModel):
    """`rows` are those below the header. `faults` and `vanished_hires` are the first of them, those of the caller's
    facilities. `scope` is the facility whose folder the file was left in, empty for a file of all. While the file is
    being taken, the counts grow. Of a file whose name no HR file has, `name` is empty, and there is no kind and day.
    """

    file_id: str
    name: str
    scope: str
    kind: FileKind | None
    day: date | None
    sha256: str
    encoding: str
    state: FileState
    received_at: AwareDatetime
    updated_at: AwareDatetime
    rows: int
    new: int
    corrected: int
    ended: int
    unchanged: int
    closed: int
    refused: int
    vanished: int
    vanished_hires: list[str]
    unknown_columns: list[str]
    faults: list[RefusedRow]
    incident: str
    released_by: str
    release_reason: str


class HireFileList(BaseModel):
    """The latest first. `next_cursor` is null on the last page."""

    items: list[HireFileView]
    next_cursor: str | None


class HireFileRow(BaseModel):
    """What became of a row: all that is wrong with a refused one. `facility`, `number` and `case_id` are empty where
    they cannot be read."""

    line: int
    facility: str
    number: str
    effect: Effect
    case_id: str
    faults: list[RefusedRow]


class HireFileRowList(BaseModel):
    """Rows that did something or were refused, by line; a row that is not listed changed nothing. `next_cursor` is null
    on the last page."""

    items: list[HireFileRow]
    next_cursor: str | None


class ReleaseBody(Request):
    """Why the file is right although so many hires are missing in it or ended by it."""

    reason: Annotated[Text, Field(min_length=1)]


def hire_file_view(record: HireFileRecord, serves: Callable[[str], bool]) -> HireFileView:
    """`serves` says for which facilities the caller works."""
    faults = _refusals(fault for fault in record.faults if not fault.facility or serves(fault.facility))
    shown = record.model_dump(include=set(HireFileView.model_fields) - {"faults", "vanished_hires"})
    vanished = [each for each in record.vanished_hires if serves(each.partition(" ")[0])]
    return HireFileView(**shown, faults=faults, vanished_hires=vanished)


def hire_file_row(fate: RowFate) -> HireFileRow:
    started = fate.facility and fate.number and fate.effect != "refused"
    case = hire_case_id(fate.facility, fate.number) if started else ""
    return HireFileRow(**fate.model_dump(exclude={"faults"}), case_id=case, faults=_refusals(fate.faults))


def _refusals(faults: Iterable[RowFault]) -> list[RefusedRow]:
    return [RefusedRow(**fault.model_dump(exclude={"facility"})) for fault in faults]
