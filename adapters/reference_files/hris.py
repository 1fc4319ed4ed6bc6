"""What the HRIS holds before the first hire: departments, positions, and those who work here or did."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from adapters.reference_files.books import read_accounts, read_cost_centres
from adapters.reference_files.dates import resolve_day
from adapters.reference_files.faults import InvalidReferenceFilesError
from adapters.reference_files.people import read_people
from adapters.reference_files.tables import Faults, Row, read_table, unique
from domain.hire import EmploymentType, PersonName
from domain.hris_system import Department, HrisSystem, KnownWorker
from domain.master_data import CostCentre
from domain.people import Person
from domain.worker import Position, WorkerRecord, WorkerStatus

_DEPARTMENTS = ("code", "name", "facility", "cost_centre")
_POSITIONS = ("number", "facility", "department", "job_family", "title", "cost_centre", "budgeted", "open")
_WORKERS = (
    *("worker_number", "status", "facility", "family", "given", "preferred", "birth_date", "personal_email", "npi"),
    *("position", "job_family", "title", "department", "cost_centre", "employment_type", "manager"),
    *("start_on", "end_on", "deletion_due_on", "person"),
)
_STATUSES: tuple[WorkerStatus, ...] = ("active", "ended")
_NUMBER = re.compile(r"^W-1\d{5}$")
_FIRST_NEW_NUMBER = 200001  # above all that a table may name, so that a later table never names somebody who was hired


def load_hris(directory: Path, today: date) -> HrisSystem:
    """Everything that the tables of the HRIS in `directory` say, with relative days counted from `today`.

    Raises InvalidReferenceFilesError with every fault, its file and its line.
    """
    faults = Faults()
    people = read_people(directory, faults)
    read_accounts(directory, faults)
    centres = {each.code: each for each in read_cost_centres(directory, people, faults)}
    departments = _read_departments(directory, centres, faults)
    known = {(each.facility, each.code) for each in departments}
    positions = _read_positions(directory, known, centres, faults)
    workers = _read_workers(directory, today, known, {each.number: each for each in positions}, people, faults)
    if faults.found:
        raise InvalidReferenceFilesError(faults.found)
    return HrisSystem(departments=departments, positions=positions, workers=workers, first_number=_FIRST_NEW_NUMBER)


def _read_departments(directory: Path, centres: Mapping[str, CostCentre], faults: Faults) -> tuple[Department, ...]:
    rows = read_table(directory, "departments.csv", _DEPARTMENTS, faults)
    unique(rows, "facility", "code")
    for row in rows:
        _check_cost_centre(row, centres)
    return tuple(
        Department(
            facility=row.required("facility"),
            code=row.required("code"),
            name=row.required("name"),
            cost_centre=row.text("cost_centre"),
        )
        for row in rows
    )


def _read_positions(
    directory: Path, departments: set[tuple[str, str]], centres: Mapping[str, CostCentre], faults: Faults
) -> tuple[Position, ...]:
    rows = read_table(directory, "positions.csv", _POSITIONS, faults)
    unique(rows, "number")
    for row in rows:
        _check_cost_centre(row, centres)
        _check_department(row, departments)
    return tuple(
        Position(
            number=row.required("number"),
            facility=row.text("facility"),
            department=row.text("department"),
            job_family=row.required("job_family"),
            title=row.required("title"),
            cost_centre=row.text("cost_centre"),
            open=row.flag("open"),
            budgeted=row.flag("budgeted"),
        )
        for row in rows
    )


def _read_workers(
    directory: Path,
    today: date,
    departments: set[tuple[str, str]],
    positions: Mapping[str, Position],
    people: Sequence[Person],
    faults: Faults,
) -> tuple[KnownWorker, ...]:
    rows = read_table(directory, "workers.csv", _WORKERS, faults)
    unique(rows, "worker_number")
    unique([row for row in rows if row.text("person")], "person")
    unique([row for row in rows if row.text("position")], "position")
    by_id = {person.person: person for person in people}
    numbers = {row.text("worker_number") for row in rows}
    for row in rows:
        _check_department(row, departments)
        _check_person(row, by_id)
        _check_place(row, positions)
        if row.text("manager") and row.text("manager") not in {*by_id, *numbers}:
            row.fault(f"manager '{row.text('manager')}' is neither in people.csv nor a worker number")
    return tuple(worker for row in rows if (worker := _worker(row, today)) is not None)


def _worker(row: Row, today: date) -> KnownWorker | None:
    number = row.required("worker_number")
    if not _NUMBER.match(number):
        row.fault(f"worker_number '{number}' must be W-1 and five more digits")
    start = _day(row, "start_on", today)
    if start is None:
        row.fault("start_on is missing")
    try:
        record = WorkerRecord(
            worker_id=number.replace("W-", "wid-"),
            worker_number=number,
            external_id=f"loaded.{number}",
            status=_one_of(row, "status", _STATUSES),
            name=PersonName(family=row.text("family"), given=row.text("given"), preferred=row.text("preferred")),
            birth_date=_day(row, "birth_date", today),
            employment_type=_one_of(row, "employment_type", get_args(EmploymentType)),
            start_on=start or today,
            end_on=_day(row, "end_on", today),
            deletion_due_on=_day(row, "deletion_due_on", today),
            **{name: row.text(name) for name in _TEXTS},
        )
    except ValidationError as error:
        row.fault("; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()))
        return None
    _check_days(row, record)
    return KnownWorker(record=record, person=row.text("person"))


_TEXTS = (
    *("facility", "personal_email", "npi", "position", "job_family", "title", "department", "cost_centre"),
    "manager",
)


def _check_days(row: Row, record: WorkerRecord) -> None:
    if record.end_on is not None and record.end_on < record.start_on:
        row.fault("end_on is before start_on")
    if record.status == "ended" and record.end_on is None:
        row.fault("has ended, but end_on is missing")
    if record.status != "ended" and record.deletion_due_on is not None:
        row.fault("works here and can therefore not be due for deletion")


def _check_person(row: Row, people: Mapping[str, Person]) -> None:
    """The people directory and the HRIS say the same of who works here."""
    person = row.text("person")
    if person and person not in people:
        row.fault(f"person '{person}' is not in people.csv")
    elif person and people[person].active != (row.text("status") == "active"):
        row.fault(f"people.csv says otherwise of whether {person} works here")


def _check_place(row: Row, positions: Mapping[str, Position]) -> None:
    number = row.text("position")
    if not number:
        return
    position = positions.get(number)
    if position is None or position.facility != row.text("facility"):
        row.fault(f"position '{number}' is no position of {row.text('facility')} in positions.csv")
    elif row.text("status") != "active":
        row.fault(f"has ended and can therefore not fill position {number}")


def _check_cost_centre(row: Row, centres: Mapping[str, CostCentre]) -> None:
    centre = centres.get(row.text("cost_centre"))
    if centre is None or not centre.open or centre.facility != row.text("facility"):
        row.fault(f"cost centre '{row.text('cost_centre')}' is no open one of {row.text('facility')}")


def _check_department(row: Row, departments: set[tuple[str, str]]) -> None:
    if (row.text("facility"), row.text("department")) not in departments:
        row.fault(f"{row.text('facility')} has no department '{row.text('department')}' in departments.csv")


def _day(row: Row, column: str, today: date) -> date | None:
    """None where the cell is empty, or cannot be read, which is recorded."""
    return row.parsed(column, lambda text: resolve_day(text, today), None) if row.text(column) else None


def _one_of(row: Row, column: str, allowed: Sequence[str]) -> str:
    value = row.text(column)
    if value not in allowed:
        row.fault(f"{column} is '{value}': write one of {', '.join(allowed)}")
        return allowed[0]
    return value
