"""Everybody around a purchase at the public API, over the real process on a real Temporal server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
from joserfc.jwk import KeySet
from standardwebhooks.webhooks import Webhook

from api.app import create_app
from api.case_client import TemporalCaseClient
from domain.case import case_id
from tests.fixtures.small_hospital import PEOPLE
from tests.fixtures.world import Case, World
from tests.http.fakes import Gateway
from workflows.messages import procure_to_pay as messages


class People:
    """Everybody around a purchase, at the public API."""

    def __init__(self, gateway: Gateway, http: httpx.AsyncClient, world: World) -> None:
        self.gateway, self.http, self.world = gateway, http, world

    def headers(self, person: str) -> dict[str, str]:
        roles = next(each.roles for each in PEOPLE if each.person == person)
        return self.gateway.as_(person, *roles) | {"Prefer": "wait=20"}

    async def post(self, person: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers(person))

    async def get(self, person: str, path: str) -> Any:
        answer = await self.http.get(path, headers=self.headers(person))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def task(self, person: str, case: Case) -> Any:
        """The approval on the person's worklist, once the process asks for it."""
        return await self.asked(person, case, "approval")

    async def asked(self, person: str, case: Case, what: str) -> Any:
        """What the person is asked, by its kind, exception code or level, once the process asks for it."""
        asked = await case.task(what)
        items = (await self.get(person, "/v1/tasks"))["items"]
        return next(item for item in items if item["task_id"] == asked.task_id)

    async def submit(self, body: dict[str, Any]) -> httpx.Response:
        with self.world.temporal.with_time_skipping_disabled():
            return await self.post("nina", "/v1/requisitions", body)

    async def send(self, source: str, secret: str, kind: str, event: str, data: Any) -> httpx.Response:
        body = json.dumps({"specversion": "1.0", "id": event, "source": source, "type": kind, "data": data})
        now = self.gateway.now
        signed = {
            "webhook-id": event,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event, now, body),
            "content-type": "application/json",
            "prefer": "wait=20",
        }
        return await self.http.post("/v1/events", content=body, headers=signed)


@asynccontextmanager
async def people_of(world: World, issuer_keys: KeySet) -> AsyncIterator[People]:
    gateway = Gateway(issuer_keys)
    gateway.now = datetime.now(UTC)
    cases = TemporalCaseClient(world.client, "https://corridor.example", world.task_queue)
    services = replace(gateway.services, cases=cases, reader=world.evidence, claims=world.evidence)
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        yield People(gateway, http, world)


def request_in(world: World) -> tuple[Case, dict[str, Any]]:
    """A body to post, and the case that it will become."""
    requisition = world.requisition()
    name = case_id("procure-to-pay", requisition.facility, requisition.number)
    case = Case(world, world.client.get_workflow_handle(name, result_type=messages.PurchaseResult))
    return case, requisition.model_dump(mode="json", exclude_defaults=True)
