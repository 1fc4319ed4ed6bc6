"""Bodies that are too large, not JSON, or not quite JSON, and the headers around every answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from api.strict_json import MAX_DEPTH
from tests.http.fakes import Gateway, a_requisition, slug


async def post(
    gateway: Gateway, content: bytes | AsyncIterator[bytes], media: str | None = "application/json"
) -> httpx.Response:
    headers = gateway.as_() | ({"content-type": media} if media else {})
    return await gateway.http.post("/v1/requisitions", content=content, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": "\\u0000"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'"\xff"',
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 20_000,
    ],
)
async def test_what_is_not_strict_json_is_refused(gateway: Gateway, body: bytes) -> None:
    answer = await post(gateway, body)
    assert (answer.status_code, slug(answer)) == (400, "malformed-json")
    assert not gateway.cases.inputs


async def test_an_escaped_backslash_before_u0000_is_plain_text(gateway: Gateway) -> None:
    body = json.dumps(a_requisition(justification="\\u0000 is a character of no use")).encode()
    assert (await post(gateway, body)).status_code == 202


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"7", b'{"number": "\\ud800"}', b""])
async def test_json_of_another_shape_is_refused(gateway: Gateway, body: bytes) -> None:
    answer = await post(gateway, body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")


@pytest.mark.parametrize(
    "media", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
async def test_another_media_type_is_refused(gateway: Gateway, media: str | None) -> None:
    answer = await post(gateway, json.dumps(a_requisition()).encode(), media)
    assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")


async def test_a_huge_body_is_refused_by_its_length(gateway: Gateway) -> None:
    answer = await post(gateway, b'"' + b"x" * 60_000 + b'"')
    assert (answer.status_code, slug(answer)) == (413, "body-too-large")


async def test_a_huge_body_in_chunks_is_refused_while_it_comes(gateway: Gateway) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1000

    answer = await post(gateway, chunks())
    assert (answer.status_code, slug(answer)) == (413, "body-too-large")


async def test_many_errors_are_cut_to_a_bounded_answer(gateway: Gateway) -> None:
    answer = await post(gateway, json.dumps(a_requisition(**{f"x{n}": n for n in range(500)})).encode())
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100


async def test_unknown_paths_and_methods_are_problems_too(gateway: Gateway) -> None:
    missing = await gateway.http.get("/v1/nothing", headers=gateway.as_())
    wrong = await gateway.http.put("/v1/requisitions", headers=gateway.as_())
    assert (missing.status_code, slug(missing)) == (404, "not-found")
    assert (wrong.status_code, slug(wrong)) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "POST"


async def test_every_answer_carries_its_headers(gateway: Gateway) -> None:
    for path in ("/healthz", "/v1/cases", "/nothing"):
        answer = await gateway.http.get(path, headers={"x-request-id": "request-0815"})
        assert answer.headers["x-request-id"] == "request-0815"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_request_id_that_could_forge_a_log_is_replaced(gateway: Gateway) -> None:
    answer = await gateway.http.get("/healthz", headers={"x-request-id": "a b\tc<script>"})
    assert "script" not in answer.headers["x-request-id"]


async def test_a_break_inside_is_a_problem_without_its_cause(gateway: Gateway) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("the password is swordfish")

    gateway.evidence.case = breaks  # type: ignore[assignment]  # a store with a bug
    answer = await post(gateway, json.dumps(a_requisition()).encode())
    assert (answer.status_code, slug(answer)) == (500, "internal-error")
    assert "swordfish" not in answer.text
    assert answer.headers["x-request-id"]
