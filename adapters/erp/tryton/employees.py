"""Employees in Tryton: a party whose code is the worker number, and its employee. Tryton keeps days and nothing else of
an employment; the cost centre, whose hire it was and that it was taken back are kept with the claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.erp.tryton import order_checks, wire
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import EmployeeDocument, HireDocument, employee_key, hire_key
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.master import TrytonMaster
from domain.model import Value
from domain.outside_errors import RefusedError
from domain.ports.erp_claims import ClaimKey, ClaimTurn
from domain.ports.hris import EmployeeDraft, EmployeeRecord

EMPLOYEE, PARTY = "company.employee", "party.party"


class TrytonEmployees(TrytonMaster):
    async def record_employee(self, draft: EmployeeDraft) -> EmployeeRecord:
        async with self._claims.turn(f"hire:{draft.external_id}") as turn, turn.also(f"worker:{draft.worker_number}"):
            hire = await _hire(turn, draft.external_id)
            if hire is not None and hire.worker_number not in ("", draft.worker_number):
                refuse("external-id-taken", f"That hire is of worker {hire.worker_number}.")
            before = await _employee(turn, draft.worker_number)
            if hire is not None and (hire.ended or (before and before.record.external_id != draft.external_id)):
                if before is None:
                    refuse("employee-ended", "The hire was taken back before it was recorded.")
                return before.record
            await self._check_employee(draft)
            document = await self._recorded(draft)
            await _keep(
                turn,
                {
                    employee_key(draft.worker_number): document,
                    hire_key(draft.external_id): HireDocument(worker_number=draft.worker_number),
                },
            )
            return document.record

    async def find_employee(self, worker_number: str) -> EmployeeRecord | None:
        """One whom Corridor recorded, with Tryton's days."""
        body = await self._claims.read("employee", worker_number)
        if body is None:
            return None
        document = EmployeeDocument.model_validate_json(body)
        row = await self._row(wire.Employee, document.employee)
        if row.start_date is None:
            raise drifted("an employee without a first day")
        return document.record.model_copy(update={"start_on": row.start_date, "end_on": row.end_date})

    async def end_employee(self, external_id: str, reason: str) -> EmployeeRecord | None:  # noqa: ARG002 - the case keeps the reason
        async with self._claims.turn(f"hire:{external_id}") as turn:
            hire = await _hire(turn, external_id)
            if hire is None or not hire.worker_number:
                await _keep(turn, {hire_key(external_id): HireDocument(ended=True)})
                return None
            async with turn.also(f"worker:{hire.worker_number}"):
                document = await _employee(turn, hire.worker_number)
                if document is None:
                    raise drifted(f"the claim of worker {hire.worker_number}, which is gone")
                if not hire.ended and document.record.external_id == external_id:
                    document = await self._ended(document)
                ended = hire.model_copy(update={"ended": True})
                await _keep(turn, {employee_key(hire.worker_number): document, hire_key(external_id): ended})
                return document.record

    async def _check_employee(self, draft: EmployeeDraft) -> None:
        centres = {each.code: each for each in await self._cost_centres((draft.cost_centre,))}
        order_checks.check_cost_centre(draft.cost_centre, centres)
        if draft.end_on is not None and draft.end_on < draft.start_on:
            refuse("data-invalid", "The last day is before the first.")

    async def _recorded(self, draft: EmployeeDraft) -> EmployeeDocument:
        """The worker's one employee in Tryton, as the draft says; made where there is none."""
        party = await self._party(draft)
        days = {"start_date": draft.start_on, "end_date": draft.end_on}
        found = await self._client.search_read(EMPLOYEE, [["party", "=", party]], ["id"], order=[("id", "ASC")])
        if found:
            employee = int(found[0]["id"])
            await self._client.call(f"model.{EMPLOYEE}.write", [employee], days, again=True)
        else:
            employee = await self._made(EMPLOYEE, {"party": party, **days})
        record = EmployeeRecord(
            number=draft.worker_number,
            external_id=draft.external_id,
            worker_number=draft.worker_number,
            cost_centre=draft.cost_centre,
            start_on=draft.start_on,
            end_on=draft.end_on,
        )
        return EmployeeDocument(employee=employee, record=record)

    async def _party(self, draft: EmployeeDraft) -> int:
        """The party of the worker's number, which Tryton keeps unique: who loses a race for it finds the winner's."""
        named = [["code", "=", draft.worker_number]]
        found = await self._client.search_read(PARTY, named, ["id", "name"])
        if not found:
            try:
                return await self._made(PARTY, {"code": draft.worker_number, "name": draft.name, "addresses": []})
            except RefusedError:
                found = await self._client.search_read(PARTY, named, ["id", "name"])
                if not found:
                    raise
        party = int(found[0]["id"])
        if found[0]["name"] != draft.name:
            await self._client.call(f"model.{PARTY}.write", [party], {"name": draft.name}, again=True)
        return party

    async def _made(self, model: str, values: dict[str, Any]) -> int:
        made = await self._client.call(f"model.{model}.create", [values])
        if not isinstance(made, list) or len(made) != 1 or not isinstance(made[0], int):
            raise drifted(f"model.{model}.create")
        return int(made[0])

    async def _ended(self, document: EmployeeDocument) -> EmployeeDocument:
        first = document.record.start_on
        days = {"start_date": first, "end_date": first}
        await self._client.call(f"model.{EMPLOYEE}.write", [document.employee], days, again=True)
        record = document.record.model_copy(update={"active": False, "end_on": first})
        return document.model_copy(update={"record": record})


async def _hire(turn: ClaimTurn, external_id: str) -> HireDocument | None:
    body = await turn.read("hire", external_id)
    return None if body is None else HireDocument.model_validate_json(body)


async def _employee(turn: ClaimTurn, worker_number: str) -> EmployeeDocument | None:
    body = await turn.read("employee", worker_number)
    return None if body is None else EmployeeDocument.model_validate_json(body)


async def _keep(turn: ClaimTurn, documents: Mapping[ClaimKey, Value]) -> None:
    await turn.write({key: document.model_dump_json() for key, document in documents.items()})
