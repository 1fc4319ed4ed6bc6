"""Connections to the store are cut at any moment while runs claim and release: nothing is done by halves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import asyncpg

from adapters.postgres.pool import Pool
from domain.outside_errors import TemporarilyUnavailableError
from domain.payment import PayableInvoice, Payment
from tests.fixtures.payable_stores import PayableStores, a_payment, an_offer, postgres_stores

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
RUNS, OFFERS, CUTS = 6, 18, 20
_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' LIMIT 1
"""


class Cutter:
    """Ends a busy connection after each call that succeeded, `CUTS` in all."""

    def __init__(self, connection: Connection) -> None:
        self.progress, self._connection = asyncio.Event(), connection

    async def work(self) -> None:
        cuts = 0
        while cuts < CUTS:
            await self.progress.wait()
            self.progress.clear()
            cuts += len(await self._connection.fetch(_CUT))


async def persist(cutter: Cutter, call: Callable[[], Awaitable[T]]) -> T:
    """As an activity that is retried: the answer may be lost after the effect."""
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await call()
                cutter.progress.set()
                return answer
            except TemporarilyUnavailableError:
                continue


async def one_run(cutter: Cutter, stores: PayableStores, number: int, offers: list[PayableInvoice]) -> None:
    run, turned = f"run-{number}", offers[number:] + offers[:number]
    groups = [turned[start : start + 2] for start in range(0, len(turned), 2)]
    payments = [a_payment(f"P{number}-{place}", group, run) for place, group in enumerate(groups)]
    await persist(cutter, lambda: stores.ledger.claim(run, payments))
    mine: tuple[Payment, ...] = await persist(cutter, lambda: stores.ledger.payments_of(run))
    gone = [payment.payment_id for payment in mine[::2]]
    await persist(cutter, lambda: stores.ledger.release(run, gone, "withdrawn", "not approved"))


async def test_claims_are_whole_and_single_whatever_is_cut(payables_pool: Pool) -> None:
    stores = postgres_stores(payables_pool)
    offers = [an_offer(f"{number:02}") for number in range(OFFERS)]
    await stores.booked(*offers)
    async with payables_pool.acquire() as own:
        cutter = Cutter(own)
        cutting = asyncio.create_task(cutter.work())
        rounds = 0
        while not cutting.done():
            rounds += 1
            names = range(rounds * RUNS, (rounds + 1) * RUNS)
            await asyncio.gather(*(one_run(cutter, stores, number, offers) for number in names))
        await cutting
    rows = await payables_pool.fetch(
        "SELECT payment_id, freed, array_agg(case_id) AS cases, array_agg(active) AS active, max(body::text) AS body"
        " FROM payments JOIN payment_items USING (payment_id) GROUP BY payment_id, freed"
    )
    living = Counter(case for row in rows if not row["freed"] for case in row["cases"])
    assert max(living.values(), default=1) == 1
    for row in rows:
        assert set(row["active"]) == {not row["freed"]}
        carried = {item.case_id for item in Payment.model_validate_json(row["body"]).items}
        assert carried == set(row["cases"])
    free = {each.case_id for each in await stores.ledger.payable("north", "USD", 100)}
    assert free == {offer.case_id for offer in offers} - set(living)
