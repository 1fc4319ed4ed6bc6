"""Payment runs: what starts them, what the bank tells them, and the names that clients use."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime

from domain.case import CaseStatus, case_id
from domain.model import Value
from domain.money import Money
from domain.payment import BankFact
from domain.people import Actor
from domain.policy.model import FrozenPolicy

WORKFLOW_NAME = "PaymentRun"
PROPOSE_PAYMENTS = "ProposePayments"
"""The schedule's workflow, which starts a run for each facility and currency in which something is due."""
COLLECT_BANK_MESSAGES = "CollectBankMessages"
"""The schedule's workflow, which reads what the bank sent and tells the runs."""

BANK_REPORTED = "bank_reported"


class PaymentRunInput(Value):
    """`submitted_by` is 'corridor' when the schedule started it. Instants are in UTC."""

    case_id: str
    facility: str
    currency: str
    policy: FrozenPolicy
    submitted_at: AwareDatetime
    submitted_by: Actor


class BankReport(Value):
    """Facts of the bank that concern one run."""

    facts: tuple[BankFact, ...]


class PaymentRunResult(Value):
    case_id: str
    status: CaseStatus
    reason: str = ""
    payments: int = 0
    total: Money | None = None
    booked: int = 0
    returned: int = 0


def payment_run_id(facility: str, currency: str, on: date, number: int) -> str:
    """The case of the n-th run of a day, such as 'payment-run.north.20261123-USD-1'."""
    return case_id("payment-run", facility, f"{on:%Y%m%d}-{currency}-{number}")


class ProposeResult(Value):
    started: tuple[str, ...] = ()


class CollectResult(Value):
    """`unknown` counts facts that no run knows: each is raised as an incident."""

    messages: int = 0
    facts: int = 0
    unknown: int = 0
