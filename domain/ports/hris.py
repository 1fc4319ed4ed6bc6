"""The system of record of employment. Effects take an external id that is unique for ever: asking again gives the same
result and does nothing new. All methods raise the errors of `domain.outside_errors`, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from domain.hire import Hire
from domain.model import Value
from domain.worker import HireReference, WorkerDraft, WorkerRecord


class WorkerPage(Value):
    """`next_cursor` is opaque; None on the last page."""

    workers: tuple[WorkerRecord, ...]
    next_cursor: str | None = None


class HrisPort(Protocol):
    async def health(self) -> None:
        """Raise when the HRIS does not answer."""

    async def candidates(self, hire: Hire) -> Sequence[WorkerRecord]:
        """Workers who could be the person, chosen generously (number, NPI, birth date, family name, mail), at most
        50, without those whose hire was rescinded before they began."""

    async def reference(self, hire: Hire) -> HireReference: ...

    async def worker(self, worker_id: str) -> WorkerRecord | None: ...

    async def find(self, external_id: str) -> WorkerRecord | None:
        """The worker whom this hire made or revived."""

    async def prepare(self, draft: WorkerDraft) -> WorkerRecord:
        """A worker who begins on a later day; the HRIS gives the number and holds the position. Refuses a position that
        is unknown ('position-unknown'), taken ('position-taken') or closed ('position-closed'), an unknown department
        ('department-unknown'), a manager who does not work here ('manager-missing'). A rescinded hire stays so:
        the worker comes back as they are, and 'hire-rescinded' is refused when there is none."""

    async def revive(self, worker_id: str, draft: WorkerDraft) -> WorkerRecord:
        """Hire an ended worker again under the same id and number, and stop a deletion that is due. Refuses one who is
        active ('worker-active')."""

    async def change(self, external_id: str, draft: WorkerDraft) -> WorkerRecord:
        """Take over a correction: names, days, place, manager. The same draft again changes nothing."""

    async def begin(self, external_id: str, on: date) -> WorkerRecord:
        """The worker came: active from this local day on. Repeating it changes nothing."""

    async def rescind(self, external_id: str, reason: str) -> WorkerRecord | None:
        """Undo `prepare` or `revive`, also after `begin`: the position is open again, a revived worker ended as before
        with the deletion date that they had. A new worker is 'rescinded', or 'ended' on the first day after `begin`.
        None when nothing was made; then nothing is made later either."""

    async def active(self, cursor: str | None, limit: int) -> WorkerPage:
        """Everybody who works here or is about to, in order of their ids."""


class EmployeeDraft(Value):
    """What the ERP must know of a worker, to charge and pay for them."""

    external_id: str
    worker_number: str
    name: str
    facility: str
    cost_centre: str
    start_on: date
    end_on: date | None = None


class EmployeeRecord(Value):
    number: str
    external_id: str
    worker_number: str
    cost_centre: str
    start_on: date
    end_on: date | None = None
    active: bool = True


class EmployeePort(Protocol):
    """The ERP's employee record. Errors and external ids as in `HrisPort`."""

    async def record_employee(self, draft: EmployeeDraft) -> EmployeeRecord:
        """Create it, or change it to what the draft says; one record per worker number, also for a rehire. Refuses an
        unknown or closed cost centre ('cost-centre-closed')."""

    async def find_employee(self, worker_number: str) -> EmployeeRecord | None: ...

    async def end_employee(self, external_id: str, reason: str) -> EmployeeRecord | None:
        """Undo what `record_employee` made for this hire: deactivated, and ended on its first day. None when it never
        did."""
