"""Whatever call to Tryton loses its answer while a bill is booked or paid: the next try goes on, and does it once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from domain.payables import PaymentPosting
from tests.fixtures.payables_contract import (
    TrytonBooks,
    bill,
    cost_line,
    item,
    order_posting_line,
    ordered,
    payables_system,
    paying,
)
from tests.fixtures.purchasing import TODAY
from tests.fixtures.tryton import TrytonTestServer
from tests.fixtures.tryton_cuts import Cut, Cutting, behind

# A payment is thirty calls: losing every second one shows what losing each would, in half the time.
EVERY = 2
PAYABLES, ACCRUAL, BANK = "200100", "210100", "100100"
CREDIT = bill("credit", cost_line("-10000.00"), kind="credit-note")


@pytest.fixture
async def cut(tryton_payables: TrytonTestServer) -> AsyncIterator[Cut]:
    """An effect whose answer is lost is the harder half: Tryton has heard of it."""
    transport = Cutting("after")
    async with behind(tryton_payables, transport, payables_system()) as erp:
        yield Cut(erp, transport)


async def count(tryton: TrytonTestServer, statement: str) -> Any:
    ((found,),) = await tryton.rows(statement)
    return found


async def test_of_a_bill_there_is_one_invoice(cut: Cut, tryton_payables: TrytonTestServer) -> None:
    number = await ordered(cut.erp, quantity="100", received="100")

    async def post(which: int) -> str:
        line = order_posting_line(number, "1", "13.00", "12.50")
        return (await cut.erp.post_invoice(bill(f"b{which}", line))).number

    numbers = await cut.at_each_call(post)
    assert len(set(numbers)) == len(numbers) > 6
    assert await count(tryton_payables, "SELECT count(*) FROM account_invoice") == len(numbers)
    assert await count(tryton_payables, "SELECT count(*) FROM account_invoice WHERE state <> 'posted'") == 0
    books = TrytonBooks(tryton_payables)
    assert (await books.balances())[PAYABLES] == -13 * len(numbers)
    assert await books.accrual_of(number) == Decimal(1250) - Decimal("12.50") * len(numbers)


async def test_of_a_receipt_there_is_one_accrual(cut: Cut, tryton_payables: TrytonTestServer) -> None:
    async def receive(which: int) -> str:
        return await ordered(cut.erp, f"o{which}", received="1")

    orders = await cut.at_each_call(receive)
    books = TrytonBooks(tryton_payables)
    assert (await books.balances())[ACCRUAL] == Decimal("-12.50") * len(orders)


async def owe(cut: Cut, which: int) -> PaymentPosting:
    """A bill, and the payment that settles it, uses up a part of the credit note and keeps a discount."""
    await cut.calm(cut.erp.post_invoice(bill(f"b{which}", cost_line("100.00"))))
    return paying(f"p{which}", item(f"b{which}", "100.00", "2.00"), item("credit", "-20.00"))


STATES = "SELECT state, count(*) AS bills FROM account_invoice WHERE total_amount_cache > 0 GROUP BY state"


async def test_of_a_payment_there_is_one_transfer(cut: Cut, tryton_payables: TrytonTestServer) -> None:
    await cut.erp.post_invoice(CREDIT)

    async def pay(which: int) -> str:
        return await cut.erp.post_payment(await owe(cut, which))

    numbers = await cut.at_each_call(pay, EVERY)
    assert len(set(numbers)) == len(numbers) > 24 // EVERY
    succeeded = "SELECT count(*) FROM account_payment WHERE state = 'succeeded'"
    assert await count(tryton_payables, succeeded) == len(numbers)
    assert [tuple(row) for row in await tryton_payables.rows(STATES)] == [("paid", len(numbers))]
    balances = await TrytonBooks(tryton_payables).balances()
    assert balances[BANK] == -78 * len(numbers)
    assert balances[PAYABLES] == 10_000 - 20 * len(numbers)


async def test_money_that_comes_back_comes_back_once(cut: Cut, tryton_payables: TrytonTestServer) -> None:
    await cut.erp.post_invoice(CREDIT)

    async def bounce(which: int) -> None:
        await cut.calm(cut.erp.post_payment(await owe(cut, which)))
        await cut.erp.reverse_payment(f"p{which}", "R02", TODAY)

    times = len(await cut.at_each_call(bounce, EVERY))
    assert [tuple(row) for row in await tryton_payables.rows(STATES)] == [("posted", times)]
    balances = await TrytonBooks(tryton_payables).balances()
    assert balances[PAYABLES] == 10_000 - 100 * times
    assert BANK not in balances
