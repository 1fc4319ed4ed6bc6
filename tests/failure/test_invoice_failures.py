"""The failure matrix of invoice-to-payment and payment runs: every step is executed twice, and each of its port calls
after the first six fails once, before and after its effect; the books afterwards are those of a life without failures.

The rows are the steps themselves, found by introspection, times the port calls that each makes, found by living
through the stories without failures. A step without a story in `STEPS` fails the first test.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor

from activities.ports import Ports
from adapters.memory.faults import Call, When, with_faults
from domain.invoice import PayeeAccount
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.failing_steps import Doubling, StepFaults
from tests.fixtures.invoice_stories import RETURN_TIME, WARD, coded, sent
from tests.fixtures.invoice_world import InvoiceCase, InvoiceWorld, fact, plain_line, totals
from worker import build_worker
from workflows.steps.invoicing import InvoicingSteps
from workflows.steps.paying import PayingSteps, PaymentScheduleSteps

STRANGE = PayeeAccount(routing_number="021000021", account_number="666000666")
CALL: dict[str, Any] = {
    "phone": "+1 555 0100",
    "spoken_with": "Ann of S-1",
    "called_at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
}
DOWN = TemporarilyUnavailableError("outside", "no-answer", "no answer in time")
STEPS = frozenset(
    {
        "control_invoice",
        "correct_invoice",
        "confirm_account",
        "match_invoice",
        "post_invoice",
        "reverse_invoice",
        "set_invoice_aside",
        "tell_orders",
        "hold_payment",
        "offer_again",
        "answer_supplier",
        "learn_decisions",
        "propose_payments",
        "release_payments",
        "deliver_payment_file",
        "note_payment_states",
        "book_payments",
        "return_payments",
        "finish_payments",
        "due_payment_runs",
        "collect_bank_messages",
    }
)
AT_ONCE = 6
"""So many calls of one step fail one after the other in one life: the waits between so few tries are short."""
MOST_CALLS = 18
UNTIL_NEXT_TRY = timedelta(seconds=40)


class StruckPlan(StepFaults):
    """Names the workflows whose steps failed, so that their time can be skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.workflows: asyncio.Queue[str] = asyncio.Queue()

    def begin(self, call: Call) -> Any:
        before = self.strikes
        failure = super().begin(call)
        if self.strikes > before:
            self.workflows.put_nowait(activity.info().workflow_id or "")
        return failure


class EachTwice(Doubling):
    """Executes every step twice."""

    @property
    def step(self) -> str:
        return activity.info().activity_type

    @step.setter
    def step(self, value: str | None) -> None:
        """It is whichever runs."""


class FailingInvoices(InvoiceWorld):
    """Every port can fail, also those that only read."""

    def __init__(self, temporal: WorkflowEnvironment, interceptors: Sequence[Interceptor] = ()) -> None:
        super().__init__(temporal)
        self.plan = StruckPlan()
        self.faults, self.interceptors = self.plan, interceptors

    def ports(self) -> Ports:
        ports = super().ports()
        assert ports.invoicing is not None
        assistant = with_faults(ports.invoicing.assistant, self.faults)
        return replace(
            ports,
            directory=with_faults(ports.directory, self.faults),
            reader=with_faults(self.evidence, self.faults),
            invoicing=replace(ports.invoicing, assistant=assistant),
        )

    @asynccontextmanager
    async def living(self) -> AsyncIterator[FailingInvoices]:
        async with build_worker(self.client, self.ports(), self.task_queue, interceptors=self.interceptors):
            skipping = asyncio.ensure_future(self._skip_retries())
            try:
                yield self
            finally:
                skipping.cancel()
                await asyncio.gather(skipping, return_exceptions=True)

    async def _skip_retries(self) -> None:
        while True:
            name = await self.plan.workflows.get()
            await self.temporal.fast_forward(self.client.get_workflow_handle(name), UNTIL_NEXT_TRY)


@dataclass(frozen=True)
class Books:
    """What is in every book after all stories. Equal books: nobody outside could tell the lives apart."""

    balances: dict[str, Decimal]
    vouchers: tuple[tuple[str, str, str], ...]
    paid: tuple[str, ...]
    payments: Counter[str]
    files: int
    answers: tuple[str, ...]
    remittances: int
    states: tuple[str | None, ...]
    facts: tuple[Counter[str], ...]


async def live(world: FailingInvoices) -> Books:
    """A bill that is confirmed, coded, held, refused, returned and paid at last; one that is cancelled after a run was
    rejected; one that goes back to its supplier: together they take every step."""
    first = await world.capture(world.invoice(lines=(plain_line("70.00"),), accounts=(STRANGE,), number="FIRST-1"))
    task = await first.task("bank-account-mismatch")
    await first.answer(task, "confirm", "tara", keep=True, call_back=CALL)
    await first.answer(task, "confirm", "tess", call_back=CALL)
    coding = {"lines": ({"line": 1, "costs": WARD, "category": "medical-supplies"},)}
    await first.decide("coding-required", "code", by="anna", invoice=coding)
    await first.decide("owner", "approve")
    await first.payable()
    await first.ask_for("hold", "anna")
    await first.until(lambda: "payment.held" in first.kinds())
    await first.ask_for("resume", "anna")
    await first.until(lambda: "payment.resumed" in first.kinds())
    refused, (payment,) = await sent(world, 1)
    world.bank.say(fact(payment, "payment-accepted"))
    world.bank.say(fact(payment, "payment-rejected", reason="AC04"))
    await world.collect()
    await _offered_again(first, "payment-rejected", 1)
    _, (payment,) = await sent(world, 2)
    world.bank.say(fact(payment, "payment-booked"), fact(payment, "payment-returned", reason="R03"))
    await world.collect()
    await _offered_again(first, "payment-returned", 2)
    paid, (payment,) = await sent(world, 3)
    await world.booked(payment)
    await first.until(lambda: first.kinds().count("invoice.paid") == 2)
    await paid.skip(RETURN_TIME)
    await first.outcome()
    await paid.result_of_run()
    second = await coded(world, "81.00", number="SECOND-2")
    await second.decide("owner", "approve")
    await second.payable()
    rejected = world.run_of((await world.propose())[0])
    await rejected.decide("payments-approve", "reject", by="frida")
    await rejected.result_of_run()
    await second.until(lambda: "payment.released" in second.kinds())
    await second.ask_for("cancel", "bo")
    await second.outcome()
    third = await coded(world, "92.00", number="THIRD-3", totals=totals((plain_line("1.00"),)))
    await third.decide("not-balanced", "return-to-supplier", by="anna")
    await third.outcome()
    return _books(world, (first, second, third, refused, paid, rejected))


async def _offered_again(case: InvoiceCase, code: str, times: int) -> None:
    await case.decide(code, "retry", by="tara")
    await case.until(lambda: case.kinds().count("payment.offered-again") == times)


def _books(world: FailingInvoices, cases: Sequence[InvoiceCase]) -> Books:
    return Books(
        balances=world.erp.trial_balance(),
        vouchers=tuple(
            (posting.number, str(posting.amount), voucher.status) for posting, voucher in world.erp.invoices
        ),
        paid=tuple(str(each.amount) for each in world.erp.payments),
        payments=Counter(each.state for each in world.payments()),
        files=len(world.bank.files),
        answers=tuple(each.status for each in world.answers.answers),
        remittances=len(world.answers.remittances),
        states=tuple(world.register.state_of(case.name) for case in cases),
        facts=tuple(Counter(case.kinds()) for case in cases),
    )


def steps_of(*contracts: type) -> set[str]:
    return {
        definition.name
        for contract in contracts
        for each in vars(contract).values()
        if (definition := getattr(each, "__temporal_activity_definition", None))
    }


@dataclass(frozen=True)
class Undisturbed:
    books: Books
    calls: dict[str, list[str]]


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Failures are asked for here: their stack traces would cost more time than the cases."""
    log = logging.getLogger("temporalio.activity")
    before, log.disabled = log.disabled, True
    yield
    log.disabled = before


@pytest.fixture(scope="module")
async def undisturbed(temporal: WorkflowEnvironment) -> Undisturbed:
    async with FailingInvoices(temporal).living() as world:
        books = await live(world)
        return Undisturbed(books, {step: list(made) for step, made in world.plan.made.items()})


async def test_every_step_has_its_rows(undisturbed: Undisturbed) -> None:
    assert steps_of(InvoicingSteps, PayingSteps, PaymentScheduleSteps) == STEPS
    assert set(undisturbed.calls) >= STEPS, "the stories together take every step"
    assert max(len(undisturbed.calls[step]) for step in STEPS) <= MOST_CALLS


async def test_a_life_without_failures_leaves_what_it_should(undisturbed: Undisturbed) -> None:
    """The rows below compare with these books, so these must be right themselves."""
    books = undisturbed.books
    assert books.vouchers == (("FIRST-1", "70.00 USD", "paid"), ("SECOND-2", "81.00 USD", "reversed"))
    assert sum(books.balances.values()) == 0
    assert (books.files, books.answers, books.remittances) == (3, ("RE",), 2)
    assert books.payments == {"rejected": 1, "returned": 1, "booked": 1, "withdrawn": 1}
    assert books.states[:3] == ("paid", "cancelled", "rejected")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("place", range(AT_ONCE, MOST_CALLS, AT_ONCE))
async def test_a_call_after_the_first_six_of_a_step_fails_once_and_changes_no_book(
    temporal: WorkflowEnvironment, undisturbed: Undisturbed, place: int, when: When
) -> None:
    """After the call: its answer is lost, the effect stays."""
    async with FailingInvoices(temporal).living() as world:
        rows = [(step, method) for step in STEPS for method in undisturbed.calls[step][place : place + AT_ONCE]]
        for step, method in rows:
            world.plan.aim(step, method, DOWN, when=when)
        books = await live(world)
        assert world.plan.strikes == len(rows)
    assert replace(books, facts=()) == replace(undisturbed.books, facts=())


async def test_each_step_that_is_executed_twice_has_one_effect_and_one_result(
    temporal: WorkflowEnvironment, undisturbed: Undisturbed
) -> None:
    doubling = EachTwice()
    async with FailingInvoices(temporal, [doubling]).living() as world:
        assert await live(world) == undisturbed.books
    assert doubling.results
