"""The public HTTP API as the demonstration uses it: as the portal, as people, and as systems with signed events."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

import httpx
from standardwebhooks.webhooks import Webhook

Token = Callable[[str], Awaitable[str]]
"""Gives a valid bearer token of a persona; it may keep tokens as long as they are valid."""

PORTAL = "portal"
HIRES_READER = "a.winslow"
"""Somebody of human resources."""
ATTEMPTS, _PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 12, 0.25, 5.0
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_PAGE, _MAX_PAGES = 200, 50
_CALLS_AT_ONCE, _TIMEOUT_SECONDS = 16, 30.0
_WAIT = {"Prefer": "wait=10"}


class EventSigner(Protocol):
    """What systems outside sign their events with."""

    def source(self, event_type: str) -> str:
        """The CloudEvents source that sends events of this type."""

    def headers(self, event_type: str, event_id: str, body: bytes) -> Mapping[str, str]:
        """Headers that prove that the body is this source's; made anew for each attempt."""


class WebhookSigner:
    """Sources that sign in the Standard Webhooks form. `keys` holds the key of each source ('whsec_' and base64),
    `types` the event types that each may send.
    """

    def __init__(self, keys: Mapping[str, str], types: Mapping[str, Sequence[str]]) -> None:
        self._sources = {each: source for source in keys for each in types[source]}
        self._webhooks = {source: Webhook(key) for source, key in keys.items()}

    def source(self, event_type: str) -> str:
        return self._sources[event_type]

    def headers(self, event_type: str, event_id: str, body: bytes) -> Mapping[str, str]:
        now, webhook = datetime.now(UTC), self._webhooks[self._sources[event_type]]
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": webhook.sign(event_id, now, body.decode()),
        }


class ProblemAnswerError(Exception):
    """The API refused; `status` and `document` are what it answered (RFC 9457)."""

    def __init__(self, what: str, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            self.document: dict[str, Any] = response.json()
        except ValueError:
            self.document = {"title": response.text[:200]}
        told = [self.document.get("title", ""), self.document.get("detail", "")]
        faults = [f"{each.get('pointer') or each.get('parameter')}: {each['message']}" for each in self._errors()]
        super().__init__(f"{what}: {self.status} {' '.join(filter(None, told))} {'; '.join(faults)}".strip())

    def _errors(self) -> list[dict[str, Any]]:
        errors = self.document.get("errors", [])
        return errors if isinstance(errors, list) else []


class DemoApi:
    """Calls that are repeated until they are answered, so many times: a repeat carries the same key, or an id in its
    body, that makes it harmless."""

    def __init__(
        self, client: httpx.AsyncClient, token: Token, signer: EventSigner, *, attempts: int = ATTEMPTS
    ) -> None:
        self._client, self._token, self._signer, self._attempts = client, token, signer, attempts
        self._at_once = asyncio.Semaphore(_CALLS_AT_ONCE)

    async def submit(self, persona: str, body: dict[str, Any]) -> str:
        """Post a requisition; returns the case id."""
        answer = await self._as(persona, "POST", "/v1/requisitions", json=body)
        return str(answer["case_id"])

    async def running_cases(self) -> AsyncIterator[dict[str, Any]]:
        """Snapshots of all cases that are not closed, as the portal sees them."""
        async for item in self._pages(PORTAL, "/v1/cases", status="running"):
            yield item["case"]

    async def case(self, case_id: str, persona: str = PORTAL) -> dict[str, Any]:
        """The snapshot under 'case', the open tasks, and the numbers of the orders. Of a hire the portal sees no more
        than how it stands."""
        return await self._as(persona, "GET", f"/v1/cases/{case_id}")

    async def timeline(self, case_id: str, persona: str = PORTAL) -> list[dict[str, Any]]:
        """All entries of a case, in order of recording."""
        return [item["entry"] async for item in self._pages(persona, f"/v1/cases/{case_id}/timeline")]

    async def worklist(self, persona: str) -> list[dict[str, Any]]:
        return [item async for item in self._pages(persona, "/v1/tasks")]

    async def decide(self, persona: str, task_id: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Answer a task; returns the record of the decision, None while the case has not answered."""
        answer = await self._as(persona, "POST", f"/v1/tasks/{task_id}/decision", json=body, headers=_WAIT)
        record = answer.get("record")
        return record if isinstance(record, dict) else None

    async def decide_many(self, persona: str, decisions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answer many tasks in one call; returns what became of each, in their order."""
        body = {"decisions": list(decisions)}
        answer = await self._as(persona, "POST", "/v1/tasks/decisions", json=body, headers=_WAIT)
        return list(answer["items"])

    async def delegate(self, persona: str, body: dict[str, Any]) -> dict[str, Any]:
        """Let somebody decide in the persona's place; `body` carries the delegation's id."""
        return await self._as(persona, "POST", "/v1/delegations", json=body)

    async def delegate_task(self, persona: str, task_id: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._as(persona, "POST", f"/v1/tasks/{task_id}/delegate", json=body)

    async def reassign(self, persona: str, task_id: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Hand a task to somebody; returns the record of the change, None while the case has not answered."""
        answer = await self._as(persona, "POST", f"/v1/tasks/{task_id}/reassign", json=body, headers=_WAIT)
        record = answer.get("record")
        return record if isinstance(record, dict) else None

    async def act(self, persona: str, case_id: str, action: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Ask for an action on a case; returns its record, None while the case has not answered."""
        path = f"/v1/cases/{case_id}/actions/{action}"
        answer = await self._as(persona, "POST", path, json=body, headers=_WAIT)
        record = answer.get("record")
        return record if isinstance(record, dict) else None

    async def report(self, event_type: str, order: str, data: dict[str, Any]) -> dict[str, Any]:
        """Send a signed CloudEvent about an order; returns the outcome."""
        event_id = uuid.uuid4().hex
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": self._signer.source(event_type),
            "type": event_type,
            "time": datetime.now(UTC).isoformat(),
            "subject": order,
            "datacontenttype": "application/json",
            "data": data,
        }
        body = json.dumps(event).encode()

        def signed() -> Mapping[str, str]:
            return {
                "content-type": "application/cloudevents+json",
                **_WAIT,
                **self._signer.headers(event_type, event_id, body),
            }

        return await self._send("POST", "/v1/events", signed, content=body)

    # Invoices and payments

    async def hand_in(self, persona: str, content: bytes, media_type: str, facility: str) -> str:
        """Post a document; returns the case id."""
        answer = await self._as(
            persona,
            "POST",
            "/v1/invoices",
            params={"facility": facility},
            content=content,
            headers={"content-type": media_type},
        )
        return str(answer["case_id"])

    async def start_run(self, persona: str, facility: str) -> str:
        """Start a payment run; returns the case id."""
        key = {"idempotency-key": uuid.uuid4().hex}
        answer = await self._as(persona, "POST", "/v1/payment-runs", json={"facility": facility}, headers=key)
        return str(answer["case_id"])

    async def payment_run(self, case_id: str) -> dict[str, Any]:
        """What the run pays, by payment."""
        return await self._as(PORTAL, "GET", f"/v1/payment-runs/{case_id}", params={"limit": str(_PAGE)})

    async def payment_file(self, persona: str, case_id: str, message_id: str) -> str:
        """A payment file as it went to the bank."""
        bearer = {"authorization": f"Bearer {await self._token(persona)}"}
        path = f"/v1/payment-runs/{case_id}/file/{message_id}"
        return (await self._answer("GET", path, lambda: bearer)).text

    async def invoice_report(self, persona: str) -> dict[str, Any]:
        """How well the invoices of the last days were handled, by facility."""
        return await self._as(persona, "GET", "/v1/reports/invoices")

    # Hires

    async def post_hire(self, persona: str, body: dict[str, Any]) -> str:
        """Post a hire; returns the case id."""
        answer = await self._as(persona, "POST", "/v1/hires", json=body)
        return str(answer["case_id"])

    async def hire(self, case_id: str) -> dict[str, Any] | None:
        """The plan of a hire with how far each item is; None while there is none."""
        try:
            return await self._as(HIRES_READER, "GET", f"/v1/hires/{case_id}")
        except ProblemAnswerError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise

    async def hire_files(self) -> list[dict[str, Any]]:
        """The HR files that were left, with what became of their rows."""
        return [item async for item in self._pages(HIRES_READER, "/v1/hire-files")]

    async def hire_report(self, first: date, last: date) -> dict[str, Any]:
        """How well people were made ready who start in the period, by facility."""
        period = {"from": first.isoformat(), "until": last.isoformat()}
        return await self._as(HIRES_READER, "GET", "/v1/reports/hires", params=period)

    async def _pages(self, persona: str, path: str, **params: str) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            query = {**params, "limit": str(_PAGE), **({"cursor": cursor} if cursor else {})}
            page = await self._as(persona, "GET", path, params=query)
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    async def _as(
        self, persona: str, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Any
    ) -> dict[str, Any]:
        bearer = {"authorization": f"Bearer {await self._token(persona)}", **(headers or {})}
        return await self._send(method, path, lambda: bearer, **content)

    async def _send(
        self, method: str, path: str, headers: Callable[[], Mapping[str, str]], **content: Any
    ) -> dict[str, Any]:
        answer: dict[str, Any] = (await self._answer(method, path, headers, **content)).json()
        return answer

    async def _answer(
        self, method: str, path: str, headers: Callable[[], Mapping[str, str]], **content: Any
    ) -> httpx.Response:
        """Send until the API answers. Raises ProblemAnswerError, and the transport's error when it stays away."""
        pause = _PAUSE_SECONDS
        for attempt in range(1, self._attempts + 1):
            try:
                async with self._at_once:
                    response = await self._client.request(
                        method, path, headers=dict(headers()), timeout=_TIMEOUT_SECONDS, **content
                    )
            except httpx.TransportError:
                if attempt == self._attempts:
                    raise
            else:
                if response.is_success:
                    return response
                if response.status_code not in _TRY_AGAIN or attempt == self._attempts:
                    raise ProblemAnswerError(f"{method} {path}", response)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        raise AssertionError("unreachable: the last attempt returns or raises")
