"""Tryton is killed while it works on a call, and started again: no second order, no lost receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.fixtures.payables_contract import bill, item, paying
from tests.fixtures.purchasing import goods_receipt, order_draft, small_system, usd
from tests.fixtures.tryton import TrytonTestServer
from tests.fixtures.tryton_cuts import behind
from tests.fixtures.tryton_kills import Killer, KillingTransport


@pytest.fixture
async def killer(tryton: TrytonTestServer) -> AsyncIterator[Killer]:
    transport = KillingTransport(tryton)
    async with behind(tryton, transport, small_system()) as erp:
        yield Killer(erp, transport, tryton)


async def test_an_order_and_its_receipt_survive_a_kill_in_each_of_their_calls(
    killer: Killer, tryton: TrytonTestServer
) -> None:
    purchase, shipment = "model.purchase.purchase", "model.stock.shipment.in"
    placed = await killer.at_each_of(
        (f"{purchase}.ensure", f"{purchase}.quote", f"{purchase}.confirm"),
        lambda: killer.erp.place_order(order_draft("order-1")),
    )
    receipt = goods_receipt(placed.number, {1: "4"})
    received = await killer.at_each_of(
        (f"{shipment}.ensure", f"{shipment}.receive", f"{shipment}.do"),
        lambda: killer.erp.post_receipt("receipt-1", receipt),
    )
    assert killer.kills >= 4, "a call may be done before it is killed, and most are not"
    assert (received.status, received.received) == ("open", {1: Decimal(4)})
    orders = await tryton.rows("SELECT number, state FROM purchase_purchase")
    assert [(row["number"], row["state"]) for row in orders] == [(placed.number, "processing")]
    lines = await tryton.rows("SELECT quantity, unit_price FROM purchase_line")
    assert [(row["quantity"], row["unit_price"]) for row in lines] == [(10, Decimal("12.5"))]
    shipments = await tryton.rows("SELECT reference, state FROM stock_shipment_in")
    assert [(row["reference"], row["state"]) for row in shipments] == [("receipt-1", "done")]


async def test_a_bill_and_its_payment_survive_a_kill_in_each_of_their_calls(
    killer: Killer, tryton: TrytonTestServer
) -> None:
    invoice, payment = "model.account.invoice", "model.account.payment"
    posted = await killer.at_each_of(
        (f"{invoice}.ensure", f"{invoice}.post"), lambda: killer.erp.post_invoice(bill("bill-1"))
    )
    paying_it = paying("pay-1", item("bill-1", "50.00"))
    calls = (f"{payment}.ensure", f"{payment}.approve", "wizard.account.payment.process.execute", f"{payment}.succeed")
    number = await killer.at_each_of(calls, lambda: killer.erp.post_payment(paying_it))
    assert killer.kills >= 3, "a call may be done before it is killed, and most are not"
    invoices = await tryton.rows("SELECT number, state FROM account_invoice")
    assert [(row["number"], row["state"]) for row in invoices] == [(posted.number, "paid")]
    payments = await tryton.rows("SELECT amount, state FROM account_payment")
    assert [(row["amount"], row["state"]) for row in payments] == [(50, "succeeded")]
    assert await killer.erp.post_payment(paying_it) == number
    found = await killer.erp.find_posted("bill-1")
    assert found is not None
    assert (found.open, found.status) == (usd("0"), "paid")
