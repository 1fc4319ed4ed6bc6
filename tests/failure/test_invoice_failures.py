"""The failure matrix of invoice-to-payment and payment runs: every call of every step fails before its effect and after
it, is refused, meets an answer that it does not know, and is repeated; a case is cancelled while a step fails.

The rows are the steps themselves, found by introspection, times the port calls that each makes, found by living
through the stories without failures. All calls of all steps fail in one life, each of them once, and the books after
it are those of a life without failures. A step without a row in `STEPS` fails the first test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.memory.faults import When
from domain.tasks import Action
from tests.fixtures.failing_calls import Asked, EachCallOnce, EachTwice, Row, down, no, strange
from tests.fixtures.failing_invoices import CALL, STRANGE_ACCOUNT, Books, FailingInvoices, live
from tests.fixtures.failure_matrix import rows, shared_by, steps_of
from tests.fixtures.given_up import GivenUp
from tests.fixtures.invoice_stories import WARD, approved, coded, coded_line, sent
from tests.fixtures.invoice_world import InvoiceCase, fact, plain_line
from tests.fixtures.small_hospital import usd
from tests.fixtures.world import PATIENCE_SECONDS
from workflows.case import STEP_RETRIES
from workflows.messages.invoice_to_payment import WORKFLOW_NAME as INVOICE_TO_PAYMENT
from workflows.messages.payment_run import WORKFLOW_NAME as PAYMENT_RUN
from workflows.steps.invoicing import InvoicingSteps
from workflows.steps.paying import PayingSteps, PaymentScheduleSteps
from workflows.steps.payment_inputs import CollectedPage, DueRuns

SHARED = shared_by(INVOICE_TO_PAYMENT, PAYMENT_RUN)
ENDED, TOO_LATE = "case-closed", "not-in-this-stage"


@dataclass(frozen=True)
class Step:
    """What people may do when the step is refused, and what becomes of the wish to cancel its case meanwhile.

    Steps of the own store, and those that a schedule repeats, have no question: they are tried until they succeed.
    """

    actions: tuple[Action, ...] = ()
    cancel: str = ""
    code: str = "target-refused"
    on_drift: tuple[Action, ...] = ()


GO_ON_OR_END = Step(("retry", "cancel"), "applied")
BY_HAND = Step(("retry", "skip"), ENDED)
AGAIN = Step(("retry",), TOO_LATE)
STEPS = {
    "control_invoice": GO_ON_OR_END,
    "correct_invoice": GO_ON_OR_END,
    "confirm_account": GO_ON_OR_END,
    "match_invoice": GO_ON_OR_END,
    "post_invoice": Step(("retry", "correct", "reject"), "applied", "posting-refused"),
    "reverse_invoice": BY_HAND,
    "set_invoice_aside": Step(),
    "tell_orders": Step(("retry", "skip"), TOO_LATE),
    "hold_payment": Step(),
    "offer_again": GO_ON_OR_END,
    "answer_supplier": BY_HAND,
    "learn_decisions": Step(),
    "propose_payments": GO_ON_OR_END,
    "release_payments": Step(),
    "deliver_payment_file": Step(("retry", "reject"), TOO_LATE, on_drift=("retry",)),
    "note_payment_states": AGAIN,
    "book_payments": AGAIN,
    "return_payments": AGAIN,
    "finish_payments": AGAIN,
    "due_payment_runs": Step(),
    "collect_bank_messages": Step(),
    **dict.fromkeys(sorted(SHARED), Step()),
}
KEPT = [name for name, step in STEPS.items() if step.cancel in (ENDED, TOO_LATE)]
UNREACHED = {
    Row("note_payment_states", "withdraw_offer", 1),
    Row("return_payments", "withdraw_offer", 1),
}
"""Not made any more once the answer of the release before them was lost: the register has closed the gate already."""

HOLDS_UP_NOTHING = Row("book_payments", "send_remittance", 1)
"""The money has left: nobody is asked about an advice that a mail server refuses."""


@dataclass(frozen=True)
class Life:
    """What is in the books at its end, which calls were made and failed, what people were asked, and which steps
    answered too late."""

    books: Books
    made: tuple[Row, ...]
    struck: tuple[Row, ...]
    asked: dict[str, Asked]
    late: tuple[str, ...]


pytestmark = pytest.mark.usefixtures("quiet_steps")


async def _lived(world: FailingInvoices, given_up: GivenUp) -> Life:
    async with world.living(), world.troubleshooting(KEPT) as asked:
        books = await live(world)
        await given_up.all_answered()
    return Life(books, tuple(world.plan.rows), tuple(world.plan.struck), asked, tuple(given_up.late))


@pytest.fixture(scope="module")
async def lives(temporal: WorkflowEnvironment) -> dict[str, Life]:
    """All at once: most of a life is waiting."""
    plans = {
        "undisturbed": EachCallOnce(),
        "before": EachCallOnce(down),
        "after": EachCallOnce(down, "after"),
        "refused": EachCallOnce(no),
        "drifted": EachCallOnce(strange),
        "given up": EachCallOnce(),
    }
    none, each = GivenUp(lambda _: False), GivenUp(lambda step: step in STEPS)

    async def lived(name: str) -> Life:
        given_up = each if name == "given up" else none
        return await _lived(FailingInvoices(temporal, plans[name], interceptors=[given_up]), given_up)

    return dict(zip(plans, await asyncio.gather(*map(lived, plans)), strict=True))


def test_every_step_has_its_row(lives: dict[str, Life]) -> None:
    assert steps_of(InvoicingSteps, PayingSteps, PaymentScheduleSteps) | SHARED == set(STEPS)
    assert {row.step for row in lives["undisturbed"].made} >= set(STEPS), "the stories together take every step"


def test_a_life_without_failures_leaves_what_it_should(lives: dict[str, Life]) -> None:
    """The rows below compare with these books, so these must be right themselves."""
    books = lives["undisturbed"].books
    assert books.vouchers == (("FIRST-1", "70.00 USD", "paid"), ("SECOND-2", "81.00 USD", "reversed"))
    assert sum(books.balances.values()) == 0
    assert (books.files, books.answers, books.remittances) == (3, ("RE",), 2)
    assert books.payments == {"rejected": 1, "returned": 1, "booked": 1, "withdrawn": 1}
    assert books.states[:3] == ("paid", "cancelled", "rejected")
    assert not lives["undisturbed"].asked


@rows("fails", "answer-lost", of=STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_calls_that_fail_once_leave_no_trace(lives: dict[str, Life], when: When) -> None:
    """After a call: its answer is lost, the effect stays. Not a fact more or less is on any timeline."""
    life, expected = lives[when], lives["undisturbed"]
    assert set(expected.made) - set(life.struck) == (UNREACHED if when == "after" else set())
    assert life.books == expected.books
    assert not life.asked


@rows("refused", "drifted", of=STEPS)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", ["refused", "drifted"])
def test_a_step_that_is_refused_asks_its_owner_about_each_call(lives: dict[str, Life], how: str, step: str) -> None:
    """A refusal goes to whom the process names, an answer of unknown shape to integration support."""
    life, expected = lives[how], STEPS[step]
    calls = {row for row in lives["undisturbed"].made if row.step == step}
    assert calls <= set(life.struck)
    if how == "refused":
        calls.discard(HOLDS_UP_NOTHING)
    outside = {str(row) for row in calls if row.method != "record" and expected.actions}
    assert {row for row in life.asked if row.partition("/")[0] == step} == outside
    for row in outside:
        task = life.asked[row].task
        drifted = how == "drifted"
        assert task.exception_code == ("contract-drift" if drifted else expected.code), row
        assert task.actions == ((drifted and expected.on_drift) or expected.actions), row
        if expected.cancel != "applied":
            assert life.asked[row].cancelled == expected.cancel, row


@pytest.mark.parametrize("how", ["refused", "drifted"])
def test_what_was_refused_and_tried_again_leaves_the_same_books(lives: dict[str, Life], how: str) -> None:
    assert lives[how].books.without_trouble() == lives["undisturbed"].books.without_trouble()


@rows("repeated", of=STEPS)
async def test_each_step_that_is_executed_twice_has_one_effect_and_one_result(
    temporal: WorkflowEnvironment, lives: dict[str, Life]
) -> None:
    doubling = EachTwice()
    async with FailingInvoices(temporal, interceptors=[doubling]).living() as world:
        assert await live(world) == lives["undisturbed"].books
    assert set(doubling.names) >= set(STEPS)
    for first, second in doubling.results:
        if not isinstance(first, CollectedPage | DueRuns):  # what comes next is another page
            assert first == second


@rows("timed-out", of=STEPS)
def test_each_step_that_is_given_up_after_its_effect_has_it_once(lives: dict[str, Life]) -> None:
    life = lives["given up"]
    assert set(life.late) == set(STEPS)
    assert life.books == lives["undisturbed"].books
    assert not life.asked


# Cancelled while a step fails


async def at_control(world: FailingInvoices) -> InvoiceCase:
    return await coded(world, "61.00")


async def at_correction(world: FailingInvoices) -> InvoiceCase:
    case = await world.capture(world.invoice(lines=(plain_line("62.00"),)))
    coding = {"lines": ({"line": 1, "costs": WARD, "category": "medical-supplies"},)}
    await case.decide("coding-required", "code", by="anna", invoice=coding)
    return case


async def at_confirmation(world: FailingInvoices) -> InvoiceCase:
    case = await world.capture(world.invoice(lines=(coded_line("63.00"),), accounts=(STRANGE_ACCOUNT,)))
    task = await case.task("bank-account-mismatch")
    await case.answer(task, "confirm", "tara", keep=True, call_back=CALL)
    await case.answer(task, "confirm", "tess", call_back=CALL)
    return case


async def at_posting(world: FailingInvoices) -> InvoiceCase:
    case = await coded(world, "64.00")
    await case.decide("owner", "approve")
    return case


async def at_offer(world: FailingInvoices) -> InvoiceCase:
    case = await approved(world, "65.00")
    _, (payment,) = await sent(world)
    world.bank.say(fact(payment, "payment-rejected", reason="AC04"))
    await world.collect()
    await case.decide("payment-rejected", "retry", by="tara")
    return case


async def at_proposal(world: FailingInvoices) -> InvoiceCase:
    await approved(world, "66.00")
    return await world.pay()


CANCELLED: dict[Row, Callable[[FailingInvoices], Awaitable[InvoiceCase]]] = {
    Row("control_invoice", "register", 1): at_control,
    Row("match_invoice", "keep", 1): at_control,
    Row("correct_invoice", "keep_copy", 1): at_correction,
    Row("confirm_account", "confirm_account", 1): at_confirmation,
    Row("post_invoice", "post_invoice", 1): at_posting,
    Row("post_invoice", "offer", 1): at_posting,
    Row("offer_again", "offer", 1): at_offer,
    Row("propose_payments", "claimed", 1): at_proposal,
}
"""The effect of each step at which a case may be cancelled (or a call after it that every try makes), and how a case
comes there."""


def test_every_step_at_which_a_case_may_be_cancelled_has_its_row() -> None:
    assert {row.step for row in CANCELLED} == {name for name, step in STEPS.items() if step.cancel == "applied"}


@rows("undone", "undone-blind", of={row.step for row in CANCELLED})
@pytest.mark.parametrize("how", ["refused", "lost"])
async def test_cancelling_while_a_step_fails_leaves_a_clean_slate(temporal: WorkflowEnvironment, how: str) -> None:
    """Refused: it had no effect. Lost: it had its effect each time, and no try of it was ever answered."""
    await asyncio.gather(*(_cancelled(temporal, how, row) for row in CANCELLED))


async def _cancelled(temporal: WorkflowEnvironment, how: str, row: Row) -> None:
    tries = STEP_RETRIES.maximum_attempts if how == "lost" else 1
    plan = EachCallOnce(
        down if how == "lost" else no, "after" if how == "lost" else "before", lambda made: made == row, tries
    )
    async with FailingInvoices(temporal, plan, patient=False).living() as world:
        case = await CANCELLED[row](world)
        await case.until(lambda: bool(world.failed()))
        (task,) = world.failed()
        assert task.subject["evidence"]["message"] == str(row)
        assert await case.ask_for("cancel", "bo") == "applied", row
        result = await asyncio.wait_for(case.handle.result(), PATIENCE_SECONDS)
        assert dict(result)["status"] == "cancelled", row
        _assert_slate(world, case, row)


def _assert_slate(world: FailingInvoices, case: InvoiceCase, row: Row) -> None:
    assert [task for task in case.tasks() if task.status == "open"] == [], row
    assert [each.state for each in world.payments() if each.state not in ("rejected", "withdrawn")] == [], row
    if row.step == "propose_payments":
        assert [offer.amount for offer, _ in world.ledger._open()] == [usd("66.00")], "it is free for another run"
        return
    assert not any(world.erp.trial_balance().values()), row
    assert [voucher.status for _, voucher in world.erp.invoices if voucher.status != "reversed"] == [], row
    assert list(world.ledger._open()) == [], row
    assert world.register.state_of(case.name) in ("cancelled", None), row
