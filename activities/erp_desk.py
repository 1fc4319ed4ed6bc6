"""What people did in the ERP itself: told to the cases that it concerns, or to somebody when it concerns none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities.errors import classified, own_store
from domain.business_time import local_day
from domain.case import parse_case_id
from domain.erp_changes import ErpChange, KnownChange, SweepPlace, begun, in_words, news, passed, since, told
from domain.exceptions import Finding
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError
from domain.policy.model import FrozenPolicy
from domain.ports.case_messages import CaseMessenger
from domain.ports.erp_changes import ErpChanges, SweepPlaces
from domain.ports.evidence import EvidenceReader
from domain.ports.policies import PolicyStore
from workflows.messages.erp_changes import ERP_CHANGED, INCIDENT_SUBJECT
from workflows.messages.incident import incident_case_id
from workflows.steps.erp_changes import (
    NONE_RAISED,
    ChangeIncident,
    CollectChangesInput,
    CollectedChanges,
    ErpChangeSteps,
)

RECORDS_PER_PAGE = 100
_ENTRIES_PER_PAGE = 200


@dataclass(frozen=True)
class ErpDeskPorts:
    """`policies` say who is asked about what no case can take."""

    changes: ErpChanges
    places: SweepPlaces
    reader: EvidenceReader
    messenger: CaseMessenger
    policies: PolicyStore


class ErpDesk(ErpChangeSteps):
    """`clock` gives the current instant (UTC)."""

    def __init__(self, ports: ErpDeskPorts, clock: Callable[[], datetime]) -> None:
        self._ports, self._clock = ports, clock

    @activity.defn(name="collect_erp_changes")
    async def collect_erp_changes(self, step: CollectChangesInput = NONE_RAISED) -> CollectedChanges:
        """The cases are told before the place moves: who is told twice takes it once. An ERP that is down leaves the
        place where it is."""
        erp, places = self._ports.changes, self._ports.places
        async with classified(), own_store():
            place = await self._place(step.raised)
            try:
                page = await erp.changes(since(place, erp.overlap), place.page, RECORDS_PER_PAGE)
            except (RefusedError, ContractDriftError) as error:
                return CollectedChanges(incidents=self._of_erp(error))
            fresh = news(place, page.changes)
            untold = [each for each in fresh if not (await self._tell(each) or await self._was_raised(each))]
            pending = tuple(KnownChange(change_id=each.change_id, at=each.at) for each in untold)
            if not untold:
                await places.keep(erp.name, passed(place, page, erp.overlap))
                return CollectedChanges(changes=len(fresh), more=bool(page.next_page))
            await places.keep(erp.name, told(place, [each for each in fresh if each not in untold]))
        incidents = tuple(incident for each in untold for incident in self._of_change(each))
        return CollectedChanges(changes=len(fresh), incidents=incidents, pending=pending)

    async def _place(self, raised: tuple[KnownChange, ...]) -> SweepPlace:
        """Whoever asks for the first time hears of what is changed from now on."""
        name, now = self._ports.changes.name, self._clock()
        kept = await self._ports.places.place(name)
        place = told(begun(kept or SweepPlace(until=now), now), raised)
        if kept is None or raised:
            await self._ports.places.keep(name, place)
        return place

    async def _tell(self, change: ErpChange) -> bool:
        """Whether its case took it in, now or before its end."""
        if not change.case_id:
            return False
        if await self._ports.messenger.tell(change.case_id, ERP_CHANGED, change):
            return True
        return await self._took_in(change)

    async def _took_in(self, change: ErpChange) -> bool:
        cursor: str | None = None
        while True:
            page = await self._ports.reader.timeline(change.case_id, cursor, _ENTRIES_PER_PAGE)
            if any(each.entry.detail.get("event_id") == change.change_id for each in page.items):
                return True
            cursor = page.next_cursor
            if cursor is None:
                return False

    async def _was_raised(self, change: ErpChange) -> bool:
        """Whether somebody was asked about it: a bill that was posted is changed again when it is paid."""
        for incident in self._of_change(change):
            case = incident_case_id(incident.policy.facility.code, INCIDENT_SUBJECT, incident.text)
            if await self._ports.reader.case(case) is not None:
                return True
        return False

    def _of_change(self, change: ErpChange) -> tuple[ChangeIncident, ...]:
        key = parse_case_id(change.case_id)
        finding = Finding(
            code="bill-unknown" if change.kind == "bill-posted" else "changed-after-closing",
            message=in_words(change),
            evidence=change.model_dump(mode="json", exclude_none=True),
        )
        return self._incident(change.change_id, finding, None if key is None else key.facility)

    def _of_erp(self, error: OutsideError) -> tuple[ChangeIncident, ...]:
        """The ERP does not let itself be asked, which no repetition mends: once a day somebody is told."""
        finding = Finding(
            code="target-refused" if isinstance(error, RefusedError) else "contract-drift",
            message=f"What people changed in the ERP cannot be read: {error.message}",
            evidence={"system": error.system, "code": error.code},
        )
        return self._incident(f"{error.code} on {self._clock().date()}", finding, None)

    def _incident(self, text: str, finding: Finding, facility: str | None) -> tuple[ChangeIncident, ...]:
        """None where no policy says whom to ask."""
        policy = self._policy(facility)
        return () if policy is None else (ChangeIncident(text=text, finding=finding, policy=policy),)

    def _policy(self, facility: str | None) -> FrozenPolicy | None:
        """Of the facility; without one, of the shared-service centre, where there is one."""
        places = self._ports.policies.facilities()
        central = [each for each in places if each.kind == "shared-services"]
        place = next((each for each in places if each.code == facility), (central or [*places])[0])
        return self._ports.policies.effective(place.code, local_day(self._clock(), place.calendar))
