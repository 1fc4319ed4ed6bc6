"""Bills that differ from what was ordered and received, and how people settle the difference."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.invoice import Invoice, InvoiceLine
from domain.policy.model import InvoiceToleranceRule
from domain.purchase import PlacedOrder
from domain.quantity import Quantity
from tests.fixtures.invoice_stories import WARD, approved, ordered, received, sent, settled
from tests.fixtures.invoice_world import InvoiceCase, InvoiceWorld, plain_line
from tests.fixtures.small_hospital import policy, usd

ASKED_LATER = timedelta(days=5)


def billed(world: InvoiceWorld, order: PlacedOrder, price: str, quantity: str, **over: Any) -> Invoice:
    """A bill for the order's only line, at another price or for another quantity."""
    (whole,) = world.invoice(order).lines
    count = Quantity(value=Decimal(quantity), unit=whole.quantity.unit, pack_size=whole.quantity.pack_size)
    amount = usd(str(Decimal(price) * Decimal(quantity)))
    line = whole.model_copy(update={"unit_price": usd(price), "quantity": count, "amount": amount})
    return world.invoice(order, lines=(line,), **over)


def posted(world: InvoiceWorld, case: InvoiceCase) -> tuple[str, str]:
    """What the books owe for the invoice, and what of it is withheld."""
    ((posting, _),) = [each for each in world.erp.invoices if each[0].case_id == case.name]
    return str(posting.amount), str(posting.withheld)


async def test_a_higher_price_is_accepted_or_paid_as_ordered_or_sent_back(invoices: InvoiceWorld) -> None:
    async def dearer(action: str) -> InvoiceCase:
        _, order = await received(invoices)
        case = await invoices.capture(billed(invoices, order, "9.50", "10"))
        task = await case.task("price-variance")
        assert task.role == "buyer"
        await case.answer(task, action, "bo")
        return case

    accepted, short, back = await asyncio.gather(*map(dearer, ("accept", "short-pay", "return-to-supplier")))
    await asyncio.gather(accepted.payable(), short.payable())
    assert posted(invoices, accepted) == ("95.00 USD", "0.00 USD")
    assert posted(invoices, short) == ("95.00 USD", "5.00 USD")
    assert (await back.outcome()).status == "rejected"
    answers = {each.key.partition(":")[0]: each for each in invoices.answers.answers}
    assert set(answers) == {short.name, back.name}
    assert (answers[short.name].status, answers[short.name].disputed) == ("CA", usd("5.00"))
    assert (answers[back.name].status, answers[back.name].clarifications[0].reason) == ("RE", "PRI")
    assert "supplier.answered" in back.kinds()
    _, payments = await sent(invoices)
    assert sorted(item.amount.amount for payment in payments for item in payment.items) == [90, 95]


async def test_a_higher_price_within_the_policy_asks_nobody(invoices: InvoiceWorld) -> None:
    rule = InvoiceToleranceRule(name="small", kind="price", percent=Decimal(10), amount=Decimal(10))
    invoices.policy = policy(invoice_tolerances=(rule,))
    _, order = await received(invoices)
    case = await invoices.capture(billed(invoices, order, "9.50", "10"))
    await case.payable()
    assert case.tasks() == []


async def test_more_than_ordered_is_never_accepted_only_paid_short(invoices: InvoiceWorld) -> None:
    _, order = await received(invoices)
    case = await invoices.capture(billed(invoices, order, "9.00", "12"))
    task = await case.task("quantity-over-ordered")
    assert (await case.answer(task, "accept", "bo")).because == "action-not-offered"
    await case.answer(task, "short-pay", "bo")
    await case.payable()
    assert posted(invoices, case) == ("108.00 USD", "18.00 USD")


async def test_goods_that_come_in_time_ask_nobody(invoices: InvoiceWorld) -> None:
    purchase, order = await ordered(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.until(lambda: "invoice.match-tried" in case.kinds())
    await purchase.receive(order)
    await case.payable()
    assert case.tasks() == []
    assert (await _paid(invoices, case)).touchless


async def test_goods_that_come_late_take_the_question_back(invoices: InvoiceWorld) -> None:
    purchase, order = await ordered(invoices)
    case = await invoices.capture(invoices.invoice(order))
    await case.until(lambda: "invoice.match-tried" in case.kinds())
    await case.skip(ASKED_LATER)
    task = await case.task("receipt-missing")
    assert task.role == "receiving-clerk"
    await purchase.receive(order, {1: "4"})
    await case.until(lambda: case.kinds().count("invoice.match-tried") > 1)
    await purchase.receive(order, {1: "6"})
    await case.payable()
    assert [(each.exception_code, each.status) for each in case.tasks()] == [("receipt-missing", "cancelled")]


async def test_goods_that_never_come_are_not_paid(invoices: InvoiceWorld) -> None:
    purchase, order = await ordered(invoices)
    await purchase.receive(order, {1: "4"})
    await purchase.until(lambda: "goods.booked" in purchase.kinds())
    case = await invoices.capture(invoices.invoice(order))
    await case.until(lambda: "invoice.match-tried" in case.kinds())
    await case.skip(ASKED_LATER)
    await case.decide("receipt-short", "short-pay")
    await case.payable()
    assert posted(invoices, case) == ("90.00 USD", "54.00 USD")


async def test_freight_that_nobody_agreed_on_is_asked(invoices: InvoiceWorld) -> None:
    _, order = await received(invoices)
    (goods,) = invoices.invoice(order).lines
    freight: InvoiceLine = plain_line("25.00", line=2, description="Freight", kind="freight")
    case = await invoices.capture(invoices.invoice(order, lines=(goods, freight)))
    await case.decide("charge-over", "accept")
    await case.payable()
    assert posted(invoices, case) == ("115.00 USD", "0.00 USD")


async def test_a_line_without_its_order_is_linked_by_a_person(invoices: InvoiceWorld) -> None:
    _, order = await received(invoices)
    (line,) = invoices.invoice(order).lines
    lost = line.model_copy(update={"order_number": "PO-UNKNOWN", "order_line": 1})
    case = await invoices.capture(invoices.invoice(order, lines=(lost,), order_numbers=("PO-UNKNOWN",)))
    link = {"order_numbers": (order.number,), "lines": ({"line": 1, "order_number": order.number, "order_line": 1},)}
    await case.decide("order-not-found", "link", invoice=link)
    await case.payable()
    original = await invoices.documents.copy(case.name, 1)
    assert original is not None
    assert original.invoice.order_numbers == ("PO-UNKNOWN",)


async def test_a_bill_without_an_order_is_coded_and_approved_by_others(invoices: InvoiceWorld) -> None:
    case = await invoices.capture(invoices.invoice(lines=(plain_line("1500.00"),)))
    coding = {"lines": ({"line": 1, "costs": WARD, "category": "medical-supplies"},)}
    await case.decide("coding-required", "code", by="anna", invoice=coding)
    first = await case.task("owner")
    assert (await case.answer(first, "approve", "nina")).because is not None
    await case.answer(first, "approve", "carla")
    await case.decide("director", "approve", by="dirk")
    await case.payable()
    duties = {(done.person, done.duty) for done in _offer(invoices, case).duties}
    assert {("carla", "invoice-approver"), ("dirk", "invoice-approver")} <= duties
    assert any(person == "anna" for person, _ in duties)


async def test_an_approval_that_is_refused_ends_the_bill(invoices: InvoiceWorld) -> None:
    case = await invoices.capture(invoices.invoice(lines=(plain_line("15.00", costs=WARD),)))
    await case.decide("owner", "reject")
    assert (await case.outcome()).status == "rejected"
    assert invoices.erp.invoices == ()


async def test_a_credit_note_is_kept_from_the_next_payment(invoices: InvoiceWorld) -> None:
    purchase, order = await received(invoices)
    bill = invoices.invoice(order)
    case = await invoices.capture(bill)
    await case.payable()
    (line,) = bill.lines
    back = line.model_copy(
        update={"quantity": line.quantity.model_copy(update={"value": Decimal(2)}), "amount": usd("18.00")}
    )
    note = await invoices.capture(
        invoices.invoice(order, kind="credit-note", credited=(bill.number,), lines=(back,), number="CN-1")
    )
    await note.payable()
    run, (payment,) = await sent(invoices)
    assert (payment.amount, len(payment.items)) == (usd("72.00"), 2)
    await invoices.booked(payment)
    await settled(run)
    results = await asyncio.gather(case.outcome(), note.outcome())
    assert [result.status for result in results] == ["completed", "completed"]
    (position,) = await invoices.erp.order_positions([order.number])
    assert position.lines[0].billed == 8
    assert purchase.kinds().count("invoice.paid") == 0


async def test_a_credit_note_without_its_invoice_is_linked(invoices: InvoiceWorld) -> None:
    await approved(invoices, "80.00", number="SVC-80")
    (line,) = invoices.invoice(lines=(plain_line("20.00", costs=WARD),)).lines
    note = await invoices.capture(invoices.invoice(kind="credit-note", lines=(line,), number="CN-2"))
    await note.decide("credit-incomplete", "link", invoice={"credited": ("SVC-80",)})
    await note.decide("owner", "approve")
    await note.payable()
    _, (payment,) = await sent(invoices)
    assert payment.amount == usd("60.00")


async def _paid(world: InvoiceWorld, case: InvoiceCase) -> Any:
    run, (payment,) = await sent(world)
    await world.booked(payment)
    await case.until(lambda: "invoice.paid" in case.kinds())
    await settled(run)
    return await case.outcome()


def _offer(world: InvoiceWorld, case: InvoiceCase) -> Any:
    return world.ledger._standings[case.name].offer
