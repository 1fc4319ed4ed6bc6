"""Webhooks: signed so that a receiver can check them, sent nowhere else, and their answers told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.webhooks.notifier import WebhookNotifier
from adapters.webhooks.subscriber import Subscriber
from domain.case import Notice
from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError
from tests.fixtures.evidence import CASE, a_notice

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOTICE = a_notice("N-1", data={"task_id": "T-1"}, text="what a person reads", event="task.opened")
Answer = Callable[[httpx.Request], httpx.Response]


def _subscriber(**changes: object) -> Subscriber:
    given = {"name": "portal", "url": "https://portal.example/hooks", "secret": SECRET}
    return Subscriber.model_validate(given | changes)


class Receiver:
    """Keeps the requests and answers as told."""

    def __init__(self, answer: Answer = lambda _: httpx.Response(204)) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer(request)

    async def send(self, notice: Notice, subscriber: Subscriber) -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self), follow_redirects=True) as client:
            return await WebhookNotifier(subscriber, client).send(notice)


async def test_a_receiver_can_check_who_sent_it_and_when() -> None:
    receiver = Receiver()
    proof = await receiver.send(NOTICE, _subscriber())
    (request,) = receiver.requests
    content = Webhook(SECRET).verify(request.content, dict(request.headers))
    assert content["type"] == "task.opened"
    assert content["data"] == {
        "task_id": "T-1",
        "notice_id": "N-1",
        "case_id": CASE,
        "facility": "north",
        "subject": "Please approve",
    }
    assert datetime.fromisoformat(content["timestamp"]).tzinfo is not None
    assert b"what a person reads" not in request.content
    assert b"b.brown" not in request.content
    assert proof.endswith("answered 204")
    forged = json.dumps(content | {"type": "task.closed"})
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(forged, dict(request.headers))


async def test_every_try_carries_the_same_id() -> None:
    receiver = Receiver()
    for notice in (NOTICE, NOTICE, a_notice("N-2")):
        await receiver.send(notice, _subscriber())
    first, again, other = (request.headers["webhook-id"] for request in receiver.requests)
    assert first == again != other
    assert "." not in first  # the sign that parts id, time and body when they are signed


async def test_the_time_is_signed_as_it_is_wherever_the_clock_runs() -> None:
    receiver = Receiver()
    moment = datetime.fromisoformat("2026-03-02T08:30:00.900000-06:00")
    async with httpx.AsyncClient(transport=httpx.MockTransport(receiver)) as client:
        await WebhookNotifier(_subscriber(), client, lambda: moment).send(NOTICE)
    headers = receiver.requests[0].headers
    assert headers["webhook-timestamp"] == str(int(datetime(2026, 3, 2, 14, 30, tzinfo=UTC).timestamp()))
    text = receiver.requests[0].content.decode()
    expected = Webhook(SECRET).sign(headers["webhook-id"], moment.astimezone(UTC), text)
    assert headers["webhook-signature"] == expected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, RefusedError),
        (307, RefusedError),
        (400, RefusedError),
        (401, RefusedError),
        (410, RefusedError),
        (408, TemporarilyUnavailableError),
        (425, TemporarilyUnavailableError),
        (429, TemporarilyUnavailableError),
        (500, TemporarilyUnavailableError),
        (503, TemporarilyUnavailableError),
    ],
)
async def test_answers_are_told_apart(status: int, kind: type[OutsideError]) -> None:
    receiver = Receiver(lambda _: httpx.Response(status, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(kind) as caught:
        await receiver.send(NOTICE, _subscriber())
    assert (caught.value.system, caught.value.code) == ("webhook:portal", f"http-{status}")
    assert [request.url.host for request in receiver.requests] == ["portal.example"]


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_subscriber_that_does_not_answer_is_tried_again(error: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no answer", request=request)

    with pytest.raises(TemporarilyUnavailableError, match="unreachable"):
        await Receiver(fail).send(NOTICE, _subscriber())


@pytest.mark.parametrize(
    ("events", "facilities", "wanted"),
    [
        (["*"], ["*"], True),
        (["task.*"], ["north"], True),
        (["case.*", "task.opened"], ["south", "north"], True),
        (["case.*"], ["*"], False),
        (["task"], ["*"], False),
        (["*"], ["south"], False),
    ],
)
async def test_a_subscriber_hears_what_it_asked_for(events: list[str], facilities: list[str], wanted: bool) -> None:
    receiver = Receiver()
    proof = await receiver.send(NOTICE, _subscriber(events=events, facilities=facilities))
    assert len(receiver.requests) == int(wanted)
    assert (proof == "not subscribed") is not wanted


@pytest.mark.parametrize(
    "url", ["https://portal.example/hooks", "http://127.0.0.1:9/h", "http://localhost/h", "http://[::1]:8/h"]
)
def test_addresses_that_nobody_can_listen_in_on_are_taken(url: str) -> None:
    assert _subscriber(url=url).url == url


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://portal.example/hooks"},
        {"url": "http://127.0.0.1.evil.example/"},
        {"url": "http://localhost@evil.example/"},
        {"url": "https://user:word@portal.example/"},
        {"url": "ftp://localhost/"},
        {"url": "file:///etc/passwd"},
        {"url": "portal.example"},
        {"url": ""},
        {"secret": ""},
        {"secret": "whsec_c2hvcnQ="},
        {"secret": "whsec_not base64!"},
        {"name": "Portal/1"},
        {"events": ()},
        {"timeout_seconds": 0},
    ],
)
def test_unsafe_subscriptions_are_refused_without_telling_the_secret(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        _subscriber(**changes)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(_subscriber())
