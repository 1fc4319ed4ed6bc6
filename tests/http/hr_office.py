"""The folder of human resources with a gateway that looks into it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from adapters.hr_files import HrFolder
from api.hire_watch import HireWatch
from cli.demo.hires.writing import Ended, write_hr_file
from domain.exceptions import Finding
from domain.hire import Hire
from domain.policy.model import FrozenPolicy
from domain.ports.hire_files import HireFileRecord
from tests.fixtures.evidence import a_journal
from tests.http.fakes import Gateway
from tests.http.hire_desk import a_hire, a_person
from workflows.messages.incident import incident_case_id

FULL, DELTA = "hires-full-20260302.csv", "hires-delta-20260303.csv"


class Incidents:
    """Incidents as they were raised; the same one twice is one."""

    def __init__(self) -> None:
        self.raised: dict[str, Finding] = {}
        self.cleared: list[str] = []

    async def open(self, subject: str, text: str, finding: Finding, policy: FrozenPolicy, _at: object) -> str:
        case = incident_case_id(policy.facility.code, subject, text, 1)
        self.raised[case] = finding
        return case

    async def clear(self, case_id: str, _reason: str) -> None:
        self.cleared.append(case_id)

    async def open_cases(self, _code: str) -> tuple[str, ...]:
        return tuple(self.raised)


def hired(who: int | str, **changes: Any) -> Hire:
    """Each is somebody else."""
    born = (date(1980, 1, 1) + timedelta(days=int(str(who), 36) % 9000)).isoformat()
    given = {"number": f"H-{who}", "person": a_person(birth_date=born, worker_number=f"W-{who}")}
    return Hire.model_validate(a_hire(**(given | changes)))


class Office:
    """The folder, the gateway that looks into it, and what human resources are told."""

    def __init__(self, gateway: Gateway, folder: Path, *, end_required: bool = True) -> None:
        self.gateway, self.folder, self.incidents = gateway, folder, Incidents()
        self._end_required = end_required
        self.metrics = CollectorRegistry()
        self.watch = self.another()

    def another(self, metrics: CollectorRegistry | None = None) -> HireWatch:
        every = timedelta(seconds=0.02)
        source = HrFolder(self.folder, end_required=self._end_required)
        return HireWatch(source, self.gateway.services, self.incidents, metrics or self.metrics, every)

    def leave(self, name: str, hires: Sequence[Hire] = (), ended: Sequence[Ended] = ()) -> None:
        self.put(name, write_hr_file(hires, ended).encode())

    def put(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    async def look(self, times: int = 2) -> None:
        for _ in range(times):
            await self.watch.look()

    async def take(self, name: str, hires: Sequence[Hire] = (), ended: Sequence[Ended] = ()) -> HireFileRecord:
        self.leave(name, hires, ended)
        await self.look()
        return self.last()

    def last(self) -> HireFileRecord:
        return list(self.gateway.hire_files.records.values())[-1]

    def ended(self, outcome: str) -> float:
        return self.metrics.get_sample_value("corridor_hire_files_total", {"outcome": outcome}) or 0

    def lying(self, place: str) -> list[str]:
        return sorted(path.name.rpartition("~")[2] for path in (self.folder / place).rglob("*.csv"))

    async def close(self, number: int | str) -> None:
        """The case ends."""
        case = f"hire-to-provision.north.H-{number}"
        self.gateway.cases.closed.add(case)
        changes: dict[str, Any] = {"process": "hire-to-provision", "requester": "hanna", "status": "completed"}
        await self.gateway.evidence.record(a_journal(case, closed_at=self.gateway.now, **changes))


def counts(record: HireFileRecord) -> dict[str, int]:
    names = ("new", "corrected", "ended", "unchanged", "closed", "refused", "vanished")
    return {name: getattr(record, name) for name in names if getattr(record, name)}
