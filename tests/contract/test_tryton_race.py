"""Six workers at once, each with a connection of its own: one document, by Tryton's own unique column or by claims."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TypeVar

import pytest

from adapters.erp.tryton.adapter import TrytonErp
from adapters.memory.erp_claims import MemoryErpClaims
from adapters.postgres.erp_claims import PostgresErpClaims
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import open_pool
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError
from domain.ports.erp_claims import ErpClaims
from tests.fixtures.erp_contract import answering
from tests.fixtures.payables_contract import bill, item, paying
from tests.fixtures.postgres import PostgresTestServer
from tests.fixtures.purchasing import goods_receipt, order_draft, order_line, small_system, stock_issue
from tests.fixtures.tryton import TrytonTestServer

WORKERS = 6
T = TypeVar("T")
Workers = list[TrytonErp]


@asynccontextmanager
async def workers(tryton: TrytonTestServer, claims: list[ErpClaims], extension: bool) -> AsyncIterator[Workers]:
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(TrytonErp.connect(tryton.settings, each, small_system(), extension))
            for each in claims
        ]
        await answering(made[0])
        yield made


@pytest.fixture(params=["unique-column", "claims"])
async def racing(
    request: pytest.FixtureRequest, tryton: TrytonTestServer, postgres_server: PostgresTestServer
) -> AsyncIterator[Workers]:
    """With the column each worker has claims of its own, so that nothing but Tryton keeps them apart; with claims they
    share those in PostgreSQL, and the column is left empty."""
    if request.param == "unique-column":
        async with workers(tryton, [MemoryErpClaims() for _ in range(WORKERS)], True) as made:
            yield made
        return
    dsn = await postgres_server.create_database("claims")
    await migrate(dsn)
    async with AsyncExitStack() as stack:
        pools = [await open_pool(dsn, max_size=3) for _ in range(WORKERS)]
        for pool in pools:
            stack.push_async_callback(pool.close)
        async with workers(tryton, [PostgresErpClaims(pool) for pool in pools], False) as made:
            yield made


async def until_it_is_done(call: Callable[[], Awaitable[T]]) -> T:
    """As Temporal repeats a step whose failure passes. Tryton tells a unique index only by the text of an unexpected
    failure, which is drift here: looked at by a person, and right when it is repeated."""
    for _ in range(20):
        try:
            return await call()
        except (TemporarilyUnavailableError, ContractDriftError):
            await asyncio.sleep(0)
    return await call()


async def test_six_orders_of_one_external_id_are_one_purchase(racing: Workers, tryton: TrytonTestServer) -> None:
    draft = order_draft("race-1", order_line(1), order_line(2, item=None))
    placed = await asyncio.gather(*(until_it_is_done(partial(erp.place_order, draft)) for erp in racing))
    assert len({order.number for order in placed}) == 1
    rows = await tryton.rows("SELECT number, state FROM purchase_purchase WHERE reference = 'race-1'")
    assert [(row["number"], row["state"]) for row in rows] == [(placed[0].number, "processing")]
    lines = await tryton.rows("SELECT quantity, unit_price FROM purchase_line")
    assert len(lines) == 2


async def test_six_receipts_of_one_external_id_are_one_delivery(racing: Workers, tryton: TrytonTestServer) -> None:
    placed = await racing[0].place_order(order_draft("race-1"))
    receipt = goods_receipt(placed.number, {1: "4"})
    booked = await asyncio.gather(*(until_it_is_done(partial(racing[0].post_receipt, "r1", receipt)) for _ in range(6)))
    assert {order.received[1] for order in booked} == {4}
    rows = await tryton.rows("SELECT state FROM stock_shipment_in WHERE reference = 'r1'")
    assert [row["state"] for row in rows] == ["done"]
    (moved,) = await tryton.rows(
        "SELECT sum(quantity) AS moved FROM stock_move WHERE origin LIKE 'purchase.line,%' AND state = 'done'"
    )
    assert moved["moved"] == 4


@pytest.mark.parametrize("racing", ["claims"], indirect=True)  # the column keeps shipments apart, and no assignments
async def test_six_issues_of_one_external_id_are_one_shipment(racing: Workers, tryton: TrytonTestServer) -> None:
    issue = stock_issue("race-1", "3", "1")
    numbers = await asyncio.gather(*(until_it_is_done(partial(erp.issue_stock, issue)) for erp in racing))
    assert len(set(numbers)) == 1
    rows = await tryton.rows("SELECT number, state FROM stock_shipment_internal")
    assert [(row["number"], row["state"]) for row in rows] == [(numbers[0], "done")]


async def test_six_postings_of_one_bill_are_one_invoice(racing: Workers, tryton: TrytonTestServer) -> None:
    posting = bill("race-1")
    posted = await asyncio.gather(*(until_it_is_done(partial(erp.post_invoice, posting)) for erp in racing))
    assert len({each.number for each in posted}) == 1
    rows = await tryton.rows("SELECT number, state FROM account_invoice")
    assert [(row["number"], row["state"]) for row in rows] == [(posted[0].number, "posted")]
    (owed,) = await tryton.rows("SELECT sum(credit) AS amount FROM account_move_line WHERE maturity_date IS NOT NULL")
    assert owed["amount"] == 50


@pytest.mark.parametrize("racing", ["claims"], indirect=True)  # whoever has no part in the claims knows no bill to pay
async def test_six_payments_of_one_bill_leave_the_bank_once(racing: Workers, tryton: TrytonTestServer) -> None:
    await racing[0].post_invoice(bill("race-1"))
    payment = paying("pay-1", item("race-1", "50.00"))
    numbers = await asyncio.gather(*(until_it_is_done(partial(erp.post_payment, payment)) for erp in racing))
    assert len(set(numbers)) == 1
    rows = await tryton.rows("SELECT amount, state FROM account_payment")
    assert [(row["amount"], row["state"]) for row in rows] == [(50, "succeeded")]


@pytest.mark.parametrize("racing", ["claims"], indirect=True)
async def test_six_bills_at_once_have_six_numbers_without_a_gap(racing: Workers, tryton: TrytonTestServer) -> None:
    """Tryton has one sequence for them and does not wait for its lock: who comes second is told to try again."""
    posted = await asyncio.gather(
        *(until_it_is_done(partial(erp.post_invoice, bill(f"race-{place}"))) for place, erp in enumerate(racing))
    )
    assert sorted(each.number for each in posted) == [f"INV-2026-{count:06}" for count in range(1, WORKERS + 1)]
    rows = await tryton.rows("SELECT count(*) AS bills FROM account_invoice WHERE state = 'posted'")
    assert rows[0]["bills"] == WORKERS
