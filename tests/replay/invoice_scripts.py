"""Recorded invoices and payment runs: touchless, with exceptions, without an order, and what banks do to a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from domain.payment import Payment
from domain.policy.model import PaymentRule
from tests.fixtures.failing_invoices import CALL, STRANGE_ACCOUNT
from tests.fixtures.invoice_stories import RETURN_TIME, WARD, coded_line, ordered
from tests.fixtures.invoice_world import InvoiceCase, InvoiceWorld, RunCase, fact, plain_line, totals
from tests.fixtures.small_hospital import FACILITY, policy
from tests.fixtures.world import Case
from tests.replay.recorded import IDENTITY
from tests.replay.scripts import AROUND_THE_CLOCK, SCRIPTS, at_rest, decide
from worker import build_worker

ASKED_LATER = timedelta(hours=25)
CHASED = timedelta(days=4)


class RecordedInvoices(InvoiceWorld):
    """A world of invoices without chance; its runs are released by a second person from 50 USD."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.name = "recorded"
        self.policy = policy(
            facility=FACILITY.model_copy(update={"calendar": AROUND_THE_CLOCK}), payment=PaymentRule(release_from=50)
        )

    @property
    def task_queue(self) -> str:
        return "recorded-invoices"

    @asynccontextmanager
    async def working(self) -> AsyncIterator[RecordedInvoices]:
        async with build_worker(self.client, self.ports(), self.task_queue, identity=IDENTITY):
            yield self

    async def captured(self, number: str, **over: Any) -> InvoiceCase:
        """A bill at its first rest."""
        given = {"lines": (coded_line("100.00"),), "number": number}
        case = await self.capture(self.invoice(over.pop("order", None), **{**given, **over}))
        await at_rest(case.handle)
        return case

    async def posted(self, number: str) -> InvoiceCase:
        case = await self.captured(number)
        await decide(case, "owner", "approve", by="carla")
        await case.payable()
        await at_rest(case.handle)
        return case

    async def sent(self, number: int, *cases: Case) -> tuple[RunCase, Payment]:
        """A released run of one payment."""
        run = await self.pay(number)
        await all_at_rest(run, *cases)
        await decide(run, "payments-approve", "approve", by="frida")
        await decide(run, "payments-release", "release", by="tara")
        await run.until(lambda: "payments.delivered" in run.kinds())
        await all_at_rest(run, *cases)
        (payment,) = [each for each in self.payments() if each.run_id == run.name]
        return run, payment

    async def said(self, payment: Payment, kind: str, *cases: Case, **over: Any) -> None:
        """The bank says one thing, and everybody takes it in."""
        self.bank.say(fact(payment, kind, **over))
        await self.collect()
        await all_at_rest(*cases)


Script = Callable[[RecordedInvoices], Awaitable[Case]]
NAMES: set[str] = set()


def script(run: Script) -> Script:
    """Keep the history of the case that `run` leads to its end, in a world of invoices."""

    async def in_its_world(world: Any) -> Case:
        return await run(world)

    SCRIPTS[run.__name__] = in_its_world
    NAMES.add(run.__name__)
    return run


async def all_at_rest(*cases: Case) -> None:
    """Runs tell invoices, which tell purchases: each is looked at again after the others came to rest."""
    for case in (*cases, *cases):
        await at_rest(case.handle)


async def finished(run: RunCase, *cases: InvoiceCase) -> None:
    await run.skip(RETURN_TIME)
    await run.result_of_run()
    for case in cases:
        await case.outcome()


@script
async def invoice_touchless(world: RecordedInvoices) -> Case:
    purchase, order = await ordered(world)
    await at_rest(purchase.handle)
    await purchase.receive(order)
    await at_rest(purchase.handle)
    case = await world.captured("TOUCHLESS", order=order, lines=world.invoice(order).lines)
    run, payment = await world.sent(101, case, purchase)
    await world.said(payment, "payment-booked", run, case, purchase)
    await finished(run, case)
    return case


@script
async def invoice_of_late_goods(world: RecordedInvoices) -> Case:
    purchase, order = await ordered(world)
    await at_rest(purchase.handle)
    case = await world.captured("LATE-GOODS", order=order, lines=world.invoice(order).lines)
    await case.skip(ASKED_LATER)
    await case.task("receipt-missing")
    await at_rest(case.handle)
    await purchase.receive(order)
    await case.payable()
    await all_at_rest(purchase, case)
    run, payment = await world.sent(102, case, purchase)
    await world.said(payment, "payment-booked", run, case, purchase)
    await finished(run, case)
    return case


@script
async def invoice_coded_and_cancelled(world: RecordedInvoices) -> Case:
    case = await world.captured("CODED", lines=(plain_line("100.00"),))
    coding = {"lines": ({"line": 1, "costs": WARD, "category": "medical-supplies"},)}
    await decide(case, "coding-required", "code", by="anna", invoice=coding)
    await decide(case, "owner", "approve", by="carla")
    await case.payable()
    await case.ask_for("hold", "anna")
    await at_rest(case.handle)
    await case.ask_for("resume", "anna")
    await at_rest(case.handle)
    await case.ask_for("cancel", "bo")
    await case.outcome()
    return case


@script
async def invoice_sent_back(world: RecordedInvoices) -> Case:
    case = await world.captured("SENT-BACK", totals=totals((coded_line("1.00"),)))
    await decide(case, "not-balanced", "return-to-supplier", by="anna")
    await case.outcome()
    return case


@script
async def invoice_refused_by_the_bank(world: RecordedInvoices) -> Case:
    case = await world.posted("REFUSED-BY-BANK")
    refused, payment = await world.sent(103, case)
    await world.said(payment, "payment-rejected", refused, case, reason="AC04")
    await decide(case, "payment-rejected", "retry", by="tess")
    run, payment = await world.sent(104, case)
    await world.said(payment, "payment-booked", run, case)
    await finished(run, case)
    return case


@script
async def credit_note_netted(world: RecordedInvoices) -> Case:
    bill = await world.posted("CREDITED")
    note = await world.captured(
        "CREDIT", kind="credit-note", credited=("CREDITED",), lines=(coded_line("20.00"),), order_numbers=()
    )
    await decide(note, "owner", "approve", by="carla")
    await note.payable()
    run, payment = await world.sent(105, bill, note)
    await world.said(payment, "payment-booked", run, bill, note)
    await finished(run, bill, note)
    return note


@script
async def run_returned(world: RecordedInvoices) -> Case:
    case = await world.posted("RETURNED")
    run, payment = await world.sent(106, case)
    await world.said(payment, "payment-accepted", run, case)
    await world.said(payment, "payment-booked", run, case)
    await world.said(payment, "payment-returned", run, case, reason="R03")
    await decide(case, "payment-returned", "record", by="tess")
    await finished(run, case)
    return run


@script
async def run_rejected(world: RecordedInvoices) -> Case:
    case = await world.posted("RUN-REJECTED")
    run = await world.pay(107)
    await all_at_rest(run, case)
    await run.decide("payments-approve", "reject", by="frida")
    await run.result_of_run()
    return run


@script
async def run_chased(world: RecordedInvoices) -> Case:
    case = await world.posted("CHASED")
    run, payment = await world.sent(108, case)
    await run.skip(CHASED)
    await run.task("status-missing")
    await all_at_rest(run, case)
    await decide(run, "status-missing", "resend", by="tess")
    await world.said(payment, "payment-booked", run, case, amount=payment.amount + payment.amount, fact_id="more")
    await world.said(payment, "payment-booked", run, case)
    await run.skip(RETURN_TIME)
    await all_at_rest(run, case)
    await run.decide("bank-entry-unknown", "accept", by="tess")
    await run.result_of_run()
    return run


@script
async def account_confirmed(world: RecordedInvoices) -> Case:
    """A supplier's account is another than the known one: two of treasury call back."""
    case = await world.captured("ACCOUNT", accounts=(STRANGE_ACCOUNT,))
    task = await case.task("bank-account-mismatch")
    await case.answer(task, "confirm", "tara", keep=True, call_back=CALL)
    await at_rest(case.handle)
    await case.answer(task, "confirm", "tess", call_back=CALL)
    await at_rest(case.handle)
    approval = await case.task("owner")
    assert await case.hand_over(approval.task_id, "carla", "dora") == "applied"
    await at_rest(case.handle)
    await decide(case, "owner", "approve", by="dora")
    await case.payable()
    await case.ask_for("cancel", "bo")
    await case.outcome()
    return case


@script
async def purchase_billed(world: RecordedInvoices) -> Case:
    """What a purchase hears of its invoice, from the match to the bank."""
    purchase = await world.start(world.requisition())
    await at_rest(purchase.handle)
    await decide(purchase, "owner", "approve", by="carla")
    (order,) = purchase.orders()
    await purchase.acknowledge(order)
    await at_rest(purchase.handle)
    await purchase.receive(order)
    await at_rest(purchase.handle)
    case = await world.captured("BILLED", order=order, lines=world.invoice(order).lines)
    run, payment = await world.sent(109, case, purchase)
    await world.said(payment, "payment-booked", run, case, purchase)
    await finished(run, case)
    await purchase.result()
    return purchase


@script
async def run_handed_over(world: RecordedInvoices) -> Case:
    """Held, resumed, and released by somebody to whom that was handed over."""
    case = await world.posted("RUN-HANDED")
    run = await world.pay(110)
    await all_at_rest(run, case)
    await decide(run, "payments-approve", "approve", by="frida")
    await run.ask_for("hold", "tess")
    await at_rest(run.handle)
    await run.ask_for("resume", "tess")
    await at_rest(run.handle)
    release = await run.task("payments-release")
    assert await run.hand_over(release.task_id, "tara", "tess") == "applied"
    await at_rest(run.handle)
    await decide(run, "payments-release", "release", by="tess")
    await run.until(lambda: "payments.delivered" in run.kinds())
    await all_at_rest(run, case)
    (payment,) = [each for each in world.payments() if each.run_id == run.name]
    await world.said(payment, "payment-booked", run, case)
    await finished(run, case)
    return run
