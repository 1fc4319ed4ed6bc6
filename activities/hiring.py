"""The steps of hire-to-provision over the ports: translate, act once, record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from temporalio import activity

from activities.approver_reads import approver_directory
from activities.case_steps import CaseActivities
from activities.errors import classified, own_store
from activities.hire_access import HireAccess
from activities.hire_ports import Hiring
from activities.hire_proofs import HireProofs
from activities.hire_records import HireRecords
from activities.recording import Recorder
from domain.exceptions import Finding
from domain.hire import Hire
from domain.hire_by_hand import by_hand
from domain.hire_findings import plan_findings
from domain.hire_plan import HirePlan
from domain.hire_planning import asks_of, plan
from domain.hire_rules import HireRules
from domain.identity_questions import decided_match, identity_findings
from domain.money import Money
from domain.person_matching import match_person, person_keys
from domain.ports.directory import DirectoryPort
from domain.ports.erp import ErpPort, MasterDataQuery
from domain.ports.evidence import EvidenceWriter
from domain.ports.hire_register import HireEntry
from workflows.steps.hire_inputs import (
    HireStepInput,
    IdentifyInput,
    IdentifyOutcome,
    PlanInput,
    PlanOutcome,
    SettleHireInput,
    SettleHireOutcome,
)
from workflows.steps.hiring import HiringSteps
from workflows.steps.inputs import AnnounceResult

Clock = Callable[[], datetime]


class HiringActivities(HireRecords, HireAccess, HireProofs, HiringSteps):
    """`clock` gives the instant (UTC) at which a step is recorded; decisions use the workflow's time."""

    def __init__(
        self,
        ports: Hiring,
        erp: ErpPort,
        directory: DirectoryPort,
        evidence: EvidenceWriter,
        case: CaseActivities,
        clock: Clock,
    ) -> None:
        super().__init__(ports, Recorder(evidence, clock))
        self._erp, self._directory, self._case = erp, directory, case

    @activity.defn(name="note_standing")
    async def note_standing(self, step: HireStepInput) -> AnnounceResult:
        result = await self._case.announce(step)
        async with classified():
            await self._show(step)
        return result

    @activity.defn(name="identify_person")
    async def identify_person(self, step: IdentifyInput) -> IdentifyOutcome:
        hire = step.hire
        async with classified():
            workers = await self._ports.hris.candidates(hire)
            async with own_store():
                running = await self._ports.register.enter(
                    HireEntry(
                        case_id=step.case_id,
                        facility=hire.facility,
                        number=hire.number,
                        person_keys=person_keys(hire),
                    )
                )
            found = match_person(hire, workers, running, step.parameters, own=(step.case_id,))
            match = decided_match(found, step.decided, workers)
            findings = identity_findings(match)
            await self._record(step, "person.looked-up", f"Looked up: {match.kind}", candidates=len(match.candidates))
        return IdentifyOutcome(match=match, findings=findings)

    @activity.defn(name="plan_hire")
    async def plan_hire(self, step: PlanInput) -> PlanOutcome:
        hire, policy, rules = step.hire, step.policy, step.policy.hire or HireRules()
        async with classified():
            reference = await self._ports.hris.reference(hire)
            kept = tuple(each for each in hire.extra_access if each.entitlement not in step.removed)
            asked = hire.model_copy(update={"extra_access": kept})
            holidays = frozenset(policy.holidays)
            made = plan(
                asked, rules, policy.facility, holidays, step.today, removed=step.removed, mitigated=step.mitigated
            )
            made = by_hand(made, frozenset(self._ports.identities))
            held = await self._ports.access.held(step.worker_id) if step.worker_id else ()
            findings = plan_findings(
                asked,
                made,
                rules,
                reference,
                policy.facility,
                holidays,
                step.today,
                held=held,
                own_ids=(step.case_id, step.worker_id),
                removed=step.removed,
                accepted=step.accepted,
                mitigated=step.mitigated,
                checked_start=step.checked_start,
            )
            amount = await self._price(made, hire, step)
            outcome = PlanOutcome(
                plan=made,
                findings=findings,
                asks=asks_of(asked, made, rules, reference, amount),
                amount=amount,
                approvers=await approver_directory(self._directory, policy, hire.requester),
                manager_name=reference.manager_name,
                previously_held=held,
            )
            first = f"; to be settled first: {', '.join(each.code for each in findings)}" if findings else ""
            await self._record(
                step, "hire.planned", f"Planned: {len(made.items)} item(s){first}", findings=_told(findings)
            )
        return outcome

    async def _price(self, made: HirePlan, hire: Hire, step: PlanInput) -> Money:
        """What the equipment costs by the catalogue; an item that it does not know costs nothing yet."""
        currency = step.policy.facility.currency
        wanted = [item for item in made.items if item.kind == "equipment"]
        if not wanted:
            return Money.zero(currency)
        items = tuple(sorted({item.catalogue_item for item in wanted}))
        query = MasterDataQuery(
            facility=hire.facility, on=step.today, cost_centres=(hire.cost_centre,), items=items, suppliers=()
        )
        prices = {each.code: each.price for each in (await self._erp.master_data(query)).items}
        amounts = [
            prices[item.catalogue_item].times(Decimal(item.quantity))
            for item in wanted
            if item.catalogue_item in prices
        ]
        return Money.total([each for each in amounts if each.currency == currency], currency).rounded()

    @activity.defn(name="settle_hire")
    async def settle_hire(self, step: SettleHireInput) -> SettleHireOutcome:
        async with classified():
            left = await self._left(step) if step.clean_slate else ()
            if not left:
                async with own_store():
                    await self._ports.register.leave(step.case_id, step.state)
            await self._record(
                step,
                "hire.settled",
                "Left: " + "; ".join(left) if left else "Nothing is left" if step.clean_slate else "Settled",
                left=list(left),
            )
        return SettleHireOutcome(left=left)

    async def _left(self, step: SettleHireInput) -> tuple[str, ...]:
        """What the targets themselves still show of a hire that was taken back."""
        found: list[str] = []
        worker = await self._ports.hris.find(step.case_id)
        if worker is not None and worker.status not in ("ended", "rescinded"):
            found.append(f"worker {worker.worker_number} is {worker.status} in the HRIS")
        if worker is not None:
            employee = await self._ports.employees.find_employee(worker.worker_number)
            if employee is not None and employee.active:
                found.append(f"employee {employee.number} is active in the ERP")
        if step.worker_id:
            found += await self._accounts_left(step.worker_id, step.case_id)
        return tuple(found)

    async def _accounts_left(self, worker_id: str, case_id: str) -> list[str]:
        found = []
        for held in await self._ports.access.accounts(worker_id):
            account = await self._identity(held.system).account(held.account_id) if held.account_id else None
            if held.case_id == case_id and account is not None:
                found.append(f"an account in {held.system}")
            elif account is not None and account.active:
                found.append(f"an account in {held.system} that is enabled")
        entitlements = await self._ports.access.held(worker_id)
        found += [f"{each.entitlement} in {each.system}" for each in entitlements if each.case_id == case_id]
        return found


def _told(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    return [finding.model_dump(mode="json") for finding in findings]
