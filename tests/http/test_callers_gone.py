"""A caller who hangs up in the middle of a request is no failure of the gateway's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from api.middleware import Surroundings


async def _reads_on(scope: Scope, receive: Receive, send: Send) -> None:
    raise ClientDisconnect


async def test_it_is_counted_as_the_callers_and_nothing_is_sent() -> None:
    registry, sent = CollectorRegistry(), list[Message]()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/invoices", "headers": [], "scheme": "http"}
    await Surroundings(_reads_on, registry)(scope, receive, send)
    assert sent == []
    counted = {
        each.labels["status"]: each.value
        for family in registry.collect()
        for each in family.samples
        if each.name == "corridor_http_answers_total"
    }
    assert counted == {"499": 1.0}
