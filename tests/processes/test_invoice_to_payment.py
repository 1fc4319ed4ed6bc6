"""Invoices from their capture to money that the bank has booked."""

from __future__ import annotations

from datetime import timedelta

from domain.purchase import PlacedOrder
from tests.fixtures.invoice_world import InvoiceWorld, fact
from tests.fixtures.world import Case

RETURN_TIME = timedelta(days=12)


async def received(world: InvoiceWorld) -> tuple[Case, PlacedOrder]:
    """A purchase whose goods are in."""
    purchase = await world.start(world.requisition())
    await purchase.decide("owner", "approve")
    (order,) = await purchase.ordered()
    await purchase.acknowledge(order)
    await purchase.receive(order)
    await purchase.until(lambda: purchase.kinds().count("goods.booked") == 1)
    return purchase, order


async def test_an_invoice_that_matches_is_paid_without_anybody_touching_it(invoices: InvoiceWorld) -> None:
    purchase, order = await received(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.payable()
    assert [task.kind for task in case.tasks()] == []
    run = await invoices.pay()
    (payment,) = await run.released()
    assert payment.amount == order.total
    await invoices.booked(payment)
    await case.until(lambda: "invoice.paid" in case.kinds())
    assert (await purchase.result()).status == "completed"
    await run.skip(RETURN_TIME)
    result = await case.outcome()
    assert (result.status, result.touchless, result.first_pass_lines, result.order_lines) == ("completed", True, 1, 1)
    assert (await run.result_of_run()).booked == 1


async def test_a_refused_payment_is_paid_again_only_when_treasury_says_so(invoices: InvoiceWorld) -> None:
    _, order = await received(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.payable()
    run = await invoices.pay()
    (payment,) = await run.released()
    invoices.bank.say(fact(payment, "payment-rejected", reason="AC04", text="account closed"))
    await invoices.collect()
    task = await case.task("payment-rejected")
    assert "AC04" in task.why
    assert await invoices.ledger.payable("north", "USD", 10) == ()
    nothing = await invoices.pay(2)
    assert (await nothing.result_of_run()).payments == 0
    await case.decide("payment-rejected", "retry")
    await case.until(lambda: "payment.offered-again" in case.kinds())
    again = await invoices.pay(3)
    (second,) = await again.released()
    assert second.payment_id != payment.payment_id
    await invoices.booked(second)
    await case.until(lambda: "invoice.paid" in case.kinds())
    assert [each.amount for each in invoices.erp.payments] == [order.total]
