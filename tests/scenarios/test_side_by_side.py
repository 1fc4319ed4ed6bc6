"""Two gateways and three workers at once, each on connections of its own: every effect is there once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from joserfc.jwk import KeySet
from standardwebhooks.webhooks import Webhook
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from activities.ports import Ports
from adapters.directory_files import FileDirectory
from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.reference.install import install, seed
from adapters.memory.suppliers import MemorySupplierChannel
from adapters.postgres.commitments import PostgresCommitments
from adapters.postgres.delegations import PostgresDelegations
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.notices import PostgresNotices
from adapters.postgres.overrides import PostgresOverrides
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.reader import PostgresReader
from api.app import create_app
from api.case_client import TemporalCaseClient
from domain.case import Journal
from domain.ports.suppliers import OrderDispatch
from domain.purchase import DispatchProof
from tests.fixtures.postgres import PostgresTestServer
from tests.fixtures.small_hospital import PEOPLE, reference_system
from tests.fixtures.world import PATIENCE_SECONDS, World
from tests.http.fakes import NETWORK, OTHER_SECRET, SECRET, WAREHOUSE, Gateway, new_keys
from worker import build_worker

CASES, WORKERS, GATEWAYS = 6, 3, 2
PATIENCE = PATIENCE_SECONDS * 4


@dataclass
class Happened:
    """Tells whoever waits that some worker recorded something, and counts what left the house."""

    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    by_worker: Counter[int] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    async def until(self, there: Callable[[], Awaitable[Any]]) -> Any:
        """The first answer of `there` that is not empty."""
        async with self.changed:
            while not (found := await there()):
                await self.changed.wait()
        return found


class WatchedEvidence(PostgresEvidence):
    def __init__(self, pool: Pool, worker: int, happened: Happened) -> None:
        super().__init__(pool)
        self._worker, self._happened = worker, happened

    async def record(self, journal: Journal) -> None:
        await super().record(journal)
        self._happened.by_worker[self._worker] += 1
        async with self._happened.changed:
            self._happened.changed.notify_all()


class CountedSuppliers(MemorySupplierChannel):
    def __init__(self, happened: Happened) -> None:
        super().__init__()
        self._happened = happened

    async def send_order(self, dispatch: OrderDispatch) -> DispatchProof:
        self._happened.sent[dispatch.order.number] += 1
        return await super().send_order(dispatch)


@dataclass(frozen=True)
class Databases:
    evidence: str
    erp: str


@pytest.fixture
def world_of_many(temporal: WorkflowEnvironment) -> World:
    """A world without a worker of its own."""
    return World(temporal)


@pytest.fixture
async def databases(postgres_server: PostgresTestServer, evidence_template: str) -> Databases:
    erp = await postgres_server.create_database("erp")
    await install(erp)
    await seed(erp, reference_system(datetime.now(UTC).date()))
    return Databases(await postgres_server.create_database("evidence", template=evidence_template), erp)


async def connected(world: World) -> Client:
    """On a connection of its own, as that of another process."""
    return await Client.connect(world.client.service_client.config.target_host, data_converter=pydantic_data_converter)


@asynccontextmanager
async def worker(number: int, world: World, databases: Databases, happened: Happened) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        pool = await open_pool(databases.evidence, max_size=4)
        stack.push_async_callback(pool.close)
        erp = await stack.enter_async_context(ReferenceErp.connect(databases.erp))
        ports = Ports(
            erp=erp,
            commitments=PostgresCommitments(pool),
            suppliers=CountedSuppliers(happened),
            directory=FileDirectory(PEOPLE),
            evidence=WatchedEvidence(pool, number, happened),
            reader=PostgresReader(pool),
        )
        await stack.enter_async_context(build_worker(await connected(world), ports, world.task_queue))
        yield


@asynccontextmanager
async def gateway(world: World, databases: Databases, keys: KeySet) -> AsyncIterator[httpx.AsyncClient]:
    fake = Gateway(keys)
    fake.now = datetime.now(UTC)
    async with AsyncExitStack() as stack:
        pool = await open_pool(databases.evidence, max_size=4)
        stack.push_async_callback(pool.close)
        reader = PostgresReader(pool)
        services = replace(
            fake.services,
            cases=TemporalCaseClient(await connected(world), "https://corridor.example", world.task_queue),
            reader=reader,
            claims=reader,
            delegations=PostgresDelegations(pool),
            overrides=PostgresOverrides(pool),
            notices=PostgresNotices(pool),
        )
        transport = httpx.ASGITransport(app=create_app(services))
        yield await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"prefer": "wait=20"})
        )


class House:
    """Everybody around the purchases. Each message reaches every gateway at once, as by an impatient sender."""

    def __init__(self, keys: KeySet, gateways: Sequence[httpx.AsyncClient], world: World, happened: Happened) -> None:
        self._caller, self._gateways, self._world, self._happened = Gateway(keys), gateways, world, happened
        self._caller.now = datetime.now(UTC)

    async def everywhere(self, path: str, body: str, headers: dict[str, str]) -> list[httpx.Response]:
        sent = {**headers, "content-type": "application/json"}
        answers = await asyncio.gather(*(each.post(path, content=body, headers=sent) for each in self._gateways))
        assert all(each.status_code in (200, 202) for each in answers), [each.text for each in answers]
        return answers

    def headers(self, person: str) -> dict[str, str]:
        return self._caller.as_(person, *next(each.roles for each in PEOPLE if each.person == person))

    async def report(self, source: str, secret: str, kind: str, order: str, data: dict[str, Any]) -> None:
        event = f"{order}-{kind}"
        data = {"order_number": order, **data}
        body = json.dumps({"specversion": "1.0", "id": event, "source": source, "type": kind, "data": data})
        signed = {
            "webhook-id": event,
            "webhook-timestamp": str(int(self._caller.now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event, self._caller.now, body),
        }
        await self.everywhere("/v1/events", body, signed)

    async def purchase(self, reader: PostgresReader) -> str:
        """From the request to the close; the case."""
        body = self._world.requisition().model_dump_json(exclude_defaults=True)
        first, again = await self.everywhere("/v1/requisitions", body, self.headers("nina"))
        case = str(first.json()["case_id"])
        assert again.json()["case_id"] == case
        (task,) = await self._happened.until(lambda: reader.tasks_of_case(case))
        decision = f"yes-{case.rpartition('.')[2]}"
        answer = {"decision_id": decision, "action": "approve", "subject_version": task.subject_version}
        path = f"/v1/tasks/{task.task_id}/decision"
        await self.everywhere(path, json.dumps(answer), self.headers("carla"))

        async def ordered() -> tuple[str, ...]:
            found = await reader.case(case)
            return found.order_numbers if found else ()

        (order,) = await self._happened.until(ordered)
        await self._fulfil(order)
        result = await self._world.client.get_workflow_handle(case).result()
        assert result["status"] == "completed"
        return case

    async def _fulfil(self, order: str) -> None:
        now = self._caller.now.isoformat()
        lines = [{"line": 1, "accepted": "10"}]
        received = {"received_at": now, "received_by": "rosa", "delivery_note": "LS-1", "lines": lines}
        settled = {"settled_at": now, "amount": {"amount": "90", "currency": "USD"}, "reference": "I-1"}
        for source, secret, kind, data in (
            (NETWORK, OTHER_SECRET, "corridor.order.acknowledged", {"acknowledged_at": now}),
            (WAREHOUSE, SECRET, "corridor.goods.received", received),
            (NETWORK, OTHER_SECRET, "corridor.order.settled", settled),
        ):
            await self.report(source, secret, kind, order, data)


async def test_every_effect_is_there_once_whoever_is_asked(world_of_many: World, databases: Databases) -> None:
    world, happened, keys = world_of_many, Happened(), new_keys()
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
        for number in range(WORKERS):
            await stack.enter_async_context(worker(number, world, databases, happened))
        gateways = [await stack.enter_async_context(gateway(world, databases, keys)) for _ in range(GATEWAYS)]
        pool = await open_pool(databases.evidence, max_size=CASES)
        stack.push_async_callback(pool.close)
        house, reader = House(keys, gateways, world, happened), PostgresReader(pool)
        with world.temporal.with_time_skipping_disabled():
            cases = await asyncio.gather(*(house.purchase(reader) for _ in range(CASES)))
        entries, faults = await reader.verify()
    assert len(happened.by_worker) == WORKERS, "all of them worked"
    assert (len(set(cases)), entries > 0, faults) == (CASES, True, ())
    await nothing_is_there_twice(databases, sorted(cases), happened)


async def nothing_is_there_twice(databases: Databases, cases: list[str], happened: Happened) -> None:
    """By the books of the ERP itself."""
    erp = await asyncpg.connect(databases.erp)
    try:
        orders = await erp.fetch("SELECT case_id, number FROM erp.purchase_order")
        receipts = await erp.fetch("SELECT order_number FROM erp.goods_movement")
    finally:
        await erp.close()
    assert sorted(row["case_id"] for row in orders) == cases
    assert sorted(row["order_number"] for row in receipts) == sorted(row["number"] for row in orders)
    assert happened.sent == {row["number"]: 1 for row in orders}
