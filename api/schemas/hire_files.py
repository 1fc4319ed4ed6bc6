"""HR files as human resources see them: what each did, and which rows were not taken. Nobody's name is in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from domain.hire_file import FileKind
from domain.model import Request
from domain.ports.hire_files import FileState, HireFileRecord
from domain.requisition import Text


class RefusedRow(BaseModel):
    """`line` counts from 1, the header's; 0 speaks of the whole file."""

    line: int
    column: str
    code: str
    message: str


class HireFileView(BaseModel):
    """`rows` are those below the header. `faults` and `vanished_hires` are the first of them, those of the caller's
    facilities. `scope` is the facility whose folder the file was left in, empty for a file of all.
    """

    file_id: str
    name: str
    scope: str
    kind: FileKind
    day: date
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


class ReleaseBody(Request):
    """Why the file is right although so many hires are missing in it or ended by it."""

    reason: Annotated[Text, Field(min_length=1)]


def hire_file_view(record: HireFileRecord, serves: Callable[[str], bool]) -> HireFileView:
    """`serves` says for which facilities the caller works."""
    faults = [
        RefusedRow(**fault.model_dump(exclude={"facility"}))
        for fault in record.faults
        if not fault.facility or serves(fault.facility)
    ]
    shown = record.model_dump(include=set(HireFileView.model_fields) - {"faults", "vanished_hires"})
    vanished = [each for each in record.vanished_hires if serves(each.partition(" ")[0])]
    return HireFileView(**shown, faults=faults, vanished_hires=vanished)
