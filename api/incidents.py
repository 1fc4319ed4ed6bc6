"""What Corridor noticed about itself, brought before the people who own it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api.starting import SYSTEM, Beginning, CaseExistsError, start_case, unavailable
from domain.exceptions import CATALOGUE, Finding
from domain.model import Value
from domain.outside_errors import TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from domain.ports.evidence import CaseFilter, EvidenceReader
from workflows.messages import incident as messages
from workflows.messages.procure_to_pay import TASK_QUEUE

TIMEOUT = timedelta(seconds=5)
MAX_OCCURRENCES = 1000
PAGE = 100


class Incidents(Protocol):
    """Raises the errors of `domain.outside_errors` when Temporal or the evidence store does not answer."""

    async def open(self, subject: str, text: str, finding: Finding, policy: FrozenPolicy, at: datetime) -> str:
        """Ask the owner of the finding, unless the same is asked already; returns the id of the case.

        `text` is what was noticed: the same `subject` and `text` are the same incident, whoever notices it.
        """

    async def clear(self, case_id: str, reason: str) -> None:
        """The cause is gone. Nothing happens when the case is closed already."""

    async def open_cases(self, code: str) -> tuple[str, ...]:
        """Running incidents with this code of the catalogue, as far as they are recorded."""


class TemporalIncidents:
    """Incidents as workflows. The client must use the data converter of the other processes."""

    def __init__(self, client: Client, reader: EvidenceReader, task_queue: str = TASK_QUEUE) -> None:
        self._client, self._reader, self._task_queue = client, reader, task_queue

    async def open(self, subject: str, text: str, finding: Finding, policy: FrozenPolicy, at: datetime) -> str:
        facility = policy.facility.code
        for occurrence in range(1, MAX_OCCURRENCES):
            case = messages.incident_case_id(facility, subject, text, occurrence)
            known = await self._reader.case(case)
            # A closed case is a record: what comes again gets a case of its own, also when Temporal forgot the first.
            if known is not None and known.closed_at is not None:
                continue
            given = messages.IncidentInput(
                case_id=case,
                facility=facility,
                finding=finding,
                policy=policy.of_process("housekeeping"),
                submitted_at=at,
            )
            if await self._started(given) or await self._running(case):
                return case
        raise TemporarilyUnavailableError(SYSTEM, "too-often", f"{subject} came back {MAX_OCCURRENCES} times")

    async def _started(self, incident: messages.IncidentInput) -> bool:
        """Whether this call started it; False when its id was ever used."""
        beginning = Beginning(
            workflow=messages.WORKFLOW_NAME,
            case_id=incident.case_id,
            process="housekeeping",
            facility=incident.facility,
            urgency="urgent",
            summary=CATALOGUE[incident.finding.code].title,
        )
        try:
            await start_case(self._client, self._task_queue, beginning, incident)
        except CaseExistsError:
            return False
        return True

    async def _running(self, case_id: str) -> bool:
        try:
            description = await self._client.get_workflow_handle(case_id).describe(rpc_timeout=TIMEOUT)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise unavailable(error) from error
        return description.status == WorkflowExecutionStatus.RUNNING

    async def update(self, case_id: str, finding: Finding) -> None:
        """More is known of what was noticed. Nothing happens when the case is closed already."""
        await self._signal(case_id, messages.FINDING_UPDATED, finding)

    async def clear(self, case_id: str, reason: str) -> None:
        await self._signal(case_id, messages.CLEARED, messages.Clearance(reason=reason))

    async def _signal(self, case_id: str, name: str, given: Value) -> None:
        try:
            await self._client.get_workflow_handle(case_id).signal(name, given, rpc_timeout=TIMEOUT)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise unavailable(error) from error

    async def open_cases(self, code: str) -> tuple[str, ...]:
        where = CaseFilter(facilities=("*",), process="housekeeping", status="running", exception_code=code)
        page = await self._reader.cases(where, None, PAGE)
        return tuple(case.case_id for case in page.items)

    async def since(self, case_id: str) -> datetime | None:
        """When it was noticed (UTC), as far as it is recorded."""
        known = await self._reader.case(case_id)
        return None if known is None else known.submitted_at
