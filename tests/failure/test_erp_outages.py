"""Each way in which the reference ERP fails is told apart: wait and try again, ask a person, or call support."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.reference.install import install, order_summaries, seed
from adapters.sql_system import Limits
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError
from tests.fixtures.postgres import running_postgres
from tests.fixtures.purchasing import goods_receipt, order_draft, small_system

IMPATIENT = Limits(statement=0.3, answer=5)
SLOW_HEALTH = """
CREATE OR REPLACE FUNCTION erp.health(request jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('over_receipt_percent', 10) FROM pg_sleep(5)
$$
"""
KILL_WHO_WAITS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'corridor-erp' AND wait_event_type = 'Lock'
"""


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def somebody_holds(dsn: str, number: str) -> AsyncIterator[None]:
    """Another session of the ERP keeps an order to itself."""
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            await other.execute("SELECT FROM erp.purchase_order WHERE number = $1 FOR UPDATE", number)
            yield
    finally:
        await other.close()


async def test_a_stopped_server_is_unavailable_before_and_after_the_first_connection() -> None:
    with running_postgres() as server:
        dsn = server.dsn()
        await install(dsn)
        await seed(dsn, small_system())
        async with ReferenceErp.connect(dsn) as erp, ReferenceErp.connect(dsn) as never_connected:
            await erp.health()
            await asyncio.to_thread(server.stop)
            for unreachable in (erp, never_connected):
                with pytest.raises(TemporarilyUnavailableError) as failure:
                    await unreachable.place_order(order_draft())
                assert failure.value.system == "erp"
        with pytest.raises(TemporarilyUnavailableError):
            await install(dsn)


async def test_a_locked_order_is_waited_for_a_while_and_not_touched(reference_erp_dsn: str) -> None:
    async with ReferenceErp.connect(reference_erp_dsn, IMPATIENT) as erp:
        placed = await erp.place_order(order_draft())
        async with somebody_holds(reference_erp_dsn, placed.number):
            with pytest.raises(TemporarilyUnavailableError, match="locked"):
                await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}))
        assert await erp.find_order("order-1") == placed
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}))


async def test_a_killed_call_is_unavailable_and_is_made_again_once(reference_erp_dsn: str) -> None:
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        placed = await erp.place_order(order_draft())
        async with somebody_holds(reference_erp_dsn, placed.number):
            call = asyncio.ensure_future(erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"})))
            await kill_the_waiting_session(reference_erp_dsn)
            with pytest.raises(TemporarilyUnavailableError):
                await call
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}))
        await erp.post_receipt("r1", goods_receipt(placed.number, {1: "4"}))
    (summary,) = await order_summaries(reference_erp_dsn)
    assert summary.receipts == 1


async def kill_the_waiting_session(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(20):
            while not await connection.fetchval(KILL_WHO_WAITS):
                pass  # it is on its way to the lock
    finally:
        await connection.close()


async def test_a_slow_call_is_ended_by_the_erp(reference_erp_dsn: str) -> None:
    await execute(reference_erp_dsn, SLOW_HEALTH)
    async with ReferenceErp.connect(reference_erp_dsn, IMPATIENT) as erp:
        with pytest.raises(TemporarilyUnavailableError, match="interrupted"):
            await erp.health()


async def test_a_silent_erp_is_given_up(reference_erp_dsn: str) -> None:
    await execute(reference_erp_dsn, SLOW_HEALTH)
    async with ReferenceErp.connect(reference_erp_dsn, Limits(statement=60, answer=0.2)) as erp:
        with pytest.raises(TemporarilyUnavailableError, match="timeout"):
            await erp.health()


async def test_nobody_waits_for_a_connection_without_end(reference_erp_dsn: str) -> None:
    await execute(reference_erp_dsn, SLOW_HEALTH)
    async with ReferenceErp.connect(reference_erp_dsn, Limits(statement=1, turn=0.1, connections=1)) as erp:
        answers = await asyncio.gather(erp.health(), erp.health(), return_exceptions=True)
    codes = {answer.code for answer in answers if isinstance(answer, TemporarilyUnavailableError)}
    assert codes == {"interrupted", "timeout"}


async def test_an_answer_in_another_shape_is_drift_and_tells_no_values(reference_erp_dsn: str) -> None:
    await execute(
        reference_erp_dsn,
        "CREATE OR REPLACE FUNCTION erp.find_order(request jsonb) RETURNS jsonb LANGUAGE sql AS "
        """$$ SELECT '{"number": {"confidential": 1}, "status": "PENDING"}'::jsonb $$""",
    )
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        with pytest.raises(ContractDriftError, match="answer-unknown") as failure:
            await erp.find_order("order-1")
    assert "number" in failure.value.message
    assert "confidential" not in failure.value.message


async def test_a_missing_function_is_drift(reference_erp_dsn: str) -> None:
    await execute(reference_erp_dsn, "DROP FUNCTION erp.place_order(jsonb)")
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        with pytest.raises(ContractDriftError, match="interface-unknown"):
            await erp.place_order(order_draft())
