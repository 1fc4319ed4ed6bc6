"""The codec endpoint: plain text for operators with a role for it, at their facilities, and for nobody else."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import WorkflowSerializationContext

from adapters.temporal_payloads import EncryptedPayloads
from api.app import create_app
from api.codec_desk import READERS, CodecDesk
from api.codec_session import COOKIE, LIFETIME
from api.limits import CallerLimits
from api.settings import GatewaySettings
from domain.keys import KeyRing
from domain.rate_limit import Rate
from tests.http.fakes import Gateway, slug

RING = KeyRing("first", {"first": b"1" * 32})
ORIGIN = "http://127.0.0.1:8233"
NORTH, SOUTH = "procure-to-pay.north.REQ-1", "procure-to-pay.south.REQ-2"
DESK = CodecDesk(lambda: RING, (ORIGIN,))
AUDITOR = "k.mensah"


def plain(text: str = "for Nina Okafor") -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=text.encode())


async def sealed(case: str = NORTH, ring: KeyRing = RING, text: str = "for Nina Okafor") -> Payload:
    codec = EncryptedPayloads(lambda: ring).with_context(WorkflowSerializationContext("default", case))
    (made,) = await codec.encode([plain(text)])
    return made


@dataclass
class Desk:
    """A gateway with keys, and a browser at it."""

    gateway: Gateway
    http: httpx.AsyncClient

    async def decode(self, *payloads: Payload, **headers: str) -> httpx.Response:
        body = MessageToDict(Payloads(payloads=payloads))
        return await self.http.post("/codec/decode", json=body, headers={"X-Namespace": "default"} | headers)

    async def sign_in(self, *roles: str, person: str = AUDITOR, **claims: Any) -> httpx.Response:
        token = self.gateway.token(person, *roles, **claims)
        return await self.http.post("/codec/session", data={"token": token}, headers={"Sec-Fetch-Site": "same-origin"})

    def bearer(self, *roles: str, **claims: Any) -> dict[str, str]:
        return self.gateway.as_(AUDITOR, *roles, **claims)


def served(gateway: Gateway, desk: CodecDesk | None = DESK, **options: Any) -> httpx.AsyncClient:
    services = replace(gateway.services, codec_desk=desk, metrics=CollectorRegistry())
    app = create_app(services, max_body_bytes=50_000, web_ui_origins=(ORIGIN,), **options)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080")


@pytest.fixture
async def desk(issuer_keys: KeySet) -> AsyncIterator[Desk]:
    gateway = Gateway(issuer_keys)
    async with served(gateway) as http:
        yield Desk(gateway, http)


def payloads_of(answer: httpx.Response) -> list[Payload]:
    assert answer.status_code == 200, answer.text
    return list(ParseDict(answer.json(), Payloads()).payloads)


@pytest.mark.parametrize("role", READERS)
async def test_an_operator_reads_by_token(desk: Desk, role: str) -> None:
    answer = await desk.decode(await sealed(), plain("old"), **desk.bearer(role))
    assert payloads_of(answer) == [plain(), plain("old")]


@pytest.mark.parametrize("role", READERS)
async def test_an_operator_reads_in_the_web_ui_after_signing_in(desk: Desk, role: str) -> None:
    signed = await desk.sign_in(role)
    assert (signed.status_code, signed.headers["location"]) == (303, "/codec/session")
    assert payloads_of(await desk.decode(await sealed(), Origin=ORIGIN)) == [plain()]


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(desk: Desk) -> None:
    cookie = (await desk.sign_in("auditor")).headers["set-cookie"]
    attributes = {each.strip().partition("=")[0].lower() for each in cookie.split(";")[1:]}
    assert attributes == {"httponly", "max-age", "path", "samesite"}
    assert "SameSite=strict" in cookie and "Path=/codec" in cookie and "Max-Age=1800" in cookie
    async with served(desk.gateway, replace(DESK, secure=True)) as http:
        secured = await Desk(desk.gateway, http).sign_in("auditor")
    assert "; Secure" in secured.headers["set-cookie"]


async def test_the_preflight_lets_the_web_ui_in_and_nobody_else(desk: Desk) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    ours = await desk.http.options("/codec/decode", headers=asked | {"Origin": ORIGIN})
    assert ours.status_code == 200
    assert ours.headers["access-control-allow-origin"] == ORIGIN
    assert ours.headers["access-control-allow-credentials"] == "true"
    for origin in ("https://evil.example", "http://127.0.0.1:9999", "null"):
        theirs = await desk.http.options("/codec/decode", headers=asked | {"Origin": origin})
        assert theirs.status_code == 400
        assert "access-control-allow-origin" not in theirs.headers
    elsewhere = await desk.http.options("/v1/cases", headers=asked | {"Origin": ORIGIN})
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_a_session_is_of_no_use_to_a_page_from_elsewhere(desk: Desk) -> None:
    await desk.sign_in("auditor")
    for origin in ("https://evil.example", "http://127.0.0.1:8080", "null", ""):
        answer = await desk.decode(await sealed(), Origin=origin)
        assert (answer.status_code, slug(answer)) == (403, "foreign-origin")
        assert "access-control-allow-origin" not in answer.headers
    assert (await desk.decode(await sealed())).status_code == 403
    cases = await desk.http.get("/v1/cases")
    assert cases.status_code == 401, "nor does it open anything but payloads"


async def test_who_is_not_signed_in_reads_nothing_and_the_web_ui_may_say_so(desk: Desk) -> None:
    answer = await desk.decode(await sealed(), Origin=ORIGIN)
    assert (answer.status_code, slug(answer)) == (401, "unauthenticated")
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("roles", [("requester",), ("buyer", "finance-controller"), ("portal",)])
async def test_who_has_no_role_for_it_reads_nothing(desk: Desk, roles: tuple[str, ...]) -> None:
    signed = await desk.sign_in(*roles)
    assert (signed.status_code, slug(signed)) == (403, "role-required")
    assert "set-cookie" not in signed.headers
    answer = await desk.decode(await sealed(), **desk.bearer(*roles))
    assert (answer.status_code, slug(answer)) == (403, "role-required")


async def test_a_payload_of_a_facility_that_one_does_not_serve_stays_as_it_is(desk: Desk) -> None:
    north, south, none = await sealed(NORTH), await sealed(SOUTH), await sealed("housekeeping")
    some = payloads_of(await desk.decode(north, south, none, **desk.bearer("auditor")))
    assert some == [plain(), south, none]
    everything = payloads_of(await desk.decode(north, south, none, **desk.bearer("auditor", facilities=["*"])))
    assert everything == [plain()] * 3


async def test_a_payload_under_a_false_label_does_not_open(desk: Desk) -> None:
    south = await sealed(SOUTH)
    south.metadata["encryption-case"] = NORTH.encode()
    assert payloads_of(await desk.decode(south, **desk.bearer("auditor"))) == [south]


async def test_what_cannot_be_opened_comes_back_as_it_is(desk: Desk) -> None:
    other = await sealed(ring=KeyRing("other", {"other": b"2" * 32}))
    broken = await sealed()
    broken.data = broken.data[:-1]
    assert payloads_of(await desk.decode(other, broken, **desk.bearer("auditor"))) == [other, broken]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"payloads": 7}', 422),
        (b'{"payloads": [{"data": 7}]}', 422),
        (b'{"payloads": [' + b",".join([b"{}"] * 2_001) + b"]}", 422),
        (b'"' + b"x" * 60_000 + b'"', 413),
    ],
)
async def test_what_is_no_list_of_payloads_is_refused(desk: Desk, body: bytes, status: int) -> None:
    headers = desk.bearer("auditor") | {"content-type": "application/json"}
    assert (await desk.http.post("/codec/decode", content=body, headers=headers)).status_code == status


async def test_there_is_no_way_to_encode(desk: Desk) -> None:
    answer = await desk.http.post("/codec/encode", json={"payloads": []}, headers=desk.bearer("auditor"))
    assert answer.status_code == 404


async def test_without_keys_there_is_nothing_to_decode(gateway: Gateway) -> None:
    async with served(gateway, None) as http:
        assert (await Desk(gateway, http).decode(plain())).status_code == 404
        assert (await http.get("/codec/session")).status_code == 404


async def test_a_session_ends(desk: Desk) -> None:
    await desk.sign_in("auditor")
    desk.gateway.now += LIFETIME - timedelta(seconds=1)
    assert (await desk.decode(await sealed(), Origin=ORIGIN)).status_code == 200
    desk.gateway.now += timedelta(seconds=1)
    ended = await desk.decode(await sealed(), Origin=ORIGIN)
    assert (ended.status_code, "has ended" in ended.json()["detail"]) == (401, True)


async def test_signing_out_ends_the_session_in_the_browser(desk: Desk) -> None:
    await desk.sign_in("auditor")
    assert "Signed in as" in (await desk.http.get("/codec/session")).text
    out = await desk.http.post("/codec/session/end", headers={"Sec-Fetch-Site": "same-origin"})
    assert out.status_code == 303
    assert COOKIE not in desk.http.cookies
    assert "Your access token" in (await desk.http.get("/codec/session")).text


async def test_a_session_is_made_by_nobody_but_the_gateway(desk: Desk) -> None:
    made = {"iss": "corridor-codec", "exp": 9_999_999_999, "actor": {"person": "eve", "roles": ["auditor"]}}
    forged = [
        desk.gateway.token(AUDITOR, "auditor"),
        jwt.encode({"alg": "HS256", "kid": "first"}, made, OctKey.import_key(RING.current_key)),
        jwt.encode({"alg": "HS256", "kid": "other"}, made, OctKey.import_key(b"2" * 32)),
        ".".join((_b64(b'{"alg":"none"}'), _b64(b'{"iss":"corridor-codec"}'), "")),
        "x" * 5_000,
        "",
    ]
    for cookie in forged:
        headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": ORIGIN}
        assert (await desk.decode(await sealed(), **headers)).status_code == 401, cookie[:40]


def _b64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_no_other_page_signs_anybody_in_or_out(desk: Desk, headers: dict[str, str]) -> None:
    token = desk.gateway.token(AUDITOR, "auditor")
    for path in ("/codec/session", "/codec/session/end"):
        answer = await desk.http.post(path, data={"token": token}, headers=headers)
        assert (answer.status_code, slug(answer)) == (403, "foreign-origin")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"token": "guessed"}, {"other": "x"}])
async def test_signing_in_needs_a_token_of_the_issuer(desk: Desk, form: dict[str, str]) -> None:
    answer = await desk.http.post("/codec/session", data=form)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_token_that_is_more_than_a_cookie_carries_is_refused(desk: Desk) -> None:
    many = [f"facility-{number:04}" for number in range(400)]
    signed = await desk.sign_in("auditor", facilities=many)
    assert (signed.status_code, slug(signed)) == (403, "session-too-large")


async def test_the_page_runs_no_script_and_shows_names_as_text(desk: Desk) -> None:
    await desk.sign_in("auditor", facilities=["<script>alert(1)</script>"])
    page = await desk.http.get("/codec/session")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text
    assert "http://127.0.0.1:8080/codec<" in page.text
    assert not re.search(r"https?://(?!127\.0\.0\.1)", page.text)


async def test_every_look_is_recorded_and_no_content_is(desk: Desk) -> None:
    with capture_logs() as logs:
        await desk.sign_in("auditor")
        await desk.decode(await sealed(), await sealed(SOUTH), Origin=ORIGIN)
        await desk.decode(await sealed(), Origin="https://evil.example")
        await desk.decode(await sealed(), **desk.bearer("buyer"))
    said = [line for line in logs if line["event"] != "answered"]
    assert [line["event"] for line in said] == [
        "codec.session_opened",
        "codec.decoded",
        "caller.forbidden",
        "caller.forbidden",
    ]
    opened, decoded, _, forbidden = said
    assert (opened["person"], opened["roles"]) == (AUDITOR, ["auditor"])
    assert (decoded["person"], decoded["payloads"], decoded["opened"]) == (AUDITOR, 2, 1)
    assert (decoded["cases"], decoded["namespace"]) == ((NORTH,), "default")
    assert forbidden["person"] == AUDITOR
    assert "Okafor" not in str(logs)


async def test_who_asks_too_often_is_slowed_down(desk: Desk) -> None:
    async with served(desk.gateway, limits=CallerLimits(Rate(count=2, seconds=60))) as http:
        limited = Desk(desk.gateway, http)
        answers = [await limited.decode(await sealed(), **desk.bearer("auditor")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_guessing_tokens_by_form_is_slowed_down_and_an_ended_session_is_no_guess(desk: Desk) -> None:
    async with served(desk.gateway, limits=CallerLimits(refused=Rate(count=2, seconds=60))) as http:
        limited = Desk(desk.gateway, http)
        await limited.sign_in("auditor")
        desk.gateway.now += LIFETIME
        looks = [await limited.decode(await sealed(), Origin=ORIGIN) for _ in range(5)]
        guesses = [await http.post("/codec/session", data={"token": "guessed"}) for _ in range(3)]
    assert [answer.status_code for answer in looks] == [401] * 5
    assert [answer.status_code for answer in guesses] == [401, 401, 429]


@pytest.mark.parametrize("origins", ["*", "https://ui.example/path", "ui.example", "https://a.example, null"])
def test_a_setting_that_is_no_origin_is_refused(origins: str) -> None:
    given = {"database_dsn": "x", "oidc_jwks": "x", "oidc_issuer": "x"}
    good = GatewaySettings.model_validate(given | {"web_ui_origins": "https://UI.example/, http://127.0.0.1:8233"})
    assert good.web_ui_origins == ("https://ui.example", ORIGIN)
    with pytest.raises(ValidationError, match="an origin is"):
        GatewaySettings.model_validate(given | {"web_ui_origins": origins})
