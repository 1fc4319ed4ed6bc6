"""What places in an ERP's changes promise, in memory and in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.erp_changes import MemorySweepPlaces
from adapters.postgres.erp_changes import PostgresSweepPlaces
from adapters.postgres.migrate import migrate
from adapters.postgres.pool import open_pool
from domain.erp_changes import KnownChange, SweepPlace
from domain.ports.erp_changes import SweepPlaces
from tests.fixtures.postgres import PostgresTestServer

AT = datetime(2026, 3, 10, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["memory", "postgres"])
async def places(request: pytest.FixtureRequest, postgres_server: PostgresTestServer) -> AsyncIterator[SweepPlaces]:
    if request.param == "memory":
        yield MemorySweepPlaces()
        return
    dsn = await postgres_server.create_database("sweeps")
    await migrate(dsn)
    pool = await open_pool(dsn)
    yield PostgresSweepPlaces(pool)
    await pool.close()


async def test_each_erp_has_the_place_that_was_kept_last(places: SweepPlaces) -> None:
    assert await places.place("tryton") is None
    known = (KnownChange(change_id="stock.shipment.in,1/PO-1", at=AT),)
    midway = SweepPlace(until=AT, known=known, started_at=AT + timedelta(hours=1), page='[1, "x", 2]', latest=AT)
    await places.keep("tryton", midway)
    await places.keep("other", SweepPlace(until=AT))
    assert await places.place("tryton") == midway
    await places.keep("tryton", SweepPlace(until=AT + timedelta(hours=1)))
    assert await places.place("tryton") == SweepPlace(until=AT + timedelta(hours=1))
    assert await places.place("other") == SweepPlace(until=AT)
