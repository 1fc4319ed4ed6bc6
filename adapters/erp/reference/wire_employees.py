"""The reference ERP's own shapes of employees, as its functions take and give them in JSON."""

from __future__ import annotations

from datetime import date

from adapters.sql_system import Wire


class WireEmployeeDraft(Wire):
    external_id: str
    worker_number: str
    name: str
    facility: str
    cost_centre: str
    start_on: date
    end_on: date | None


class WireEmployee(Wire):
    number: str
    external_id: str
    worker_number: str
    cost_centre: str
    start_on: date
    end_on: date | None
    active: bool


class WireWorkerNumber(Wire):
    worker_number: str


class WireEmployeeEnd(Wire):
    external_id: str
    reason: str
