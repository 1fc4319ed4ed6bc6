"""An invoice of ten thousand lines: its lines stay in the stores, whatever the process does with it."""

from __future__ import annotations

from decimal import Decimal

from domain.invoice import InvoiceLine
from domain.money import Money
from domain.requisition import CostShare
from tests.fixtures.invoice_world import InvoiceWorld, plain_line

LINES = 10_000
MOST_EVENTS = 120
MOST_BYTES = 200_000


def coded(number: int) -> InvoiceLine:
    price = Money(amount=Decimal("1.00"), currency="USD")
    costs = (CostShare(cost_centre="N-100", account="610100"),)
    return plain_line("1.00", line=number, unit_price=price, description=f"Visit {number}", costs=costs)


async def test_ten_thousand_lines_are_paid_and_leave_a_small_history(invoices: InvoiceWorld) -> None:
    bill = invoices.invoice(lines=tuple(coded(number) for number in range(1, LINES + 1)))
    case = await invoices.capture(bill)
    await case.decide("owner", "approve")
    await case.decide("director", "approve")
    await case.payable()
    run = await invoices.pay()
    payments = await run.released()
    assert [payment.amount for payment in payments] == [bill.totals.payable]
    await invoices.booked(*payments)
    await case.until(lambda: "payment.booked" in case.kinds())
    history = await case.handle.fetch_history()
    assert len(history.events) < MOST_EVENTS
    assert max(event.ByteSize() for event in history.events) < MOST_BYTES
