"""The reference HRIS's own shapes: what its functions take and give, in JSON. What it does not know is empty."""

from __future__ import annotations

from datetime import date
from typing import Literal

from adapters.sql_system import Wire

WireStatus = Literal["PREHIRE", "ACTIVE", "ENDED", "RESCINDED"]
WirePositionStatus = Literal["OPEN", "HELD", "FILLED", "CLOSED"]
WireEmploymentType = Literal["employee", "contractor", "volunteer", "agency-nurse"]


class WireDraft(Wire):
    external_id: str
    facility: str
    family: str
    given: str
    middle: str
    suffix: str
    preferred: str
    birth_date: date | None
    personal_email: str
    npi: str
    position: str
    job_family: str
    title: str
    department: str
    cost_centre: str
    employment_type: WireEmploymentType
    manager: str
    start_on: date
    end_on: date | None


class WireWorker(WireDraft):
    worker_id: str
    worker_number: str
    status: WireStatus
    deletion_due_on: date | None


class WireRevival(Wire):
    worker_id: str
    draft: WireDraft


class WireChange(Wire):
    external_id: str
    draft: WireDraft


class WireBegin(Wire):
    external_id: str
    on: date


class WireRescission(Wire):
    external_id: str
    reason: str


class WireExternalId(Wire):
    external_id: str


class WireWorkerId(Wire):
    worker_id: str


class WirePersonQuery(Wire):
    worker_number: str
    npi: str
    birth_date: date | None
    personal_email: str
    given: str
    family: str
    most: int


class WirePlaceQuery(Wire):
    facility: str
    position: str
    department: str
    manager: str


class WirePosition(Wire):
    number: str
    facility: str
    department: str
    job_family: str
    title: str
    cost_centre: str
    budgeted: bool
    status: WirePositionStatus
    holder: str


class WirePlace(Wire):
    position: WirePosition | None
    department_known: bool
    manager: WireWorker | None


class WireListQuery(Wire):
    after: str
    most: int


class WireHealth(Wire):
    number_prefix: str
