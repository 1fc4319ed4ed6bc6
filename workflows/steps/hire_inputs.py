"""What the steps of a hire take and give."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, field_serializer

from domain.accounts import AccountDraft, HeldEntitlement
from domain.authority import ApproverDirectory
from domain.credentials import LicenceRecord, ScreeningResult
from domain.exceptions import Finding
from domain.hire import CertificateClaim, Hire, LicenceClaim
from domain.hire_plan import HirePlan, HireStanding
from domain.hire_rules import HireParameters
from domain.model import Value
from domain.money import Money
from domain.person_match import PersonMatch
from domain.policy.model import FrozenPolicy
from domain.worker import WorkerDraft, WorkerRecord
from workflows.steps.inputs import StepInput


def sparse(given: BaseModel | None) -> dict[str, Any] | None:
    """As JSON, without what has its default."""
    return None if given is None else given.model_dump(mode="json", exclude_defaults=True)


class HireStepInput(StepInput):
    """`standing` is recorded with the step, as the journal is; None while there is no plan, and where another step
    carries it. What has its default is left out on the way: a plan of twenty items is mostly that, and a step is read
    by the code that sent it, so that no default has changed meanwhile."""

    standing: HireStanding | None = None

    @field_serializer("journal", "standing")
    def _without_defaults(self, given: BaseModel | None) -> dict[str, Any] | None:
        return sparse(given)


class IdentifyInput(HireStepInput):
    """`decided` is what a person said: the worker to revive, or 'new'."""

    hire: Hire
    parameters: HireParameters
    decided: str = ""


class PlanInput(HireStepInput):
    """`policy.hire` holds the rules. `today` is the facility's day. `accepted` are the codes of exceptions that people
    let pass, `removed` the entitlements that they took out; `mitigated` says until when (inclusive) a conflict is
    accepted."""

    hire: Hire
    policy: FrozenPolicy
    today: date
    worker_id: str = ""
    accepted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    mitigated: dict[str, date] = {}
    checked_start: date | None = None
    """A start date that was looked at before: a correction of something else does not ask about it again."""

    @field_serializer("hire", "policy")
    def _sparse(self, given: BaseModel) -> dict[str, Any] | None:
        return sparse(given)


class PlanOutcome(Value):
    """`asks` are what must be approved (`domain.hire_approvals`), `amount` the price of the equipment."""

    plan: HirePlan
    findings: tuple[Finding, ...] = ()
    asks: tuple[str, ...] = ()
    amount: Money
    approvers: ApproverDirectory = ApproverDirectory()
    manager_name: str = ""
    previously_held: tuple[HeldEntitlement, ...] = ()


class IdentifyOutcome(Value):
    match: PersonMatch
    findings: tuple[Finding, ...] = ()


class WorkerInput(HireStepInput):
    """`revive` is the id of an ended worker who is hired again."""

    draft: WorkerDraft
    revive: str = ""


class BeginWorkerInput(HireStepInput):
    external_id: str
    on: date


class EndWorkerInput(HireStepInput):
    external_id: str
    reason: str


class EmployeeInput(HireStepInput):
    external_id: str
    worker: WorkerRecord


class AccountInput(HireStepInput):
    """`draft.user_name` is empty until a name is chosen by `pattern`, or by a person in `wanted_name`."""

    system: str
    pattern: str
    draft: AccountDraft
    wanted_name: str = ""


class AccountOutcome(Value):
    account_id: str
    user_name: str
    revived: bool = False
    """An account that the worker had before was taken again."""
    enabled: bool = False


class AccountStateInput(HireStepInput):
    system: str
    worker_id: str


class RemoveAccountInput(HireStepInput):
    """`keep` says that the account was there before the hire: it is disabled again and not deleted."""

    system: str
    worker_id: str
    keep: bool = False
    reason: str


class AccessInput(HireStepInput):
    """`source` is 'birthright', 'requested' or 'mitigated' with the rule that gave it; `until` is inclusive."""

    system: str
    worker_id: str
    entitlement: str
    group: str
    reason: str
    source: str
    until: date | None = None


class RevokeAccessInput(HireStepInput):
    system: str
    worker_id: str
    entitlement: str
    group: str
    reason: str


CredentialKind = Literal["licence", "npi", "certificate"]


class CredentialInput(HireStepInput):
    """Check one credential: `claims` or `certificates` are those of the required kind. `confirmed` says that a person
    looked at the source, with what they wrote in `note`; then only expiry is judged."""

    hire: Hire
    kind: CredentialKind
    credential: str
    today: date
    parameters: HireParameters
    licences: tuple[LicenceClaim, ...] = ()
    certificates: tuple[CertificateClaim, ...] = ()
    accepted: tuple[str, ...] = ()


class CredentialOutcome(Value):
    """`finding` says what a person must look at; None when the credential is good. `valid_until` is inclusive."""

    finding: Finding | None = None
    note: str = ""
    valid_until: date | None = None
    record: LicenceRecord | None = None


class ScreenInput(HireStepInput):
    hire: Hire
    parameters: HireParameters
    subject: str


class ScreenOutcome(Value):
    result: ScreeningResult
    finding: Finding | None = None


class ClearHitInput(HireStepInput):
    keys: tuple[str, ...]
    by: str
    reason: str


class ShutWorkerInput(HireStepInput):
    worker_id: str
    reason: str


class AccessCheckInput(HireStepInput):
    """Compare what the systems show with what the register says."""

    worker_id: str
    today: date


class AccessCheckOutcome(Value):
    findings: tuple[Finding, ...] = ()
    accounts: int = 0
    entitlements: int = 0


class SettleHireInput(HireStepInput):
    """The case ends: the person may be hired again. `clean_slate` asks that nothing is left in any target, and says
    what is."""

    state: str
    worker_id: str = ""
    clean_slate: bool = False


class SettleHireOutcome(Value):
    """`left` is what was found in the targets after everything was taken back."""

    left: tuple[str, ...] = ()
