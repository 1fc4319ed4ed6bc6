"""What the gateway does when more comes than it can do: it refuses early, tells when to come again, and stays alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet
from prometheus_client import CollectorRegistry, generate_latest

from api.app import create_app
from api.settings import GatewaySettings
from api.shedding import LoadLimits
from tests.http.fakes import Gateway, slug

AT_ONCE, PER_CALLER = 6, 2
PATIENCE_SECONDS = 60


class SlowReader:
    """A reader of evidence that answers as soon as it is let."""

    def __init__(self, reader: object) -> None:
        self._reader, self.asked, self.enough = reader, 0, asyncio.Semaphore(0)
        self.may_answer = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def cases(self, *asked: Any) -> Any:
        self.asked += 1
        self.enough.release()
        await self.may_answer.wait()
        return await self._reader.cases(*asked)  # type: ignore[attr-defined]  # the memory's


@dataclass
class Busy:
    gateway: Gateway
    reader: SlowReader = field(init=False)
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    http: httpx.AsyncClient = field(init=False)
    asking: list[asyncio.Task[httpx.Response]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = SlowReader(self.gateway.evidence)
        services = replace(self.gateway.services, reader=self.reader, metrics=self.metrics)
        app = create_app(services, load=LoadLimits(AT_ONCE, PER_CALLER))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway")

    async def keep_busy(self, people: Sequence[str], each: int) -> None:
        """Have so many requests of each under way."""
        for person in people:
            self.asking += [asyncio.create_task(self.ask(person)) for _ in range(each)]
        for _ in range(len(people) * each):
            await asyncio.wait_for(self.reader.enough.acquire(), PATIENCE_SECONDS)

    async def ask(self, person: str) -> httpx.Response:
        return await self.http.get("/v1/cases", headers=self.gateway.as_(person, "buyer"))

    async def finish(self) -> list[int]:
        """Let what is under way be answered."""
        self.reader.may_answer.set()
        return [answer.status_code for answer in await asyncio.gather(*self.asking)]

    def counted(self, name: str) -> float:
        lines = generate_latest(self.metrics).decode().splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(name)))


@pytest.fixture
async def busy(issuer_keys: KeySet) -> AsyncIterator[Busy]:
    busy = Busy(Gateway(issuer_keys))
    async with busy.http:
        yield busy


async def test_beyond_its_limit_the_gateway_refuses_and_says_when_to_come_again(busy: Busy) -> None:
    await busy.keep_busy(("nina", "bo", "paul"), 2)
    refused = await busy.ask("cleo")
    assert (refused.status_code, slug(refused)) == (429, "too-many-under-way")
    assert refused.headers["retry-after"] == "2"
    assert refused.headers["content-type"] == "application/problem+json"
    assert "x-request-id" in refused.headers
    assert busy.reader.asked == AT_ONCE
    assert await busy.finish() == [200] * AT_ONCE
    assert (await busy.ask("cleo")).status_code == 200


async def test_one_caller_cannot_take_all_the_room(busy: Busy) -> None:
    await busy.keep_busy(("nina",), PER_CALLER)
    refused = await busy.ask("nina")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    await busy.keep_busy(("bo",), 1)
    assert await busy.finish() == [200] * 3
    assert busy.counted('corridor_http_shed_total{whose="caller"}') == 1


async def test_a_flood_is_refused_while_what_is_under_way_is_done(busy: Busy) -> None:
    await busy.keep_busy(("nina", "bo", "paul"), 2)
    flood = await asyncio.gather(*(busy.ask(f"person-{number}") for number in range(100)))
    assert {answer.status_code for answer in flood} == {429}
    assert busy.reader.asked == AT_ONCE
    assert busy.counted("corridor_http_under_way") == AT_ONCE
    assert await busy.finish() == [200] * AT_ONCE
    assert busy.counted("corridor_http_under_way") == 0


async def test_it_says_that_it_lives_and_whether_it_is_ready_however_busy_it_is(busy: Busy) -> None:
    await busy.keep_busy(("nina", "bo", "paul"), 2)
    assert (await busy.http.get("/healthz")).status_code == 200
    assert (await busy.http.get("/readyz")).status_code == 200
    assert (await busy.http.get("/metrics")).status_code == 200
    busy.gateway.down.add("database")
    assert (await busy.http.get("/healthz")).status_code == 200
    ready = await busy.http.get("/readyz")
    assert (ready.status_code, ready.json()["down"]) == (503, ["database"])
    await busy.finish()


async def test_room_is_given_back_when_a_request_fails_or_its_caller_leaves(busy: Busy) -> None:
    await busy.keep_busy(("nina",), 2)
    for task in busy.asking:
        task.cancel()
    await asyncio.gather(*busy.asking, return_exceptions=True)
    busy.asking.clear()
    assert (await busy.http.get("/v1/cases")).status_code == 401
    assert busy.counted("corridor_http_under_way") == 0


def test_the_limits_are_settings() -> None:
    given: dict[str, Any] = {"database_dsn": "postgresql://", "oidc_jwks": "keys.json", "oidc_issuer": "https://login"}
    assert GatewaySettings(**given).requests_at_once == 200
    assert GatewaySettings(**given, requests_per_caller=7).requests_per_caller == 7
