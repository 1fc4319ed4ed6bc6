"""What claims on documents of an ERP promise, in memory and in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.memory.erp_claims import MemoryErpClaims
from adapters.postgres.erp_claims import PostgresErpClaims
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import open_pool
from domain.outside_errors import TemporarilyUnavailableError
from domain.ports.erp_claims import ClaimKey, ErpClaims
from tests.fixtures.postgres import PostgresTestServer

ONE, TWO = ClaimKey(kind="order", key="one"), ClaimKey(kind="order", key="two")


@pytest.fixture(params=["memory", "postgres"])
async def claims(request: pytest.FixtureRequest, postgres_server: PostgresTestServer) -> AsyncIterator[ErpClaims]:
    if request.param == "memory":
        yield MemoryErpClaims()
        return
    dsn = await postgres_server.create_database("claims")
    await migrate(dsn)
    pool = await open_pool(dsn)
    yield PostgresErpClaims(pool)
    await pool.close()


async def test_what_is_written_is_read_until_it_is_forgotten(claims: ErpClaims) -> None:
    async with claims.turn("one") as turn:
        await turn.write({ONE: '{"a": 1}', TWO: "{}"})
        assert await turn.read("order", "one") == '{"a": 1}'
    assert await claims.read_all("order", ("one", "two", "three")) == {"one": '{"a": 1}', "two": "{}"}
    async with claims.turn("one") as turn:
        await turn.write({ONE: '{"a": 2}', TWO: None})
    assert await claims.read("order", "one") == '{"a": 2}'
    assert await claims.read("order", "two") is None
    assert await claims.read("receipt", "one") is None


async def test_one_at_a_time_has_a_name_s_turn(claims: ErpClaims) -> None:
    async def add_one() -> None:
        async with claims.turn("counter") as turn:
            before = int(await turn.read("counter", "c") or 0)
            await asyncio.sleep(0)
            await turn.write({ClaimKey(kind="counter", key="c"): str(before + 1)})

    await asyncio.gather(*(add_one() for _ in range(30)))
    assert await claims.read("counter", "c") == "30"


async def test_further_turns_within_one_end_with_their_block(claims: ErpClaims) -> None:
    order: list[str] = []
    inside = asyncio.Event()

    async def first() -> None:
        async with claims.turn("a") as turn, turn.also("shared"):
            inside.set()
            await turn.write({ONE: "1"})
            order.append("first")

    async def second() -> None:
        await inside.wait()
        async with claims.turn("b") as turn, turn.also("shared"):
            order.append("second")

    await asyncio.gather(second(), first())
    assert order == ["first", "second"]
    async with claims.turn("shared"):
        order.append("free")


async def test_a_failure_ends_the_turn(claims: ErpClaims) -> None:
    with pytest.raises(LookupError):
        async with claims.turn("a") as turn, turn.also("b"):
            raise LookupError
    async with claims.turn("a"), claims.turn("b"):
        assert await claims.read("order", "one") is None


async def test_who_waits_too_long_may_come_again(postgres_server: PostgresTestServer) -> None:
    dsn = await postgres_server.create_database("claims")
    await migrate(dsn)
    pool = await open_pool(dsn, statement_timeout_ms=200)
    claims = PostgresErpClaims(pool)
    async with claims.turn("a"):
        with pytest.raises(TemporarilyUnavailableError):
            async with claims.turn("a"):
                pass
    async with claims.turn("a"):
        pass
    await pool.close()
