"""Events made bad on purpose and signed all the same: each is taken or refused in the gateway's own words."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from standardwebhooks.webhooks import Webhook

from adapters.paging import CursorReader
from api.problems import ProblemError
from api.strict_json import parse
from domain.decision_links import LinkError, verify
from domain.ports.evidence import InvalidCursorError
from tests.fixtures.fuzzing import bounded, fuzzed, mutated
from tests.fixtures.links import RING, a_link
from tests.http.fakes import HR_SECRET, HRIS, NOW, SECRET, WAREHOUSE, Gateway, new_keys, slug
from tests.http.furnished import furnish
from tests.http.hire_desk import a_hire
from tests.http.test_http_events import an_event

SECONDS, MEBIBYTES = 10, 300
EVENTS = [
    json.dumps(an_event()).encode(),
    json.dumps(an_event(source=HRIS, type="corridor.hr.hired", data=a_hire(number="H-9"))).encode(),
    json.dumps(an_event(source=HRIS, type="corridor.hr.hire-changed", data=a_hire())).encode(),
]
GATEWAY = Gateway(new_keys())
asyncio.run(furnish(GATEWAY))


def signed(body: bytes, secret: str) -> dict[str, str]:
    """Standard Webhooks signs text: bytes that are none are signed as if they were Latin."""
    stamp = str(int(NOW.timestamp()))
    try:
        signature = Webhook(secret).sign("msg_1", NOW, body.decode())
    except UnicodeDecodeError:
        signature = "v1,none"
    names = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}
    return names | {"content-type": "application/cloudevents+json"}


@given(mutated(EVENTS))
@fuzzed(150)
def test_events(body: bytes) -> None:
    secret = SECRET if WAREHOUSE.encode() in body else HR_SECRET
    with bounded(SECONDS, MEBIBYTES):
        answer = asyncio.run(GATEWAY.http.post("/v1/events", content=body, headers=signed(body, secret)))
    if answer.status_code not in (200, 202):
        assert answer.status_code in (400, 401, 403, 404, 409, 413, 422)
        assert slug(answer)
    assert len(answer.content) < 100_000


@given(mutated(EVENTS))
@fuzzed(200)
def test_json(body: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES):
        try:
            read = parse(body)
        except ProblemError as problem:
            assert (problem.status_code, problem.slug) == (400, "malformed-json")
        else:
            assert json.loads(json.dumps(read)) == read


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 499_000,
        b'"' + b"\\\\" * 499_000,
        b'"' + b"\\u0000" * 160_000,
        b'"a' * 499_000,
        b"[" * 999_000,
        b"{" * 999_000,
        b"9" * 999_000,
        b"[" + b"0," * 499_000 + b"0",
    ],
    ids=["quotes", "backslashes", "nul", "strings", "arrays", "objects", "digits", "members"],
)
def test_json_as_long_as_a_body_may_be_takes_a_moment(body: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES), pytest.raises(ProblemError) as caught:
        parse(body)
    assert caught.value.slug == "malformed-json"


@given(mutated([a_link(NOW, task_id="T", case_id="C").encode()]))
@fuzzed(100)
def test_links(token: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES), pytest.raises(LinkError):
        verify(token.decode(errors="replace") + "x", RING, NOW)


@given(mutated([b"eyJhIjoxfQ", b"WyJ0aW1lbGluZSIsIDEyXQ"]))
@fuzzed(100)
def test_cursors(text: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES):
        try:
            reader = CursorReader(text.decode(errors="replace"), "timeline")
            reader.position()
            reader.text()
            reader.instant()
        except InvalidCursorError as error:
            assert str(error)
