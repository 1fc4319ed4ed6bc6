"""Who works where, reports to whom, may do what, and may log in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from adapters.reference_files.faults import InvalidReferenceFilesError
from adapters.reference_files.tables import Faults, Row, read_table, unique
from domain.people import Person, Role

_FILE = "people.csv"
_COLUMNS = [
    "person",
    "name",
    "title",
    "job_level",
    "department",
    "facility",
    "manager",
    "roles",
    "facilities",
    "cost_centres",
    "email",
    "active",
    "login",
]
_TOP_LEVEL = 9
_ROLES = frozenset(get_args(Role))


def read_people(directory: Path, faults: Faults) -> tuple[Person, ...]:
    rows = read_table(directory, _FILE, _COLUMNS, faults)
    unique(rows, "person")
    people = tuple(person for row in rows if (person := _person(row)) is not None)
    _check_managers(rows, people)
    return people


def load_logins(directory: Path) -> tuple[Person, ...]:
    """Those who may log in at the embedded identity provider: active, and marked `login` in people.csv.

    Raises InvalidReferenceFilesError.
    """
    faults = Faults()
    rows = read_table(directory, _FILE, _COLUMNS, faults)
    people = tuple(person for row in rows if row.flag("login") and (person := _person(row)) is not None)
    if faults.found:
        raise InvalidReferenceFilesError(faults.found)
    return tuple(person for person in people if person.active)


def _person(row: Row) -> Person | None:
    roles = row.words("roles")
    for role in roles:
        if role not in _ROLES:
            row.fault(f"role '{role}' is unknown: write some of {', '.join(sorted(_ROLES))}")
    if not row.words("facilities"):
        row.fault("facilities is missing: write codes with semicolons, or * for all")
    if row.flag("login") and not row.flag("active"):
        row.fault("is not active and can therefore not log in")
    try:
        return Person(
            person=row.required("person"),
            name=row.required("name"),
            email=row.required("email"),
            facility=row.required("facility"),
            title=row.text("title"),
            department=row.text("department"),
            manager=row.text("manager") or None,
            roles=roles,
            facilities=row.words("facilities"),
            cost_centres=row.words("cost_centres"),
            active=row.flag("active"),
            job_level=_job_level(row),
        )
    except ValidationError as error:
        row.fault("; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()))
        return None


def _job_level(row: Row) -> int | None:
    """From 1 for staff to 9 for the chief executive; empty where a level means nothing, as for a service account."""
    if not row.text("job_level"):
        return None
    level = row.whole("job_level")
    if level > _TOP_LEVEL:
        row.fault(f"job_level is {level}: write 1 (staff) to {_TOP_LEVEL} (chief executive)")
        return None
    return level


def _check_managers(rows: Sequence[Row], people: Sequence[Person]) -> None:
    by_id = {person.person: person for person in people}
    for row in rows:
        manager = row.text("manager")
        if manager and manager not in by_id:
            row.fault(f"manager '{manager}' is not in the file")
        elif manager and not by_id[manager].active:
            row.fault(f"manager {manager} is not active")
        elif manager and _outranks(by_id.get(row.text("person")), by_id[manager]):
            row.fault(f"job_level is above that of the manager {manager}")
        cycle = _cycle(row.text("person"), by_id)
        if cycle and row.text("person") == min(cycle):
            row.fault(f"managers form a circle: {' -> '.join((*cycle, cycle[0]))}")


def _outranks(person: Person | None, manager: Person) -> bool:
    if person is None or person.job_level is None or manager.job_level is None:
        return False
    return person.job_level > manager.job_level


def _cycle(start: str, people: dict[str, Person]) -> tuple[str, ...]:
    """The chain of managers from `start` back to `start`; empty when it ends elsewhere."""
    chain, current = [start], people[start].manager if start in people else None
    while current is not None and current in people and current not in chain:
        chain.append(current)
        current = people[current].manager
    return tuple(chain) if current == start else ()
