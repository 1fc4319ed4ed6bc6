"""What runs at intervals for payments: where something is due, and what the bank sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime

from temporalio import activity

from activities.errors import classified
from activities.invoice_ports import InvoicePorts
from domain.business_time import local_day
from domain.exceptions import Finding
from domain.payment import BankFact, ReadBankMessage
from domain.payment_proposal import propose
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from workflows.messages.payment_run import BANK_REPORTED, BankReport, PaymentRunInput, payment_run_id
from workflows.steps.paying import PaymentScheduleSteps
from workflows.steps.payment_inputs import BankIncident, CollectedPage, DueRuns

MESSAGES_PER_PAGE = 20
MOST_LOOKED_AT = 5000
MOST_RUNS_A_DAY = 50
BY_ITSELF = Actor(person="corridor", name="Corridor", roles=(), facilities=("*",))

_TAKEN_IN: dict[str, tuple[str, ...]] = {
    "payment-booked": ("booked", "returned"),
    "payment-rejected": ("rejected", "returned"),
    "payment-returned": ("returned",),
}
"""The states of a payment that has taken in what the bank says; other facts tell nothing once its run is over."""


class BankDesk(PaymentScheduleSteps):
    """`clock` gives the current instant (UTC)."""

    def __init__(self, ports: InvoicePorts, clock: Callable[[], datetime]) -> None:
        self._ports, self._clock = ports, clock

    @activity.defn(name="due_payment_runs")
    async def due_payment_runs(self) -> DueRuns:
        runs = []
        async with classified():
            for facility, currency in await self._ports.ledger.pays():
                run = await self._due(facility, currency)
                if run is not None:
                    runs.append(run)
        return DueRuns(runs=tuple(runs))

    async def _due(self, facility: str, currency: str) -> PaymentRunInput | None:
        """A run, when it would pay anything today."""
        now = self._clock()
        policy = self._policy(facility, now)
        if policy is None:
            return None
        today = local_day(now, policy.facility.calendar)
        payable = await self._ports.ledger.payable(facility, currency, MOST_LOOKED_AT)
        proposal = propose("", facility, currency, payable, (), today, policy)
        if not proposal.payments:
            return None
        case = await self._free_id(facility, currency, today)
        if case is None:
            return None
        return PaymentRunInput(
            case_id=case,
            facility=facility,
            currency=currency,
            policy=policy,
            submitted_at=now,
            submitted_by=BY_ITSELF,
        )

    async def _free_id(self, facility: str, currency: str, today: date) -> str | None:
        for number in range(1, MOST_RUNS_A_DAY + 1):
            case = payment_run_id(facility, currency, today, number)
            if await self._ports.reader.case(case) is None:
                return case
        return None

    def _policy(self, facility: str, now: datetime) -> FrozenPolicy | None:
        places = self._ports.policies.facilities()
        place = next((each for each in places if each.code == facility), None)
        if place is None:
            return None
        return self._ports.policies.effective(facility, local_day(now, place.calendar))

    @activity.defn(name="collect_bank_messages")
    async def collect_bank_messages(self) -> CollectedPage:
        """The runs are told before the cursor moves: who is told twice takes it once."""
        bank = self._ports.bank
        incidents: list[BankIncident] = []
        facts = 0
        async with classified():
            messages = await bank.messages(await self._ports.ledger.cursor(bank.name), MESSAGES_PER_PAGE)
            for message in messages:
                read = self._ports.bank_reader.read(message)
                untold = await self._tell(read)
                facts += len(read.facts)
                new = await self._ports.ledger.take_in(
                    bank.name, message.key, message.name, message.content, read.facts, read.balances
                )
                # The day's statement repeats what a notification said, to a run that may have ended meanwhile.
                news = {each.fact_id for each in new}
                incidents += _faults(message.name, read)
                incidents += [_unknown(each) for each in untold if each.fact_id in news]
        return CollectedPage(
            messages=len(messages),
            facts=facts,
            incidents=tuple(incidents),
            policy=self._policy(self._treasury(), self._clock()) if incidents else None,
            more=len(messages) == MESSAGES_PER_PAGE,
        )

    def _treasury(self) -> str:
        """Whose treasury looks after what concerns no run: the shared-service centre's, where there is one."""
        places = self._ports.policies.facilities()
        central = [each.code for each in places if each.kind == "shared-services"]
        return (central or [each.code for each in places])[0]

    async def _tell(self, read: ReadBankMessage) -> list[BankFact]:
        """Tell the runs; returns what none of them can deal with."""
        by_run: defaultdict[str, list[BankFact]] = defaultdict(list)
        unknown: list[BankFact] = []
        for fact in read.facts:
            run = await self._run_of(fact)
            if run is None and fact.kind != "file-duplicate":
                unknown.append(fact)
            elif run is not None:
                by_run[run].append(fact)
        for run, found in by_run.items():
            if not await self._ports.messenger.tell(run, BANK_REPORTED, BankReport(facts=tuple(found))):
                unknown += [each for each in found if await self._is_news(each)]
        return unknown

    async def _is_news(self, fact: BankFact) -> bool:
        """Whether what the bank says of a payment whose run is over is more than the run took in before its end."""
        payment = await self._ports.ledger.payment(fact.payment_id) if fact.payment_id else None
        return payment is not None and payment.state not in _TAKEN_IN.get(fact.kind, (payment.state,))

    async def _run_of(self, fact: BankFact) -> str | None:
        if fact.payment_id:
            payment = await self._ports.ledger.payment(fact.payment_id)
            return payment.run_id if payment is not None else None
        return await self._ports.ledger.run_of(fact.message_id) if fact.message_id else None


def _faults(name: str, read: ReadBankMessage) -> list[BankIncident]:
    found = []
    if read.fault:
        finding = Finding(
            code="bank-message-unreadable", message=f"{name}: {read.fault}"[:1000], evidence={"key": read.key}
        )
        found.append(BankIncident(subject="bank", text=f"{read.key} {read.fault}", finding=finding))
    for balance in read.balances:
        if not balance.reconciled:
            finding = Finding(
                code="statement-unbalanced",
                message=f"Statement {balance.statement_id} of {balance.on}: {balance.opening} and entries of "
                f"{balance.entries_total} do not make {balance.closing}",
                evidence=balance.model_dump(mode="json"),
            )
            found.append(BankIncident(subject="statement", text=balance.statement_id, finding=finding))
    return found


def _unknown(fact: BankFact) -> BankIncident:
    late = fact.kind in ("payment-returned", "payment-rejected") and bool(fact.payment_id)
    finding = Finding(
        code="payment-returned" if late else "bank-entry-unknown",
        message=f"{fact.source or 'The bank'}: {fact.kind} of {fact.payment_id or 'a payment without an id'}"
        + (f" over {fact.amount}" if fact.amount else "")
        + (f", {' '.join(filter(None, (fact.reason, fact.text)))}" if fact.reason or fact.text else ""),
        evidence=fact.model_dump(mode="json", exclude_none=True),
    )
    return BankIncident(subject="payment" if late else "bank-entry", text=fact.fact_id, finding=finding)
