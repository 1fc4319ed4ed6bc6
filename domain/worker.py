"""A worker as the HRIS, the system of record of employment, keeps them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.hire import EmploymentType, PersonName
from domain.model import Value

WorkerStatus = Literal["prehire", "active", "ended", "rescinded"]


class WorkerDraft(Value):
    """What a hire makes of a worker. `external_id` is unique for ever: the same draft again is the same worker."""

    external_id: str
    facility: str
    name: PersonName
    birth_date: date | None = None
    personal_email: str = ""
    npi: str = ""
    position: str
    job_family: str
    title: str
    department: str
    cost_centre: str
    employment_type: EmploymentType
    manager: str
    start_on: date
    end_on: date | None = None


class WorkerRecord(Value):
    """`worker_id` is the HRIS's own id, never reused and kept for life; `worker_number` is the employee number that
    people see. `external_id` names the hire that made, or last revived, the record. Days are local to the facility.
    `deletion_due_on` is the day on which what is left of an ended worker is to be deleted, None when nothing is."""

    worker_id: str
    worker_number: str
    external_id: str
    status: WorkerStatus
    facility: str
    name: PersonName
    birth_date: date | None = None
    personal_email: str = ""
    npi: str = ""
    position: str = ""
    job_family: str = ""
    title: str = ""
    department: str = ""
    cost_centre: str = ""
    employment_type: EmploymentType = "employee"
    manager: str = ""
    start_on: date
    end_on: date | None = None
    deletion_due_on: date | None = None


class Position(Value):
    """`filled_by` is the external id of the hire, or the worker id, that holds it; empty while it is open."""

    number: str
    facility: str
    department: str
    job_family: str
    title: str
    cost_centre: str
    open: bool
    filled_by: str = ""
    budgeted: bool = True


class HireReference(Value):
    """What the HRIS says of the place that a hire fills: None and False where it knows nothing of it."""

    position: Position | None = None
    department_known: bool = False
    manager_active: bool = False
    manager_name: str = ""
