"""Invoices from their capture to money that the bank has booked."""

from __future__ import annotations

from datetime import timedelta

from domain.purchase import PlacedOrder
from tests.fixtures.invoice_world import InvoiceWorld
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
