"""The reference ERP installs and loads at any time again, and shows its books to those who count."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.reference.install import count_orders, install, order_summaries, seed
from adapters.memory.erp import MemoryErp
from adapters.reference_files.loader import load
from domain.ports.erp import MasterDataQuery
from domain.reference_system import ClosedPeriod
from tests.fixtures.postgres import PostgresTestServer
from tests.fixtures.purchasing import (
    TODAY,
    goods_receipt,
    order_draft,
    order_line,
    small_system,
    stock_issue,
)

QUERY = MasterDataQuery(facility="north", on=TODAY, cost_centres=(), items=("GLOVES",), suppliers=("SHUT",))
CASE = "procure-to-pay.north.REQ-1"


async def test_starts_side_by_side_install_and_load_once(postgres_server: PostgresTestServer) -> None:
    dsn = await postgres_server.create_database("erp")
    await asyncio.gather(*(install(dsn) for _ in range(3)))
    assert sorted(await asyncio.gather(*(seed(dsn, small_system()) for _ in range(3)))) == [False, False, True]
    await install(dsn)
    assert await count_orders(dsn) == 0


async def test_a_changed_load_keeps_what_documents_moved(reference_erp_dsn: str) -> None:
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        await erp.issue_stock(stock_issue())
        await erp.place_order(order_draft("o", order_line(contract="C-1")))
        before = await erp.master_data(QUERY)
        suppliers = tuple(each.model_copy(update={"blocked_for": ()}) for each in small_system().suppliers)
        assert await seed(reference_erp_dsn, small_system().model_copy(update={"suppliers": suppliers}))
        after = await erp.master_data(QUERY)
    assert (after.stock, after.contracts) == (before.stock, before.contracts)
    assert after.stock[0].available == Decimal(6)
    assert [each.blocked_for for each in after.suppliers] == [(), ()]


async def test_a_later_load_moves_the_closed_period(reference_erp_dsn: str) -> None:
    january = ClosedPeriod(facility="north", starts=date(2026, 1, 1), ends=date(2026, 1, 31))
    later = small_system().model_copy(update={"closed_periods": (january,)})
    memory = MemoryErp(small_system())
    memory.load(later)
    await seed(reference_erp_dsn, later)
    async with ReferenceErp.connect(reference_erp_dsn) as reference:
        for day, is_open in ((date(2026, 1, 31), False), (date(2026, 2, 1), True)):
            for erp in (memory, reference):
                assert (await erp.master_data(QUERY.model_copy(update={"on": day}))).period_open == is_open


async def test_the_books_show_every_order_once(reference_erp_dsn: str) -> None:
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        placed = await erp.place_order(order_draft())
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "10"}))
        await erp.place_order(order_draft("other").model_copy(update={"case_id": "elsewhere"}))
    (summary,) = await order_summaries(reference_erp_dsn, [CASE])
    assert (summary.number, summary.status, summary.total) == (placed.number, "RECEIVED", Decimal("125.00"))
    assert (summary.lines, summary.receipts, summary.returns) == (1, 1, 0)
    assert await count_orders(reference_erp_dsn) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE erp.stock SET available = -1",
        "UPDATE erp.purchase_order_line SET quantity = 'NaN'",
        "UPDATE erp.purchase_order SET status = 'LOST'",
        "INSERT INTO erp.purchase_order SELECT number || '-2', external_id, case_id, facility, supplier, requester, "
        "currency, ordered_on FROM erp.purchase_order",
        "UPDATE erp.order_cost SET account = '000000'",
    ],
)
async def test_the_tables_refuse_what_no_function_would_write(reference_erp_dsn: str, statement: str) -> None:
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        await erp.place_order(order_draft())
    connection = await asyncpg.connect(reference_erp_dsn)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_reference_health_system_loads_and_reads_the_same_as_in_memory(
    postgres_server: PostgresTestServer,
) -> None:
    system = load(Path("examples"), TODAY)
    dsn = await postgres_server.create_database("erp")
    await install(dsn)
    assert await seed(dsn, system)
    memory = MemoryErp(system)
    async with ReferenceErp.connect(dsn) as erp:
        for facility in {level.facility for level in system.stock}:
            query = MasterDataQuery(
                facility=facility,
                on=TODAY,
                cost_centres=tuple(each.code for each in system.cost_centres),
                items=tuple(each.code for each in system.items),
                suppliers=tuple(each.code for each in system.suppliers),
            )
            assert await erp.master_data(query) == await memory.master_data(query)
        keys = [budget.key for budget in system.budgets]
        assert await erp.budgets(keys) == await memory.budgets(keys)
