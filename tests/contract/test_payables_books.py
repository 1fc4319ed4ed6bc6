"""Whatever happens to orders, bills and payments, the general ledger balances and agrees with what it sums up."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.reference.books import accrual_of, invoice_summaries, payment_summaries, trial_balance
from adapters.erp.reference.install import install, seed
from adapters.memory.erp import MemoryErp
from domain.payables import InvoicePosting
from tests.fixtures.payables_contract import (
    Erp,
    House,
    bill,
    cost_line,
    item,
    order_posting_line,
    ordered,
    payables_system,
    paying,
)
from tests.fixtures.payables_moves import Life
from tests.fixtures.purchasing import TODAY, goods_return, usd

ACCRUAL, PAYABLES = "210100", "200100"


@pytest.fixture
async def reference_dsn(reference_erp_dsn: str) -> str:
    await seed(reference_erp_dsn, payables_system())
    return reference_erp_dsn


async def owed(erp: Erp, bills: list[InvoicePosting]) -> Decimal:
    found = [await erp.find_posted(each.external_id) for each in bills]
    return sum((each.open.amount for each in found if each is not None), Decimal(0))


async def unbilled(erp: Erp, orders: list[str]) -> Decimal:
    lines = [line for position in await erp.order_positions(orders) for line in position.lines]
    return sum((line.line.unit_price.times(line.received - line.billed).rounded().amount for line in lines), Decimal(0))


@settings(max_examples=150, deadline=None)
@given(number=st.integers(min_value=0, max_value=10**9), moves=st.integers(min_value=1, max_value=60))
def test_the_ledger_sums_to_zero_and_agrees_with_bills_and_orders(number: int, moves: int) -> None:
    async def live() -> None:
        erp = MemoryErp(payables_system())
        life = Life(erp, number)
        await life.live(moves)
        balances = erp.trial_balance()
        assert sum(balances.values(), Decimal(0)) == 0
        assert -balances.get(PAYABLES, Decimal(0)) == await owed(erp, life.bills)
        assert -balances.get(ACCRUAL, Decimal(0)) == await unbilled(erp, life.orders)

    asyncio.run(live())


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_the_same_life_leaves_the_same_books_in_every_erp(reference_dsn: str, number: int) -> None:
    memory = MemoryErp(payables_system())
    in_memory = Life(memory, number)
    await in_memory.live(150)
    async with ReferenceErp.connect(reference_dsn) as erp:
        in_reference = Life(erp, number)
        await in_reference.live(150)
        assert in_reference.answers == in_memory.answers
        assert await owed(erp, in_reference.bills) == await owed(memory, in_memory.bills)
        assert await erp.order_positions(in_memory.orders) == await memory.order_positions(in_memory.orders)
    balances = {row.account: row.balance for row in await trial_balance(reference_dsn)}
    assert balances == memory.trial_balance()
    assert sum(balances.values(), Decimal(0)) == 0
    assert set(in_memory.answers) > {"done", "duplicate-suspected", "payment-over-open"}


async def test_a_life_leaves_the_same_books_in_tryton(tryton_house: House) -> None:
    memory = MemoryErp(payables_system())
    parts = ("1", "2.5", "0.3333")  # a quantity has as many digits as its unit has in Tryton: four in this one
    in_memory, in_tryton = Life(memory, 10, parts), Life(tryton_house.erp, 10, parts)
    await in_memory.live(40)
    await in_tryton.live(40)
    assert in_tryton.answers == in_memory.answers
    assert await owed(tryton_house.erp, in_tryton.bills) == await owed(memory, in_memory.bills)
    balances = {account: amount for account, amount in memory.trial_balance().items() if amount}
    assert await tryton_house.books.balances() == balances
    assert len(set(in_memory.answers)) > 4


async def test_the_books_show_bills_and_payments(reference_dsn: str) -> None:
    async with ReferenceErp.connect(reference_dsn) as erp:
        number = await ordered(erp)
        line = order_posting_line(number, "10", "130.00", "125.00")
        await erp.post_invoice(bill("bill-1", line, tax=usd("9.10"), withheld=usd("5.00")))
        await erp.post_invoice(bill("bill-2"))
        await erp.post_payment(paying("pay-1", item("bill-1", "134.10", "2.00")))
    assert await accrual_of(reference_dsn, number) == 0
    (first,) = await invoice_summaries(reference_dsn, ["invoice-to-payment.north.bill-1"])
    assert (first.amount, first.tax, first.withheld) == (Decimal("139.10"), Decimal("9.10"), Decimal(5))
    assert (first.paid, first.open, first.variance) == (Decimal("134.10"), Decimal(0), Decimal(5))
    assert (first.status, first.lines) == ("paid", 1)
    assert [each.external_id for each in await invoice_summaries(reference_dsn)] == ["bill-1", "bill-2"]
    (payment,) = await payment_summaries(reference_dsn, invoices=["bill-1"])
    assert (payment.amount, payment.discount, payment.status) == (Decimal("132.10"), Decimal(2), "booked")
    assert payment.invoices == ("bill-1",)
    assert await payment_summaries(reference_dsn, case_ids=["elsewhere"]) == ()


async def test_goods_received_before_there_was_a_ledger_are_accrued_once(reference_dsn: str) -> None:
    async with ReferenceErp.connect(reference_dsn) as erp:
        number = await ordered(erp, received="4")
        connection = await asyncpg.connect(reference_dsn)
        try:
            await connection.execute(
                "SET session_replication_role = replica; DELETE FROM erp.ledger_entry; "
                "DELETE FROM erp.ledger_document; UPDATE erp.purchase_order_line SET accrued = 0"
            )
        finally:
            await connection.close()
        for _ in range(2):
            await install(reference_dsn)
            assert await accrual_of(reference_dsn, number) == Decimal(50)
        await erp.post_return("back", goods_return(number, {1: "4"}))
    assert [row.balance for row in await trial_balance(reference_dsn)] == [0, 0]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (
            "INSERT INTO erp.ledger_entry (document, position, account, cost_centre, debit, credit) "
            "VALUES ('IV-2026-000001', 99, '610000', '4100', 0.01, 0)",
            "not-balanced",
        ),
        ("UPDATE erp.ledger_entry SET debit = debit + 1 WHERE debit > 0", "ledger-fixed"),
        ("DELETE FROM erp.ledger_entry", "ledger-fixed"),
    ],
)
async def test_nobody_brings_the_ledger_out_of_balance(reference_dsn: str, statement: str, code: str) -> None:
    async with ReferenceErp.connect(reference_dsn) as erp:
        await erp.post_invoice(bill())
    connection = await asyncpg.connect(reference_dsn)
    try:
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await connection.execute(statement)
    finally:
        await connection.close()
    assert getattr(refusal.value, "detail", "") == code


async def test_a_bill_of_ten_thousand_lines_is_posted_within_the_time_limit(reference_dsn: str) -> None:
    lines = tuple(cost_line("1.01", line=number) for number in range(1, 10_001))
    async with ReferenceErp.connect(reference_dsn) as erp:
        posted = await erp.post_invoice(bill("bill-1", *lines, posted_on=TODAY))
    assert posted.open == usd("10100.00")
    assert {row.account: row.balance for row in await trial_balance(reference_dsn)} == {
        "610000": Decimal("10100.00"),
        PAYABLES: Decimal("-10100.00"),
    }
