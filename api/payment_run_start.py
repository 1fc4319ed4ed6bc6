"""Starting a payment run beside the schedule: the next free number of the day, or the run that was asked for before."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.problems import ProblemError, conflict
from api.services import Services
from api.starting import CaseExistsError
from domain.business_time import local_day
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from workflows.messages.payment_run import PaymentRunInput, payment_run_id

MOST_A_DAY = 50
"""Runs of one facility and currency in a day, the scheduled ones included."""


@dataclass(frozen=True)
class RunAsked:
    """Who asks for a run, where, when (UTC), and the key by which a repeat is known."""

    actor: Actor
    policy: FrozenPolicy
    currency: str
    at: datetime
    key: str | None

    @property
    def day(self) -> date:
        """At the facility."""
        return local_day(self.at, self.policy.facility.calendar)

    @property
    def fingerprint(self) -> str:
        """The same for a repeat of the same person with the same key at the same facility; else a new one."""
        if not self.key:
            return uuid.uuid4().hex
        text = "\n".join((self.actor.issuer, self.actor.person, self.policy.facility.code, self.currency, self.key))
        return hashlib.sha256(text.encode()).hexdigest()

    def case_id(self, on: date, number: int) -> str:
        return payment_run_id(self.policy.facility.code, self.currency, on, number)


async def start_run(services: Services, asked: RunAsked) -> str:
    """The case of the run. Raises the 409 problem when the day has no number left, and `domain.outside_errors`."""
    fingerprint = asked.fingerprint
    if asked.key:
        known = await _earlier(services, asked, asked.day - timedelta(days=1), fingerprint)
        if known is not None:
            return known
    for number in range(1, MOST_A_DAY + 1):
        case = asked.case_id(asked.day, number)
        if await _started(services, asked, case, fingerprint):
            return case
    raise _too_many()


async def _earlier(services: Services, asked: RunAsked, on: date, fingerprint: str) -> str | None:
    """The run of that day that was asked for under the same key. Numbers are given without gaps."""
    for number in range(1, MOST_A_DAY + 1):
        case = asked.case_id(on, number)
        known = await services.cases.fingerprint(case)
        if known is None:
            return None
        if known == fingerprint:
            return case
    return None


async def _started(services: Services, asked: RunAsked, case: str, fingerprint: str) -> bool:
    """Whether the case is this run: started here, or by the same request before."""
    request = PaymentRunInput(
        case_id=case,
        facility=asked.policy.facility.code,
        currency=asked.currency,
        policy=asked.policy.of_process("payment-run"),
        submitted_at=asked.at,
        submitted_by=asked.actor,
    )
    try:
        await services.cases.start_payment_run(request, fingerprint)
    except CaseExistsError:
        return await services.cases.fingerprint(case) == fingerprint
    return True


def _too_many() -> ProblemError:
    detail = f"There are {MOST_A_DAY} runs of this facility and currency today already."
    return conflict("too-many-runs", "No further run today", detail)
