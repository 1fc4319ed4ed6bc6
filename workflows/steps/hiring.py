"""What hire-to-provision asks of the outside: reads are gathered in one step, each effect is a step of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from domain.ports.hris import EmployeeRecord
from domain.worker import WorkerRecord
from workflows.steps.hire_inputs import (
    AccessCheckInput,
    AccessCheckOutcome,
    AccessInput,
    AccountInput,
    AccountOutcome,
    AccountStateInput,
    BeginWorkerInput,
    ClearHitInput,
    CredentialInput,
    CredentialOutcome,
    EmployeeInput,
    EndWorkerInput,
    HireStepInput,
    IdentifyInput,
    IdentifyOutcome,
    PlanInput,
    PlanOutcome,
    RemoveAccountInput,
    RevokeAccessInput,
    ScreenInput,
    ScreenOutcome,
    SettleHireInput,
    SettleHireOutcome,
    ShutWorkerInput,
    WorkerInput,
)
from workflows.steps.inputs import AnnounceResult


class HiringSteps(ABC):
    """Each step may be repeated with the same input: it then gives the same result and has no second effect. Failures
    are as in `PurchasingSteps`."""

    @activity.defn(name="identify_person")
    @abstractmethod
    async def identify_person(self, step: IdentifyInput) -> IdentifyOutcome:
        """Say whether the person is new, a former worker, being hired already, or a question."""

    @activity.defn(name="plan_hire")
    @abstractmethod
    async def plan_hire(self, step: PlanInput) -> PlanOutcome:
        """Read what the plan depends on, and make it."""

    @activity.defn(name="note_standing")
    @abstractmethod
    async def note_standing(self, step: HireStepInput) -> AnnounceResult:
        """Show how far the plan is, and do what `announce` does."""

    @activity.defn(name="prepare_worker")
    @abstractmethod
    async def prepare_worker(self, step: WorkerInput) -> WorkerRecord:
        """Make or revive the worker in the HRIS, or correct them."""

    @activity.defn(name="begin_worker")
    @abstractmethod
    async def begin_worker(self, step: BeginWorkerInput) -> WorkerRecord:
        """The worker came."""

    @activity.defn(name="rescind_worker")
    @abstractmethod
    async def rescind_worker(self, step: EndWorkerInput) -> None:
        """Undo prepare_worker, also when its answer was lost."""

    @activity.defn(name="record_employee")
    @abstractmethod
    async def record_employee(self, step: EmployeeInput) -> EmployeeRecord:
        """Make the ERP's employee record, or correct it."""

    @activity.defn(name="end_employee")
    @abstractmethod
    async def end_employee(self, step: EndWorkerInput) -> None:
        """Undo record_employee."""

    @activity.defn(name="create_account")
    @abstractmethod
    async def create_account(self, step: AccountInput) -> AccountOutcome:
        """Make the worker's account in a target, disabled; take the one they had; or correct its attributes."""

    @activity.defn(name="enable_account")
    @abstractmethod
    async def enable_account(self, step: AccountStateInput) -> None:
        """Done when a login is possible."""

    @activity.defn(name="disable_account")
    @abstractmethod
    async def disable_account(self, step: AccountStateInput) -> None:
        """Done when a login is refused."""

    @activity.defn(name="remove_account")
    @abstractmethod
    async def remove_account(self, step: RemoveAccountInput) -> None:
        """Undo create_account and enable_account, also when their answers were lost."""

    @activity.defn(name="grant_access")
    @abstractmethod
    async def grant_access(self, step: AccessInput) -> None:
        """Make the account a member, and note why."""

    @activity.defn(name="revoke_access")
    @abstractmethod
    async def revoke_access(self, step: RevokeAccessInput) -> None:
        """Undo grant_access."""

    @activity.defn(name="check_credential")
    @abstractmethod
    async def check_credential(self, step: CredentialInput) -> CredentialOutcome:
        """Verify a licence, an NPI or a certificate at its source."""

    @activity.defn(name="screen_person")
    @abstractmethod
    async def screen_person(self, step: ScreenInput) -> ScreenOutcome:
        """Look for the person on exclusion lists."""

    @activity.defn(name="clear_hits")
    @abstractmethod
    async def clear_hits(self, step: ClearHitInput) -> None:
        """Note that a person cleared hits, and why."""

    @activity.defn(name="shut_worker")
    @abstractmethod
    async def shut_worker(self, step: ShutWorkerInput) -> None:
        """Disable every account of the worker; done when a login is refused everywhere."""

    @activity.defn(name="check_access")
    @abstractmethod
    async def check_access(self, step: AccessCheckInput) -> AccessCheckOutcome:
        """Compare what the targets show with what was granted."""

    @activity.defn(name="settle_hire")
    @abstractmethod
    async def settle_hire(self, step: SettleHireInput) -> SettleHireOutcome:
        """Let the person be hired again, and look whether anything is left."""
