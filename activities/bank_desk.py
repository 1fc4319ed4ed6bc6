"""What runs at intervals for payments: where something is due, and what the bank sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from temporalio import activity

from activities.errors import classified, own_store
from activities.invoice_ports import InvoicePorts
from domain.business_time import local_day
from domain.exceptions import Finding
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError
from domain.payment import BankFact, BankMessage, ReadBankMessage
from domain.payment_proposal import propose
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from workflows.messages.payment_run import BANK_REPORTED, BankReport, PaymentRunInput, payment_run_id
from workflows.steps.paying import PaymentScheduleSteps
from workflows.steps.payment_inputs import NOTHING_RAISED, BankIncident, CollectedPage, CollectInput, DueRuns

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
        async with classified(), own_store():
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
        policy = self._ports.policies.effective(facility, local_day(now, place.calendar))
        return None if policy is None else policy.of_process("payment-run")

    @activity.defn(name="collect_bank_messages")
    async def collect_bank_messages(self, step: CollectInput = NOTHING_RAISED) -> CollectedPage:
        """The runs are told before the cursor moves: who is told twice takes it once. A message with incidents ends the
        page, and the cursor stays before it until they are raised."""
        bank, ledger = self._ports.bank, self._ports.ledger
        facts = 0
        async with classified(), own_store():
            if step.raised:
                await ledger.read_up_to(bank.name, step.raised)
            cursor = await ledger.cursor(bank.name)
            try:
                messages = await bank.messages(cursor, MESSAGES_PER_PAGE)
            except (RefusedError, ContractDriftError) as error:
                return self._page(incidents=(self._refused(error),))
            for number, message in enumerate(messages, start=1):
                read = self._ports.bank_reader.read(message)
                facts += len(read.facts)
                incidents = await self._taken_in(message, read)
                if incidents:
                    return self._page(messages=number, facts=facts, incidents=incidents, pending=message.key)
        return self._page(messages=len(messages), facts=facts, more=len(messages) == MESSAGES_PER_PAGE)

    def _page(self, incidents: tuple[BankIncident, ...] = (), **known: Any) -> CollectedPage:
        policy = self._policy(self._treasury(), self._clock()) if incidents else None
        return CollectedPage(incidents=incidents, policy=policy, **known)

    async def _taken_in(self, message: BankMessage, read: ReadBankMessage) -> tuple[BankIncident, ...]:
        """Tell the runs, and keep the message; returns what becomes an incident of it."""
        ledger, bank = self._ports.ledger, self._ports.bank.name
        untold, faults = await self._tell(read), _faults(message.name, read)
        quiet = not (untold or faults)
        new = await ledger.take_in(
            bank, message.key, message.name, message.content, read.facts, read.balances, read=quiet
        )
        # The day's statement repeats what a notification said, to a run that may have ended meanwhile.
        news = {each.fact_id for each in new}
        incidents = (*faults, *(_unknown(each) for each in untold if each.fact_id in news))
        if not quiet and not incidents:
            await ledger.read_up_to(bank, message.key)
        return incidents

    def _refused(self, error: OutsideError) -> BankIncident:
        """The bank does not let itself be read, which no repetition mends: once a day somebody is told."""
        finding = Finding(
            code="target-refused" if isinstance(error, RefusedError) else "contract-drift",
            message=f"What the bank sent cannot be fetched: {error.message}",
            evidence={"system": error.system, "code": error.code},
        )
        return BankIncident(subject="bank", text=f"{error.code} on {self._clock().date()}", finding=finding)

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
