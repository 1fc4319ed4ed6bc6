"""What the bank says of a run's payments, until nothing can come back any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from domain.business_time import add_business_hours, business_days_after, local_day, start_of_business
from domain.exceptions import Finding
from domain.payables import PaymentMethod
from domain.payment import BankFact
from domain.payment_tracking import Effects, PaymentTracker
from domain.tasks import Task
from workflows.case import Build
from workflows.errors import StepFailure
from workflows.questions import answer_to, ask_about_failure, open_exception, remaining
from workflows.steps.paying import PayingSteps
from workflows.steps.payment_inputs import BookInput, FinishInput, NoteStatesInput, ProposedPayment, ReturnInput

if TYPE_CHECKING:
    from workflows.payment_run import PaymentRun


class Confirmation:
    """Facts of the bank are taken in as they come and acted on one after the other. A silent bank is a task."""

    def __init__(self, run: PaymentRun) -> None:
        self._run = run
        self._tracker = PaymentTracker()
        self._methods: dict[str, PaymentMethod] = {}
        self._pay_on = workflow.now()
        self._effects: list[Effects] = []
        self._odd: list[Task] = []
        self._chase_at: datetime | None = None
        self._given_up = False
        self.started = False

    @property
    def booked(self) -> int:
        return sum(1 for state in self._tracker.states.values() if state == "booked")

    @property
    def returned(self) -> int:
        return sum(1 for state in self._tracker.states.values() if state == "returned")

    @property
    def in_words(self) -> str:
        states = list(self._tracker.states.values())
        counted = {state: states.count(state) for state in dict.fromkeys(states)}
        return ", ".join(f"{count} {state}" for state, count in sorted(counted.items()))

    def sent(self, message_id: str, method: PaymentMethod, payments: Sequence[ProposedPayment]) -> None:
        """A file left for the bank."""
        self._methods[message_id] = method
        self._tracker.sent(message_id, {each.payment_id: each.amount for each in payments})
        calendar, holidays = self._run.policy.facility.calendar, frozenset(self._run.policy.holidays)
        opening = max(start_of_business(each.pay_on, calendar, holidays) for each in payments)
        self._pay_on = max(self._pay_on, opening)

    def begin(self, reported: Sequence[BankFact]) -> None:
        """All files are sent; `reported` is what the bank said meanwhile."""
        self.started = True
        self.hear(reported)

    def hear(self, facts: Sequence[BankFact]) -> None:
        effects = self._tracker.take(facts)
        if effects.anything:
            self._effects.append(effects)

    async def run(self) -> None:
        """Until every payment is booked for good, refused or returned, or treasury has given up waiting."""
        case = self._run
        case.file.show(awaiting="the bank's confirmation", awaiting_since=workflow.now())
        self._chase_later()
        await case.announce("Wait for the bank")
        while self._effects or (self._tracker.unbooked() and not self._given_up):
            await self._next(lambda: bool(self._effects), self._chase_at, self._chase)
        await self._wait_for_returns()
        while self._odd:
            await answer_to(case, self._odd.pop(0))

    async def _next(self, heard: Callable[[], bool], at: datetime | None, otherwise: Callable[[], Any]) -> None:
        left = remaining(at) if at is not None else None
        came = heard() or await self._run.until(heard, left, "Chase the bank")
        if came and self._effects:
            await self._act(self._effects.pop(0))
            self._chase_later()
        elif not came:
            await otherwise()

    async def _wait_for_returns(self) -> None:
        """What is booked may come back for some business days."""
        run = self._run
        calendar, holidays = run.policy.facility.calendar, frozenset(run.policy.holidays)
        day = business_days_after(
            local_day(workflow.now(), calendar), run.policy.payment.return_days, calendar, holidays
        )
        final_at = start_of_business(day, calendar, holidays)
        if run.policy.payment.return_days and self._tracker.booked():
            run.file.show(
                stage="settlement",
                awaiting=f"returns, until {day}",
                awaiting_since=workflow.now(),
                next_step="Booked payments are final when the time for returns is over",
            )
            await run.announce("Wait for returns")
            while await run.until(lambda: bool(self._effects), remaining(final_at), "The time for returns is over"):
                await self._act(self._effects.pop(0))
        booked = self._tracker.booked()
        if booked:
            await self._step(
                PayingSteps.finish_payments,
                lambda journal, seq: FinishInput(journal=journal, seq=seq, payment_ids=booked),
                "Tell the invoices that they are paid for good",
            )

    # What follows from what the bank said

    async def _act(self, effects: Effects) -> None:
        if effects.accepted or effects.rejected:
            await self._step(
                PayingSteps.note_payment_states,
                lambda journal, seq: NoteStatesInput(
                    journal=journal, seq=seq, accepted=effects.accepted, rejected=effects.rejected
                ),
                "Record what the bank accepted and refused",
            )
        if effects.booked:
            await self._step(
                PayingSteps.book_payments,
                lambda journal, seq: BookInput(journal=journal, seq=seq, facts=effects.booked),
                "Book what left the bank",
            )
        if effects.returned:
            await self._step(
                PayingSteps.return_payments,
                lambda journal, seq: ReturnInput(journal=journal, seq=seq, facts=effects.returned),
                "Book what came back",
            )
        for fact in (*effects.unknown, *effects.differing):
            await self._ask_about(fact)

    async def _ask_about(self, fact: BankFact) -> None:
        """A person has to look; the run goes on, and closes once they have."""
        finding = Finding(
            code="bank-entry-unknown",
            message=f"{fact.source or 'The bank'} reports {fact.kind} of {fact.payment_id or 'an unnamed payment'}"
            + (f" over {fact.amount}" if fact.amount else ""),
            evidence=fact.model_dump(mode="json", exclude_none=True),
        )
        self._odd.append(open_exception(self._run, finding, f"bank/{fact.fact_id}"))
        await self._run.announce("Ask treasury about what the bank reports")

    async def _step(self, step: Callable[..., Any], build: Build, summary: str) -> None:
        seq = self._run.file.next_seq()
        while isinstance(result := await self._run.try_step(step, build, summary, seq), StepFailure):
            await ask_about_failure(self._run, result, summary, "bank", ("retry",))

    # A silent bank

    def _chase_later(self) -> None:
        policy = self._run.policy
        since = max(self._pay_on, workflow.now())
        hours = policy.payment.chase_after_hours
        self._chase_at = add_business_hours(since, hours, policy.facility.calendar, frozenset(policy.holidays))

    async def _chase(self) -> None:
        """Ask treasury, and go on listening: whatever the bank says meanwhile answers the question."""
        run, silent = self._run, self._tracker.silent_files()
        what = (
            f"{', '.join(silent)} has no answer" if silent else f"{len(self._tracker.unbooked())} payment(s) not booked"
        )
        finding = Finding(
            code="status-missing",
            message=f"The bank is silent: {what}",
            evidence={"files": list(silent), "payments": list(self._tracker.unbooked())[:50]},
        )
        task = open_exception(run, finding, "bank/silent")
        await run.announce(f"Ask {task.role}: {task.title}")
        await run.until(lambda: bool(self._effects) or run.file.ledger.applied_to(task.task_id) is not None)
        record = run.file.ledger.applied_to(task.task_id)
        if record is None:
            run.file.cancel_task(task.task_id, "the bank has answered")
            self._chase_later()
            return
        if record.decision.action == "resend":
            for message_id in silent:
                await run.deliver(self._methods[message_id])
        if record.decision.action == "record":
            self._give_up(record.decision.comment)
        self._chase_later()

    def _give_up(self, why: str) -> None:
        """Whoever waits for a payment of which the bank says nothing is told that it is not coming, and treasury
        decides of each invoice whether it is paid again. Should the bank book it all the same, a person has to look."""
        self._given_up = True
        text = f"given up by treasury, find out whether it was paid before it is paid again: {why}"
        self.hear(
            [
                BankFact(fact_id=f"{each}:given-up", kind="payment-rejected", payment_id=each, text=text)
                for each in self._tracker.unbooked()
            ]
        )
