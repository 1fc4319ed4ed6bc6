"""What banks say of payments: in order and out of it, twice, never, and after the end."""

from __future__ import annotations

from datetime import timedelta

from temporalio.testing import ActivityEnvironment

from activities.bank_desk import BankDesk
from activities.invoice_ports import InvoicePorts
from activities.purchasing import wall_clock
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.payment import BankFact
from domain.policy.model import PaymentRule
from domain.tasks import Task
from tests.fixtures.invoice_stories import RETURN_TIME, approved, received, sent, settled
from tests.fixtures.invoice_world import InvoiceWorld, RunCase, fact
from tests.fixtures.small_hospital import policy, usd
from worker import ports_of_invoices
from workflows.steps.payment_inputs import CollectInput

CHASED = timedelta(days=4)


def incidents(world: InvoiceWorld) -> list[str]:
    """Codes of what treasury was asked outside of any run."""
    cases = [case for case in world.evidence._tasks_of_case if case.startswith("housekeeping")]
    return [task.exception_code or "" for case in cases for task in world.evidence.all_tasks(case)]


async def test_whatever_the_sequence_and_however_often_it_is_said_it_is_booked_once(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "31.00")
    run, (payment,) = await sent(invoices)
    booked = fact(payment, "payment-booked")
    message = invoices.bank.say(booked)
    await invoices.collect()
    await case.until(lambda: "invoice.paid" in case.kinds())
    invoices.bank.repeat(message)
    invoices.bank.say(fact(payment, "payment-accepted"), booked)
    result = await invoices.collect()
    assert (result.messages, result.unknown) == (2, 0)
    await settled(run)
    assert (await case.outcome()).status == "completed"
    assert len(invoices.erp.payments) == 1
    assert len(invoices.answers.remittances) == 1
    assert case.kinds().count("invoice.paid") == 1


async def test_a_refused_payment_is_offered_again_and_paid_by_another_run(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "32.00")
    first, (payment,) = await sent(invoices)
    invoices.bank.say(fact(payment, "payment-accepted"))
    invoices.bank.say(fact(payment, "payment-rejected", reason="AC04", text="closed account"))
    await invoices.collect()
    task = await case.task("payment-rejected")
    assert "AC04" in task.why
    assert (await first.result_of_run()).booked == 0
    await case.answer(task, "retry", "tara")
    await case.until(lambda: "payment.offered-again" in case.kinds())
    second, (again,) = await sent(invoices, 2)
    assert (again.amount, again.payment_id != payment.payment_id) == (payment.amount, True)
    await invoices.booked(again)
    await settled(second)
    assert (await case.outcome()).status == "completed"
    assert len(invoices.erp.payments) == 1


async def test_money_that_comes_back_reopens_the_invoice_and_not_the_closed_purchase(invoices: InvoiceWorld) -> None:
    purchase, order = await received(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.payable()
    run, (payment,) = await sent(invoices)
    await invoices.booked(payment)
    assert (await purchase.result()).status == "completed"
    invoices.bank.say(fact(payment, "payment-returned", reason="R03", text="no account"))
    await invoices.collect()
    task = await case.task("payment-returned")
    await settled(run)
    assert (await run.result_of_run()).returned == 1
    await case.answer(task, "record", "tara")
    result = await case.outcome()
    assert (result.status, result.paid) == ("completed", None)
    assert "payment.settled-otherwise" in case.kinds()
    ((_, voucher),) = invoices.erp.invoices
    assert (voucher.status, voucher.open) == ("posted", order.total)


async def test_money_that_comes_back_before_its_booking_counts_as_both(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "33.00")
    _, (payment,) = await sent(invoices)
    invoices.bank.say(fact(payment, "payment-returned", reason="R01"), fact(payment, "payment-booked"))
    await invoices.collect()
    await case.decide("payment-returned", "retry", by="tess")
    await case.until(lambda: "payment.offered-again" in case.kinds())
    second, (again,) = await sent(invoices, 2)
    await invoices.booked(again)
    await settled(second)
    assert (await case.outcome()).paid == usd("33.00")


async def test_a_return_after_the_end_of_the_run_is_an_incident(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "34.00")
    run, (payment,) = await sent(invoices)
    await invoices.booked(payment)
    await case.until(lambda: "invoice.paid" in case.kinds())
    await settled(run)
    await case.outcome()
    invoices.bank.say(fact(payment, "payment-returned", reason="R03"))
    assert (await invoices.collect()).unknown == 1
    await case.until(lambda: incidents(invoices) == ["payment-returned"])


async def test_what_nobody_knows_and_nobody_can_read_are_incidents_once(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "35.00")
    nobody = BankFact(
        fact_id=f"odd-{invoices.name}",
        kind="payment-booked",
        payment_id="PNOBODY",
        amount=usd("5.00"),
        source="camt.054",
    )
    invoices.bank.say(nobody)
    invoices.bank.put("broken.json", "{ this is no message")
    assert (await invoices.collect()).unknown == 2
    invoices.bank.say(nobody)
    await invoices.collect()
    await case.until(lambda: sorted(incidents(invoices)) == ["bank-entry-unknown", "bank-message-unreadable"])


async def test_an_amount_that_differs_is_looked_at_and_nothing_is_booked_for_it(invoices: InvoiceWorld) -> None:
    await approved(invoices, "36.00")
    run, (payment,) = await sent(invoices)
    invoices.bank.say(fact(payment, "payment-booked", amount=usd("35.00"), fact_id="less"))
    await invoices.collect()
    task = await run.task("bank-entry-unknown")
    assert invoices.erp.payments == ()
    await run.answer(task, "accept", "tara")
    await invoices.booked(payment)
    await run.until(lambda: "payments.booked" in run.kinds())
    await settled(run)
    assert (await run.result_of_run()).booked == 1


async def test_a_silent_bank_is_chased_and_may_answer_the_question_itself(invoices: InvoiceWorld) -> None:
    invoices.bank.silent = True
    await approved(invoices, "37.00")
    run, (payment,) = await sent(invoices)
    await run.skip(CHASED)
    task = await run.task("status-missing")
    await run.answer(task, "resend", "tara")
    await run.until(lambda: run.kinds().count("payments.delivered") == 2)
    assert len(invoices.bank.files) == 1, "the same file is the same delivery"
    await run.skip(CHASED)
    await run.task("status-missing")
    await invoices.booked(payment)
    await run.until(lambda: "payments.booked" in run.kinds())
    assert [each.status for each in run.tasks() if each.exception_code == "status-missing"] == ["done", "cancelled"]
    await settled(run)


async def test_treasury_may_give_up_waiting_for_the_bank(invoices: InvoiceWorld) -> None:
    await approved(invoices, "38.00")
    run, _ = await sent(invoices)
    await run.skip(CHASED)
    await run.decide("status-missing", "record", by="tara")
    assert (await run.result_of_run()).booked == 0


async def test_a_file_that_the_bank_refuses_frees_its_payments(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "39.00")
    invoices.bank.fail_next = [RefusedError("bank", "file-refused", "the header is wrong")]
    run = await invoices.pay()
    await run.decide("payments-approve", "approve", by="frida")
    task = await _failed_delivery(run)
    assert task.actions == ("retry", "reject")
    await run.answer(task, "reject", run._entitled(task))
    assert (await run.result_of_run()).booked == 0
    await case.until(lambda: "payment.released" in case.kinds())
    again, (payment,) = await sent(invoices, 2)
    await invoices.booked(payment)
    await settled(again)
    assert (await case.outcome()).status == "completed"


async def test_a_file_that_the_bank_rejects_later_rejects_its_payments(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "40.00")
    run, (payment,) = await sent(invoices)
    (file,) = invoices.bank.files
    refusal = BankFact(fact_id="file-1", kind="file-rejected", message_id=file.message_id, reason="FF01")
    duplicate = BankFact(fact_id="file-2", kind="file-duplicate", message_id=file.message_id)
    invoices.bank.say(duplicate)
    invoices.bank.say(refusal)
    await invoices.collect()
    await case.decide("payment-rejected", "retry", by="tara")
    assert (await run.result_of_run()).booked == 0
    assert payment.payment_id not in {each.external_id for each in invoices.erp.payments}


async def test_without_a_time_for_returns_what_is_booked_is_final(invoices: InvoiceWorld) -> None:
    invoices.policy = policy(payment=PaymentRule(return_days=0))
    case = await approved(invoices, "41.00")
    run, (payment,) = await sent(invoices)
    await invoices.booked(payment)
    assert (await run.result_of_run()).booked == 1
    assert (await case.outcome()).status == "completed"


async def test_the_schedule_starts_one_run_for_what_is_due(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "42.00")
    started = await invoices.propose()
    assert len(started) == 1
    run = invoices.run_of(started[0])
    payments = await run.released()
    assert await invoices.propose() == ()
    await invoices.booked(*payments)
    await run.skip(RETURN_TIME)
    assert (await case.outcome()).status == "completed"


async def _failed_delivery(run: RunCase) -> Task:
    await run.until(lambda: any("failure" in task.subject.get("evidence", {}) for task in run.tasks()))
    return next(task for task in run.tasks() if "failure" in task.subject.get("evidence", {}))


async def test_incidents_are_raised_although_the_worker_dies_after_it_read_the_message(invoices: InvoiceWorld) -> None:
    """The step's answer is lost on its way: its next try names the same incidents, and raises each once."""
    case = await approved(invoices, "41.00")
    for name in ("lost", "late"):
        given = {"fact_id": f"{name}-{invoices.name}", "kind": "payment-booked", "payment_id": "PNOBODY"}
        invoices.bank.say(BankFact.model_validate(given))
    gone = TemporarilyUnavailableError("ledger", "no-answer", "died")
    invoices.faults.fail("take_in", gone, when="after")
    invoices.faults.fail("read_up_to", gone, when="after")
    result = await invoices.collect()
    assert (result.messages, result.unknown) == (2, 2)
    await case.until(lambda: incidents(invoices) == ["bank-entry-unknown"] * 2)
    assert await invoices.ledger.cursor(invoices.bank.name) == invoices.bank.mailbox[-1].key
    assert (await invoices.collect()).messages == 0


async def test_the_cursor_stays_before_a_message_until_its_incidents_are_raised(invoices: InvoiceWorld) -> None:
    quiet = invoices.bank.say()
    broken = invoices.bank.put("broken.json", "{ this is no message")
    later = invoices.bank.say()
    desk = BankDesk(_invoice_ports(invoices), wall_clock)
    for _ in range(2):  # whoever read it first died before anything was raised
        page = await ActivityEnvironment().run(desk.collect_bank_messages, CollectInput())
        assert ([each.finding.code for each in page.incidents], page.pending) == (
            ["bank-message-unreadable"],
            broken.key,
        )
        assert await invoices.ledger.cursor(invoices.bank.name) == quiet.key
    page = await ActivityEnvironment().run(desk.collect_bank_messages, CollectInput(raised=broken.key))
    assert (page.messages, page.incidents, page.pending) == (1, (), "")
    assert await invoices.ledger.cursor(invoices.bank.name) == later.key


def _invoice_ports(world: InvoiceWorld) -> InvoicePorts:
    ports = ports_of_invoices(world.client, world.ports())
    assert ports is not None
    return ports


async def test_a_bank_that_refuses_to_be_read_is_an_incident_once_a_day(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "42.00")
    run, (payment,) = await sent(invoices)
    refusal = RefusedError("bank", f"login-{invoices.name}", "the certificate has expired")
    invoices.bank.fail_next = [refusal, refusal]
    for _ in range(2):
        result = await invoices.collect()
        assert (result.messages, result.unknown) == (0, 1)
    await case.until(lambda: incidents(invoices) == ["target-refused"])
    await invoices.booked(payment)
    await settled(run)
    assert (await case.outcome()).status == "completed"
