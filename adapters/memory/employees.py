"""The ERP's employee records in memory, with the reference ERP's behaviour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from adapters.memory.erp_books import refuse
from domain.master_data import CostCentre
from domain.ports.hris import EmployeeDraft, EmployeeRecord

EmployeeEffect = Literal["recorded", "changed", "ended"]


class MemoryEmployees:
    """`domain.ports.hris.EmployeePort`. Raises RefusedError as the reference ERP does; never unavailable by itself.

    `effects` counts what was done, repeated calls once.
    """

    def __init__(self, cost_centres: Iterable[CostCentre]) -> None:
        self._open = {each.code for each in cost_centres if each.open}
        self._records: dict[str, EmployeeRecord] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._hires: dict[str, str] = {}
        self._ended: set[str] = set()
        self.effects: Counter[EmployeeEffect] = Counter()

    @property
    def employees(self) -> tuple[EmployeeRecord, ...]:
        """Every record, in the order of their making: for those who count."""
        return tuple(self._records.values())

    async def record_employee(self, draft: EmployeeDraft) -> EmployeeRecord:
        number = self._hires.get(draft.external_id, draft.worker_number)
        if number != draft.worker_number:
            refuse("external-id-taken", f"That hire is of worker {number}.")
        before = self._records.get(draft.worker_number)
        if draft.external_id in self._ended or self._is_over(draft.external_id, before):
            if before is None:
                refuse("employee-ended", "The hire was taken back before it was recorded.")
            return before
        self._require_valid(draft)
        record = EmployeeRecord(
            number=f"EM-{len(self._records) + 1:06}" if before is None else before.number,
            **draft.model_dump(exclude={"name", "facility"}),
        )
        described = (draft.name, draft.facility)
        if (record, described) != (before, self._names.get(draft.worker_number)):
            self._records[draft.worker_number] = record
            self._names[draft.worker_number] = described
            self._hires[draft.external_id] = draft.worker_number
            self.effects["recorded" if before is None else "changed"] += 1
        return record

    async def find_employee(self, worker_number: str) -> EmployeeRecord | None:
        return self._records.get(worker_number)

    async def end_employee(self, external_id: str, reason: str) -> EmployeeRecord | None:  # noqa: ARG002 - the books in memory keep no reasons
        known = external_id in self._hires
        if external_id in self._ended or not known:
            self._ended.add(external_id)
            return self._records[self._hires[external_id]] if known else None
        self._ended.add(external_id)
        record = self._records[self._hires[external_id]]
        if record.external_id == external_id:
            record = record.model_copy(update={"active": False, "end_on": record.start_on})
            self._records[record.worker_number] = record
            self.effects["ended"] += 1
        return record

    def _is_over(self, external_id: str, record: EmployeeRecord | None) -> bool:
        """A later hire of the same worker has the record by now."""
        return external_id in self._hires and record is not None and record.external_id != external_id

    def _require_valid(self, draft: EmployeeDraft) -> None:
        if draft.cost_centre not in self._open:
            refuse("cost-centre-closed", f"Cost centre {draft.cost_centre} is unknown or closed.")
        if draft.end_on is not None and draft.end_on < draft.start_on:
            refuse("data-invalid", "The last day is before the first.")
