"""The employee port over the reference ERP. Each method is one call, and each call is one transaction there."""

from __future__ import annotations

from pydantic import TypeAdapter

from adapters.erp.reference import wire_employees as wire
from adapters.sql_system import SqlCalls, Wire
from domain.ports.hris import EmployeeDraft, EmployeeRecord

_EMPLOYEE = TypeAdapter(wire.WireEmployee)
_MAYBE_EMPLOYEE: TypeAdapter[wire.WireEmployee | None] = TypeAdapter(wire.WireEmployee | None)


class ReferenceEmployees(SqlCalls):
    """`domain.ports.hris.EmployeePort`. Raises the errors of `domain.outside_errors`, with `system` 'erp'."""

    async def record_employee(self, draft: EmployeeDraft) -> EmployeeRecord:
        request = wire.WireEmployeeDraft(**dict(draft))
        return _record(await self._ask("record_employee", request, _EMPLOYEE))

    async def find_employee(self, worker_number: str) -> EmployeeRecord | None:
        return await self._maybe_employee("find_employee", wire.WireWorkerNumber(worker_number=worker_number))

    async def end_employee(self, external_id: str, reason: str) -> EmployeeRecord | None:
        request = wire.WireEmployeeEnd(external_id=external_id, reason=reason)
        return await self._maybe_employee("end_employee", request)

    async def _maybe_employee(self, function: str, request: Wire) -> EmployeeRecord | None:
        found = await self._ask(function, request, _MAYBE_EMPLOYEE)
        return None if found is None else _record(found)


def _record(theirs: wire.WireEmployee) -> EmployeeRecord:
    return EmployeeRecord(**dict(theirs))
