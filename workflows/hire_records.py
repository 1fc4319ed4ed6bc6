"""The records and accounts of a hire: made, corrected in place, opened on the start day, and taken back."""

from __future__ import annotations

from temporalio import workflow

from domain.accounts import AccountDraft
from domain.business_time import start_of_day
from domain.hire import Hire
from domain.hire_plan import PlanItem
from domain.tasks import Decision
from domain.worker import WorkerDraft, WorkerRecord
from workflows.hire_case import HireCase
from workflows.steps.hire_inputs import (
    AccessInput,
    AccountInput,
    AccountOutcome,
    AccountStateInput,
    BeginWorkerInput,
    EmployeeInput,
    EndWorkerInput,
    RemoveAccountInput,
    RevokeAccessInput,
    WorkerInput,
)
from workflows.steps.hiring import HiringSteps

TAKEN_BACK = "the hire was taken back"


class Records:
    """The HRIS's worker and the ERP's employee."""

    def __init__(self, case: HireCase) -> None:
        self._case = case
        self.worker: WorkerRecord | None = None
        self._of: Hire | None = None

    async def make_worker(self, item: PlanItem) -> None:
        """Make the worker, revive them, or correct what was made."""
        case = self._case
        if not case.undo.of(item.key):
            case.undo.register(
                "worker in the HRIS",
                HiringSteps.rescind_worker,
                case.given(EndWorkerInput, external_id=case.external_id, reason=TAKEN_BACK),
                key=item.key,
            )
        worker = await case.effect(
            HiringSteps.prepare_worker,
            case.given(WorkerInput, item.key, draft=lambda: self._draft(item), revive=lambda: case.revive),
            "Prepare the worker in the HRIS",
            item.key,
        )
        self.worker, self._of = worker, case.board.drafted[item.key]
        case.worker_id, case.worker_number = worker.worker_id, worker.worker_number
        case.board.mark(item.key, "done", f"worker {worker.worker_number}")

    def _draft(self, item: PlanItem) -> WorkerDraft:
        case, hire = self._case, self._case.hire
        case.board.drafted[item.key] = hire
        return WorkerDraft(
            external_id=case.external_id,
            facility=hire.facility,
            name=hire.person.name,
            birth_date=hire.person.birth_date,
            personal_email=hire.person.personal_email or "",
            npi=hire.person.npi or "",
            position=hire.position,
            job_family=hire.job_family,
            title=hire.title,
            department=hire.department,
            cost_centre=hire.cost_centre,
            employment_type=hire.employment_type,
            manager=hire.manager,
            start_on=hire.start_on,
            end_on=hire.end_on,
        )

    async def make_employee(self, item: PlanItem) -> None:
        case = self._case
        if not case.undo.of(item.key):
            case.undo.register(
                "employee in the ERP",
                HiringSteps.end_employee,
                case.given(EndWorkerInput, external_id=case.external_id, reason=TAKEN_BACK),
                key=item.key,
            )
        record = await case.effect(
            HiringSteps.record_employee,
            case.given(EmployeeInput, item.key, external_id=case.external_id, worker=lambda: self._known(item)),
            "Record the employee in the ERP",
            item.key,
        )
        case.board.mark(item.key, "done", f"employee {record.number}")

    def _known(self, item: PlanItem) -> WorkerRecord:
        if self.worker is None or self._of is None:
            raise RuntimeError("the HRIS has not made the worker yet")
        self._case.board.drafted[item.key] = self._of
        return self.worker

    async def begin(self) -> None:
        """The person came: the HRIS has them as active from the start day on, as soon as it knows them."""
        case = self._case
        await case.until(lambda: bool(case.worker_id) or not case.board.awaits_worker)
        on = min(case.board.plan.start_on, case.board.today)
        began: WorkerRecord | Decision = await case.effect(
            HiringSteps.begin_worker,
            case.given(BeginWorkerInput, external_id=case.external_id, on=on),
            "Have the worker begin in the HRIS",
            "worker-begins",
            ("retry", "skip"),  # the person is here: what the HRIS does not take is no reason to take everything back
        )
        if isinstance(began, WorkerRecord):
            self.worker = began
        else:
            case.file.note("worker.not-begun", f"Left to HR: {began.comment}", actor=began.actor.person)


class Accounts:
    """Disabled until the start day, open from its first minute on, and never before the person is screened."""

    def __init__(self, case: HireCase) -> None:
        self._case = case
        self._wanted: dict[str, str] = {}
        self.open: set[str] = set()

    async def make(self, item: PlanItem) -> None:
        """Make the account, or correct what it says of its owner."""
        case, system = self._case, item.system or item.target
        if not case.undo.of(item.key):
            case.undo.register(
                f"account in {system}",
                HiringSteps.remove_account,
                case.given(RemoveAccountInput, system=system, worker_id=lambda: case.worker_id, reason=TAKEN_BACK),
                key=item.key,
            )
        while True:
            outcome: AccountOutcome | Decision = await case.effect(
                HiringSteps.create_account,
                case.given(
                    AccountInput,
                    item.key,
                    system=system,
                    pattern=case.rules.parameters.user_name,
                    draft=lambda: self._draft(item),
                    wanted_name=lambda: self._wanted.get(system, ""),
                ),
                f"Make the account in {system}",
                item.key,
                ("correct", "retry", "skip", "cancel"),
            )
            if isinstance(outcome, AccountOutcome):
                if outcome.revived and outcome.enabled and system not in self.open:
                    await self.close(system)  # nobody closed it when the person left
                case.board.mark(item.key, "done", f"{outcome.user_name}{' (revived)' if outcome.revived else ''}")
                case.user_names[system] = outcome.user_name
                return
            if outcome.action == "skip":
                if case.board.state(item.key) != "done":  # what was made stays, with what it says of its owner
                    case.board.mark(item.key, "skipped", outcome.comment)
                return
            if outcome.hire is not None and outcome.hire.user_name:
                self._wanted[system] = outcome.hire.user_name

    def _draft(self, item: PlanItem) -> AccountDraft:
        case, hire = self._case, self._case.hire
        case.board.drafted[item.key] = hire
        return AccountDraft(
            worker_id=case.worker_id,
            worker_number=case.worker_number,
            user_name="",
            name=hire.person.name,
            title=hire.title,
            department=hire.department,
            facility=hire.facility,
            cost_centre=hire.cost_centre,
            employment_type=hire.employment_type,
            manager=hire.manager,
            start_on=hire.start_on,
            end_on=hire.end_on,
        )

    async def grant(self, item: PlanItem) -> None:
        case = self._case
        case.undo.register(
            f"access {item.entitlement}",
            HiringSteps.revoke_access,
            case.given(
                RevokeAccessInput,
                system=item.system,
                worker_id=lambda: case.worker_id,
                entitlement=item.entitlement,
                group=item.group,
                reason=TAKEN_BACK,
            ),
            key=item.key,
        )
        decided = await case.effect(
            HiringSteps.grant_access,
            case.given(
                AccessInput,
                item.key,
                system=item.system,
                worker_id=lambda: case.worker_id,
                entitlement=item.entitlement,
                group=item.group,
                reason=item.reason,
                source=f"{item.source or 'birthright'}: {', '.join(item.rules) or 'approved'}",
                until=item.until,
            ),
            f"Grant {item.entitlement}",
            item.key,
            ("retry", "skip", "cancel"),
        )
        if isinstance(decided, Decision):
            case.board.mark(item.key, "skipped", decided.comment)
        else:
            case.board.mark(item.key, "done", f"member of {item.group}")

    # Doors

    def to_move(self) -> list[PlanItem]:
        """Accounts that are closed and should be open, or the other way round."""
        should = self._should_be_open()
        return [
            item
            for item in self._case.board.plan.items
            if item.kind == "account"
            and self._case.board.state(item.key) == "done"
            and ((item.system or item.target) in self.open) != should
        ]

    def _should_be_open(self) -> bool:
        case = self._case
        calendar = case.policy.facility.calendar
        begun = workflow.now() >= start_of_day(case.board.plan.start_on, calendar)
        screened = all(
            case.board.state(item.key) in ("done", "skipped")
            for item in case.board.plan.items
            if item.kind == "screening"
        )
        return begun and screened

    async def move(self, item: PlanItem) -> None:
        """Open the account, or close it again because the start was moved."""
        system = item.system or item.target
        case = self._case
        if system in self.open:
            await self.close(system)
            case.board.disabled(item.key)
            return
        self.open.add(system)  # before it is known to be: a lost answer is undone as well
        decided = await case.effect(
            HiringSteps.enable_account,
            case.given(AccountStateInput, system=system, worker_id=lambda: case.worker_id),
            f"Enable the account in {system}",
            f"{item.key}/enable",
            ("retry", "skip"),
            moot=lambda: not self._should_be_open(),
        )
        failed = isinstance(decided, Decision)
        if not failed:
            case.board.enabled(item.key)
        case.file.note(
            "account.not-enabled" if failed else "account.open",
            f"{system}: {'left to the identity desk' if failed else 'a login is possible'}",
        )

    async def close(self, system: str) -> None:
        """Done when a login is refused."""
        case = self._case
        await case.effect(
            HiringSteps.disable_account,
            case.given(AccountStateInput, system=system, worker_id=lambda: case.worker_id),
            f"Disable the account in {system}",
            f"{system}/disable",
            ("retry",),
        )
        self.open.discard(system)
        case.file.note("account.closed", f"{system}: a login is refused")

    def forget(self, item: PlanItem | None) -> None:
        """The account of this item is gone."""
        if item is not None and item.kind == "account":
            self.open.discard(item.system or item.target)
