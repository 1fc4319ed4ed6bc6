"""Who lets payments go, what is taken out of a proposal, and what several runs do to one invoice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from domain.invoice import PaymentTerms
from domain.outside_errors import RefusedError
from domain.payment_days import PaymentDays
from domain.policy.model import PaymentRule
from tests.fixtures.invoice_stories import approved, change_supplier, coded, received, sent, settled
from tests.fixtures.invoice_world import InvoiceWorld, RunCase
from tests.fixtures.small_hospital import FACILITY, policy, usd
from tests.fixtures.world import actor

MANY = 12


async def test_who_had_a_hand_in_an_invoice_lets_no_payment_of_it_go(invoices: InvoiceWorld) -> None:
    """Nor does the workflow itself let them, should the gateway."""
    invoices.policy = policy(payment=PaymentRule(approver_role="accounts-payable", release_from=Decimal(50)))
    case = await approved(invoices, "100.00")
    entered = await coded(invoices, "107.00", submitted_by=actor("anna"))
    await entered.decide("owner", "approve")
    await entered.payable()
    run = await invoices.pay()
    task = await run.task("payments-approve")
    assert {"anna", "carla"} <= set(task.excluded)
    refused = await run.answer(task, "approve", "anna")
    assert (refused.status, refused.because) != ("applied", None)
    await run.answer(task, "approve", "arno")
    release = await run.task("payments-release")
    assert "arno" in release.excluded
    await run.answer(release, "release", "tess")
    await run.until(lambda: "payments.delivered" in run.kinds())
    assert case.name in {item.case_id for each in invoices.payments() for item in each.items}


async def test_a_second_person_releases_from_the_limit_and_below_nobody_is_asked(invoices: InvoiceWorld) -> None:
    invoices.policy = policy(payment=PaymentRule(approver_role="treasury", release_from=Decimal(100)))
    await approved(invoices, "99.00")
    small, (payment,) = await sent(invoices)
    assert [task.slot for task in small.tasks()] == ["payments/approve"]
    await invoices.booked(payment)
    await approved(invoices, "100.00")
    run = await invoices.pay(2)
    await run.decide("payments-approve", "approve", by="tim")
    release = await run.task("payments-release")
    assert (await run.answer(release, "release", "tim")).status == "ignored"
    assert invoices.bank.files[1:] == ()
    await run.answer(release, "release", "tara")
    await run.until(lambda: "payments.delivered" in run.kinds())
    assert len(invoices.bank.files) == 2


async def test_who_started_a_run_does_not_approve_it(invoices: InvoiceWorld) -> None:
    """Below the limit the approver is the only one who is asked."""
    invoices.policy = policy(payment=PaymentRule(approver_role="treasury", release_from=Decimal(100)))
    await approved(invoices, "99.00")
    run = await invoices.pay()
    task = await run.task("payments-approve")
    assert "tara" in task.excluded
    assert (await run.answer(task, "approve", "tara")).status != "applied"
    assert invoices.bank.files == ()
    await run.answer(task, "approve", "tim")
    await run.until(lambda: "payments.delivered" in run.kinds())


async def test_a_payment_that_is_taken_out_is_free_for_another_run(invoices: InvoiceWorld) -> None:
    invoices.policy = policy(payment=PaymentRule(grouping="invoice"))
    cases = [await approved(invoices, amount) for amount in ("11.00", "222.00")]
    run = await invoices.pay()
    first = await run.task("payments-approve")
    out = invoices.payments()[0]
    assert await run.ask_for("cancel-line", "bo", line=1) == "applied"
    assert await run.ask_for("cancel-line", "bo", line=1) == "line-unknown"
    assert await run.ask_for("cancel-line", "bo", line=9) == "line-unknown"
    await run.until(lambda: len(run.tasks()) > 1)
    assert (await run.answer(first, "approve", "frida")).status == "ignored"
    (payment,) = [each for each in await run.released() if each.state == "delivered"]
    assert payment.payment_id != out.payment_id
    assert await run.ask_for("cancel-line", "bo", line=2) == "not-in-this-stage"
    assert await run.ask_for("cancel", "bo") == "not-in-this-stage"
    again, (second,) = await sent(invoices, 2)
    assert {item.case_id for item in second.items} == {item.case_id for item in out.items}
    await invoices.booked(payment, second)
    await asyncio.gather(settled(run), settled(again))
    assert [(await case.outcome()).status for case in cases] == ["completed", "completed"]


async def test_taking_everything_out_ends_the_run(invoices: InvoiceWorld) -> None:
    await approved(invoices, "12.00")
    run = await invoices.pay()
    await run.task("payments-approve")
    await run.ask_for("cancel-line", "bo", line=1)
    assert (await run.result_of_run()).status == "cancelled"
    assert invoices.bank.files == ()


async def test_a_rejected_proposal_frees_what_it_claimed(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "13.00")
    run = await invoices.pay()
    await run.decide("payments-approve", "reject", by="frida")
    result = await run.result_of_run()
    assert (result.status, result.reason) == ("rejected", "because of the test")
    await case.until(lambda: "payment.released" in case.kinds())
    again, (payment,) = await sent(invoices, 2)
    await invoices.booked(payment)
    await settled(again)
    assert (await case.outcome()).status == "completed"
    assert len(invoices.bank.files) == 1


async def test_nothing_is_due_and_the_run_closes(invoices: InvoiceWorld) -> None:
    result = await (await invoices.pay()).result_of_run()
    assert (result.status, result.reason, result.payments) == ("completed", "Nothing is due.", 0)


async def test_of_runs_that_start_together_each_invoice_is_in_one_file(invoices: InvoiceWorld) -> None:
    invoices.policy = policy(payment=PaymentRule(grouping="invoice"))
    cases = await asyncio.gather(
        *(approved(invoices, f"{n + 20}.00", number=f"{n}-MANY-{n * 997}") for n in range(MANY))
    )
    runs = await asyncio.gather(*(invoices.pay(number) for number in range(1, 5)))
    results = await asyncio.gather(*(_released_or_nothing(run) for run in runs))
    assert sum(results) == MANY
    paid = Counter(item.case_id for each in invoices.payments() for item in each.items)
    assert paid == dict.fromkeys((case.name for case in cases), 1)
    in_files = Counter(payment for file in invoices.bank.files for payment in file.payments)
    assert set(in_files.values()) == {1}
    assert len(in_files) == MANY


async def test_a_held_invoice_is_kept_out_until_it_is_resumed(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "14.00")
    assert await case.ask_for("hold", "anna") == "applied"
    await case.until(lambda: "payment.held" in case.kinds())
    assert invoices.evidence.snapshot_of(case.name).awaiting == "the end of its hold: held by anna, because of the test"
    assert (await (await invoices.pay()).result_of_run()).payments == 0
    await case.ask_for("resume", "anna")
    await case.until(lambda: "payment.resumed" in case.kinds())
    assert invoices.evidence.snapshot_of(case.name).awaiting.startswith("a payment run, due on")
    _, (payment,) = await sent(invoices, 2)
    assert payment.amount == usd("14.00")
    await case.ask_for("hold", "anna")
    await case.until(lambda: "payment.hold-too-late" in case.kinds() or "payment.held" in case.kinds())


async def test_a_posted_invoice_that_is_cancelled_is_taken_out_of_the_books(invoices: InvoiceWorld) -> None:
    purchase, order = await received(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.payable()
    assert await case.ask_for("cancel", "bo") == "applied"
    assert (await case.outcome()).status == "cancelled"
    ((_, voucher),) = invoices.erp.invoices
    assert voucher.status == "reversed"
    spent = sum(each.invoiced.amount for each in invoices.commitments.movements(purchase.name))
    assert spent == 0
    assert (await (await invoices.pay()).result_of_run()).payments == 0
    again = await invoices.capture(invoices.invoice(order))
    await again.payable()
    _, (payment,) = await sent(invoices, 2)
    assert payment.amount == order.total


async def test_an_invoice_that_a_run_has_taken_up_is_not_cancelled(invoices: InvoiceWorld) -> None:
    case = await approved(invoices, "15.00")
    await sent(invoices)
    await case.until(lambda: "payment.delivered" in case.kinds())
    assert await case.ask_for("cancel", "bo") == "not-in-this-stage"


async def test_a_supplier_blocked_for_payment_is_left_out(invoices: InvoiceWorld) -> None:
    await approved(invoices, "16.00")
    change_supplier(invoices, "S-1", blocked_for=("payment",))
    assert (await (await invoices.pay()).result_of_run()).payments == 0


async def test_a_discount_that_is_worth_it_is_taken_in_time(invoices: InvoiceWorld) -> None:
    terms = PaymentTerms(net_days=60, discount_percent=Decimal(2), discount_days=30)
    change_supplier(invoices, "S-1", terms=terms)
    case = await approved(invoices, "200.00", issued_on=invoices.today, terms=terms)
    run, (payment,) = await sent(invoices)
    assert (payment.amount, payment.items[0].discount) == (usd("196.00"), usd("4.00"))
    await invoices.booked(payment)
    await settled(run)
    assert (await case.outcome()).status == "completed"
    ((_, voucher),) = invoices.erp.invoices
    assert (voucher.status, voucher.open) == ("paid", usd("0.00"))


async def test_what_is_due_later_is_paid_later(invoices: InvoiceWorld) -> None:
    await approved(invoices, "17.00", issued_on=invoices.today)
    assert (await (await invoices.pay()).result_of_run()).payments == 0
    invoices.policy = policy(payment=PaymentRule(lead_days=30))
    _, (payment,) = await sent(invoices, 2)
    assert payment.amount == usd("17.00")


NEW_YORK = ZoneInfo(FACILITY.calendar.time_zone)
BEFORE_MIDNIGHT, AFTER_MIDNIGHT = timedelta(hours=23, minutes=50), timedelta(days=1, minutes=1)


@pytest.mark.parametrize(
    ("at", "paid", "discount"), [(BEFORE_MIDNIGHT, "196.00", "4.00"), (AFTER_MIDNIGHT, "200.00", "0.00")]
)
async def test_a_discount_is_taken_to_its_last_day_and_not_after_it(
    invoices: InvoiceWorld, at: timedelta, paid: str, discount: str
) -> None:
    """`at` counts from the begin of the last day, on which banks and office are open, by the facility's clocks."""
    last = PaymentDays(FACILITY.calendar, ()).next_open(invoices.today + timedelta(days=7))
    days = (last - invoices.today).days
    terms = PaymentTerms(net_days=days + 4, discount_percent=Decimal(2), discount_days=days)
    change_supplier(invoices, "S-1", terms=terms)
    invoices.policy = policy(payment=PaymentRule(lead_days=5))
    await approved(invoices, "200.00", issued_on=invoices.today, terms=terms)
    midnight = datetime.combine(last, time.min, tzinfo=NEW_YORK)
    run = await _run_at(invoices, 1, (midnight + at).astimezone(UTC))
    (payment,) = await run.released()
    assert (payment.amount, payment.items[0].discount) == (usd(paid), usd(discount))
    assert (payment.pay_on == last) == (at < timedelta(days=1))


async def test_what_is_due_later_is_paid_by_a_later_run_on_a_business_day(invoices: InvoiceWorld) -> None:
    await approved(invoices, "19.00", issued_on=invoices.today)
    early = await _run_at(invoices, 1, datetime.now(UTC) + timedelta(days=2))
    assert (await early.result_of_run()).payments == 0
    late = await _run_at(invoices, 2, datetime.now(UTC) + timedelta(days=40))
    (payment,) = await late.released()
    assert payment.pay_on >= invoices.today + timedelta(days=25)
    assert payment.pay_on.weekday() < 5


async def _run_at(invoices: InvoiceWorld, number: int, instant: datetime) -> RunCase:
    """A run that proposes at an instant to come by its own clock: its first look at the ledger is refused, and somebody
    has it look again then."""
    invoices.faults.fail("payable", RefusedError("ledger", "closed", "come back later"))
    run = await invoices.pay(number)
    task = await run.task("target-refused")
    await run.to(instant)
    await run.answer(task, "retry", run._entitled(task))
    return run


async def _released_or_nothing(run: RunCase) -> int:
    await run.until(lambda: bool(run.tasks()) or run.stage == "closed")
    return len(await run.released()) if run.tasks() else 0
