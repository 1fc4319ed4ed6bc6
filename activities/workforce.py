"""What runs at intervals over everybody who works here: screening them again, and ending access on its last day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from itertools import groupby

import structlog
from temporalio import activity

from activities.errors import classified, own_store
from activities.hire_ports import Hiring
from domain.accounts import HeldEntitlement
from domain.business_time import local_day
from domain.case import parse_case_id
from domain.credentialing import judge_licence
from domain.credentials import LicenceQuestion, ListState, ScreenedPerson
from domain.exceptions import Finding
from domain.hire import LicenceClaim
from domain.hire_rules import HireParameters, HireRules
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError
from domain.policy.model import FrozenPolicy
from domain.ports.evidence import EvidenceReader
from domain.ports.policies import PolicyStore
from domain.screening import hits_of, keys_under, screened, screening_finding
from domain.worker import WorkerRecord
from workflows.messages.incident import incident_case_id
from workflows.steps.workforce import (
    EndAccessInput,
    EndedPage,
    RescreenedPage,
    RescreenInput,
    WorkforceIncident,
    WorkforceSteps,
)

WORKERS_PER_PAGE = 50
ACCESS_PER_PAGE = 100
_log = structlog.get_logger("workforce")


class WorkforceDesk(WorkforceSteps):
    """`clock` gives the current instant (UTC)."""

    def __init__(
        self, ports: Hiring, policies: PolicyStore, reader: EvidenceReader, clock: Callable[[], datetime]
    ) -> None:
        self._ports, self._policies, self._reader, self._clock = ports, policies, reader, clock

    # Screening

    @activity.defn(name="rescreen_page")
    async def rescreen_page(self, step: RescreenInput) -> RescreenedPage:
        async with classified():
            try:
                states = await self._ports.exclusions.states()
            except ContractDriftError as error:
                return await self._page(0, [self._list_incident("refused", str(error))], None)
            try:
                return await self._screened_page(step, states)
            except (RefusedError, ContractDriftError) as error:
                return await self._page(0, [self._broken_off(error)], None)

    async def _screened_page(self, step: RescreenInput, states: Sequence[ListState]) -> RescreenedPage:
        found = [] if step.cursor else [*self._list_incidents(states)]
        page = await self._ports.hris.active(step.cursor, WORKERS_PER_PAGE)
        for worker in page.workers:
            found += await self._screened(worker, states)
        found += await self._licences(page.workers)
        return await self._page(len(page.workers), found, page.next_cursor)

    def _broken_off(self, error: OutsideError) -> WorkforceIncident:
        """Nobody waits for the run itself: who was not screened, and why, is told once a month."""
        facility, month = self._central(), self._clock().strftime("%Y-%m")
        finding = Finding(
            code="contract-drift" if isinstance(error, ContractDriftError) else "target-refused",
            message=f"Not everybody was screened again: {error.system} says {error.message}"[:1000],
            evidence={"says": {"system": error.system, "code": error.code, "message": error.message}},
        )
        text = f"broken off {month} {error.system} {error.code}"
        return WorkforceIncident(
            case_id=incident_case_id(facility, "screening", text), facility=facility, finding=finding
        )

    async def _screened(self, worker: WorkerRecord, states: Sequence[ListState]) -> list[WorkforceIncident]:
        """What nobody cleared, neither for the worker nor, before the HRIS knew them, for the hire."""
        if not states:
            return []
        person = ScreenedPerson(
            subject=worker.worker_id, name=worker.name, birth_date=worker.birth_date, npi=worker.npi
        )
        entries = await self._ports.exclusions.entries_like(person)
        least = self._parameters(worker.facility).screening_score
        hits = hits_of(person, entries, least)
        if not hits:
            return []
        keys = keys_under(worker.external_id, person, hits)
        async with own_store():
            known = await self._ports.screening.cleared([*keys, *keys.values()])
        cleared = {keys.get(key, key) for key in known}
        result = screened(hits, cleared, states)
        finding = screening_finding(result)
        if finding is None:
            return []
        shown = tuple(sorted(hit.key for hit in result.hits))
        return [self._incident(worker, "exclusion", " ".join((worker.worker_id, *shown)), finding, shown)]

    async def _licences(self, workers: Sequence[WorkerRecord]) -> list[WorkforceIncident]:
        """Licences on which people were hired, where a register says that they end or are shut."""
        if self._ports.proven is None:
            return []
        async with own_store():
            proven = await self._ports.proven.of([worker.external_id for worker in workers])
        found = []
        for worker in workers:
            for kind, claims in groupby(proven.get(worker.external_id, ()), key=lambda claim: claim.kind):
                finding = await self._licence_finding(worker, kind, tuple(claims))
                if finding is not None:
                    text = f"{worker.external_id} {kind} {finding.code} {finding.evidence.get('expires_on', '')}"
                    found.append(self._incident(worker, "licence", text, finding))
        return found

    async def _licence_finding(self, worker: WorkerRecord, kind: str, claims: Sequence[LicenceClaim]) -> Finding | None:
        pairs = []
        for claim in claims:
            record = await self._ports.licences.look_up(LicenceQuestion(claim=claim, name=worker.name))
            if record.status != "not-checked":
                # What was stated at the hire is years old by now: only the register's own day counts.
                pairs.append((claim.model_copy(update={"expires_on": None}), record))
        if not pairs:
            return None
        days = self._parameters(worker.facility).licence_days
        return judge_licence(kind, pairs, self._today(worker.facility), days, (), name=worker.name).finding

    def _list_incidents(self, states: Sequence[ListState]) -> Iterable[WorkforceIncident]:
        if not states:
            month = self._clock().strftime("%Y-%m")
            yield self._list_incident(f"none {month}", "No exclusion list is there: nobody was screened")
        for each in states:
            if each.stale or each.trouble:
                what = each.trouble or "no newer one was provided"
                message = f"The list in force of {each.list_name} is of {each.as_of}: {what}"
                yield self._list_incident(f"{each.list_name} {each.as_of} {each.trouble}", message)

    def _list_incident(self, text: str, message: str) -> WorkforceIncident:
        facility = self._central()
        finding = Finding(code="exclusion-list-faulty", message=message[:1000])
        return WorkforceIncident(
            case_id=incident_case_id(facility, "exclusion-list", text), facility=facility, finding=finding
        )

    def _incident(
        self, worker: WorkerRecord, subject: str, text: str, finding: Finding, hits: tuple[str, ...] = ()
    ) -> WorkforceIncident:
        """The finding, with whom it is about as the facility's people know them."""
        known = {each.code for each in self._policies.facilities()}
        facility = worker.facility if worker.facility in known else self._central()
        about = {"worker_number": worker.worker_number, "name": worker.name.full, "facility": worker.facility}
        return WorkforceIncident(
            case_id=incident_case_id(facility, subject, text),
            facility=facility,
            finding=finding.model_copy(update={"evidence": {**about, **finding.evidence}}),
            hits=hits,
            worker_id=worker.worker_id,
        )

    async def _page(self, count: int, found: Sequence[WorkforceIncident], next_cursor: str | None) -> RescreenedPage:
        new = await self._new(found)
        return RescreenedPage(screened=count, incidents=new, policies=self._policies_of(new), next_cursor=next_cursor)

    # Ending access

    @activity.defn(name="end_access_page")
    async def end_access_page(self, step: EndAccessInput) -> EndedPage:
        async with classified(), own_store():
            due = await self._ports.access.ending(self._clock().date(), ACCESS_PER_PAGE)
        over = [each for each in due if each.until is not None and each.until < self._today(_facility_of(each))]
        ended, failures, waiting = [], [], 0
        for held in over:
            try:
                await self._end(held)
            except OutsideError as error:
                if step.patient and isinstance(error, TemporarilyUnavailableError):
                    waiting += 1
                else:
                    failures.append(self._failure(held, error))
            else:
                ended.append(held)
        async with classified():
            new = await self._new(failures)
            recovered = await self._open_incidents(ended)
        return EndedPage(
            ended=len(ended),
            waiting=waiting,
            failed=len(failures),
            incidents=new,
            policies=self._policies_of(new),
            recovered=recovered,
            more=len(due) == ACCESS_PER_PAGE,
        )

    async def _end(self, held: HeldEntitlement) -> None:
        """Out of the group in the target, seen to be out, and then out of the register. Raises OutsideError."""
        port = self._ports.identities.get(held.system)
        if port is None:
            raise RefusedError(held.system, "target-refused", f"no system is set up as '{held.system}'")
        account = await self._ports.access.account_of(held.system, held.worker_id)
        if account is not None and account.account_id:
            await port.leave(account.account_id, held.group)
            shown = await port.account(account.account_id)
            if shown is not None and held.group in shown.groups:
                raise RefusedError(held.system, "target-refused", "the account is still shown as a member")
        async with own_store():
            await self._ports.access.revoke(
                held.worker_id, held.system, held.entitlement, held.case_id, "corridor: last day passed"
            )
        _log.info("access.ended", system=held.system, entitlement=held.entitlement, case_id=held.case_id)

    def _failure(self, held: HeldEntitlement, error: OutsideError) -> WorkforceIncident:
        facility = self._place(held)
        message = f"'{held.entitlement}' in {held.system} was to end on {held.until} and is open: {error.message}"
        finding = Finding(
            code="access-not-ended",
            message=message[:1000],
            evidence={
                "worker_id": held.worker_id,
                "system": held.system,
                "group": held.group,
                "until": str(held.until),
                "granted_by": held.case_id,
                "says": {"system": error.system, "code": error.code, "message": error.message},
            },
        )
        return WorkforceIncident(case_id=self._failure_case(held), facility=facility, finding=finding)

    def _failure_case(self, held: HeldEntitlement) -> str:
        text = f"{held.worker_id} {held.system} {held.entitlement} {held.until}"
        return incident_case_id(self._place(held), "access", text)

    def _place(self, held: HeldEntitlement) -> str:
        known = {each.code for each in self._policies.facilities()}
        facility = _facility_of(held)
        return facility if facility in known else self._central()

    async def _open_incidents(self, ended: Sequence[HeldEntitlement]) -> tuple[str, ...]:
        found = []
        for held in ended:
            case = self._failure_case(held)
            async with own_store():
                shown = await self._reader.case(case)
            if shown is not None and shown.status == "running":
                found.append(case)
        return tuple(found)

    # Both

    async def _new(self, found: Sequence[WorkforceIncident]) -> tuple[WorkforceIncident, ...]:
        """Without those that were raised before, whatever came of them."""
        new = []
        for each in found:
            async with own_store():
                if await self._reader.case(each.case_id) is None:
                    new.append(each)
        return tuple(new)

    def _policies_of(self, incidents: Sequence[WorkforceIncident]) -> dict[str, FrozenPolicy]:
        found = {}
        for facility in dict.fromkeys(each.facility for each in incidents):
            policy = self._policy(facility)
            if policy is None:
                raise RuntimeError(f"facility {facility} has no policy today")
            found[facility] = policy.model_copy(update={"hire": None})
        return found

    def _policy(self, facility: str) -> FrozenPolicy | None:
        return self._policies.effective(facility, self._today(facility))

    def _parameters(self, facility: str) -> HireParameters:
        policy = self._policy(facility)
        rules = policy.hire if policy is not None else None
        return (rules or HireRules()).parameters

    def _today(self, facility: str) -> date:
        """The facility's day; the day of UTC where it is unknown."""
        place = next((each for each in self._policies.facilities() if each.code == facility), None)
        return self._clock().date() if place is None else local_day(self._clock(), place.calendar)

    def _central(self) -> str:
        """Whose people look after what concerns no facility: the shared-service centre's, where there is one."""
        places = self._policies.facilities()
        central = [each.code for each in places if each.kind == "shared-services"]
        return (central or [each.code for each in places])[0]


def _facility_of(held: HeldEntitlement) -> str:
    key = parse_case_id(held.case_id)
    return key.facility if key is not None else ""
