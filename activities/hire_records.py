"""The steps that make, correct and take back the records of a hire in the HRIS and the ERP."""

from __future__ import annotations

from temporalio import activity

from activities.errors import classified
from activities.hire_recording import HireRecording
from domain.outside_errors import RefusedError
from domain.ports.hris import EmployeeDraft, EmployeeRecord
from domain.worker import WorkerRecord
from workflows.steps.hire_inputs import BeginWorkerInput, EmployeeInput, EndWorkerInput, WorkerInput


class HireRecords(HireRecording):
    @activity.defn(name="prepare_worker")
    async def prepare_worker(self, step: WorkerInput) -> WorkerRecord:
        async with classified():
            worker = await self._worker(step)
            if worker.status in ("rescinded", "ended"):
                # The HRIS keeps a hire that was taken back under its external id: nobody may take it for a new one.
                raise RefusedError("hris", "hire-rescinded", f"worker {worker.worker_number} is {worker.status}")
            await self._claim(step.case_id, worker.worker_id)
            await self._record(
                step,
                "worker.prepared",
                f"Worker {worker.worker_number} in the HRIS, from {worker.start_on}",
                worker_id=worker.worker_id,
                worker_number=worker.worker_number,
                position=worker.position,
                revived=bool(step.revive),
            )
        return worker

    async def _worker(self, step: WorkerInput) -> WorkerRecord:
        """What this hire made before is corrected; whoever worked here before is hired again under their number."""
        hris = self._ports.hris
        if await hris.find(step.draft.external_id) is not None:
            return await hris.change(step.draft.external_id, step.draft)
        if step.revive:
            await self._claim(step.case_id, step.revive)
            return await hris.revive(step.revive, step.draft)
        return await hris.prepare(step.draft)

    async def _claim(self, case_id: str, worker_id: str) -> None:
        """One case writes for a worker. Raises RefusedError while it is another."""
        holder = await self._ports.register.claim_worker(case_id, worker_id)
        if holder != case_id:
            raise RefusedError("hris", "hire-in-progress", f"{holder} is under way for the same worker")

    @activity.defn(name="begin_worker")
    async def begin_worker(self, step: BeginWorkerInput) -> WorkerRecord:
        async with classified():
            worker = await self._ports.hris.begin(step.external_id, step.on)
            await self._record(step, "worker.began", f"Worker {worker.worker_number} active from {step.on}")
        return worker

    @activity.defn(name="rescind_worker")
    async def rescind_worker(self, step: EndWorkerInput) -> None:
        async with classified():
            worker = await self._ports.hris.rescind(step.external_id, step.reason)
            if worker is None:
                await self._record(step, "worker.never-made", "There is no worker to take back")
                return
            seen = await self._ports.hris.worker(worker.worker_id)
            if seen is not None and seen.status not in ("ended", "rescinded"):
                raise RefusedError("hris", "target-refused", f"worker {seen.worker_number} is still {seen.status}")
            await self._record(
                step,
                "worker.rescinded",
                f"Worker {worker.worker_number} is {worker.status} in the HRIS",
                worker_id=worker.worker_id,
                status=worker.status,
            )

    @activity.defn(name="record_employee")
    async def record_employee(self, step: EmployeeInput) -> EmployeeRecord:
        worker = step.worker
        async with classified():
            record = await self._ports.employees.record_employee(
                EmployeeDraft(
                    external_id=step.external_id,
                    worker_number=worker.worker_number,
                    name=worker.name.full,
                    facility=worker.facility,
                    cost_centre=worker.cost_centre,
                    start_on=worker.start_on,
                    end_on=worker.end_on,
                )
            )
            await self._record(
                step,
                "employee.recorded",
                f"Employee {record.number} in the ERP on {record.cost_centre}",
                number=record.number,
                worker_number=record.worker_number,
            )
        return record

    @activity.defn(name="end_employee")
    async def end_employee(self, step: EndWorkerInput) -> None:
        async with classified():
            record = await self._ports.employees.end_employee(step.external_id, step.reason)
            what = "There is no employee to end" if record is None else f"Employee {record.number} ended in the ERP"
            await self._record(step, "employee.ended", what)
