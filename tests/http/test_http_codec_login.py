"""Signing in to read payloads with the identity provider: the code flow, and what must not pass for it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from joserfc.jwk import KeySet
from pydantic import SecretStr
from structlog.testing import capture_logs

from api.codec_login import OidcLogin
from api.codec_session import COOKIE, LOGIN_COOKIE, LOGIN_LIFETIME
from tests.http.fakes import ISSUER, Gateway, slug
from tests.http.test_http_codec import DESK, ORIGIN, Desk, plain, sealed, served

CALLBACK = "http://127.0.0.1:8080/codec/callback"


@dataclass
class Provider:
    """An identity provider that gives a token for one code, to who proves to have begun."""

    gateway: Gateway
    roles: tuple[str, ...] = ("auditor",)
    described: dict[str, Any] = field(
        default_factory=lambda: {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
        }
    )
    challenge: str = ""
    down: bool = False

    def sign_in(self, page: str) -> dict[str, str]:
        """What a person does there; gives what the browser brings back."""
        asked = dict(parse_qsl(urlsplit(page).query))
        assert page.startswith(f"{ISSUER}/authorize?")
        assert (asked["response_type"], asked["redirect_uri"]) == ("code", CALLBACK)
        assert (asked["client_id"], asked["code_challenge_method"]) == ("corridor-gateway", "S256")
        self.challenge = asked["code_challenge"]
        return {"code": "code-1", "state": asked["state"], "iss": ISSUER}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.described)
        assert (request.method, str(request.url)) == ("POST", f"{ISSUER}/token")
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        known = request.headers["authorization"] == httpx.BasicAuth("corridor-gateway", "hush")._auth_header
        if not (proven and known and form["code"] == "code-1" and form["redirect_uri"] == CALLBACK):
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"access_token": self.gateway.token("k.mensah", *self.roles)})


@dataclass
class Browser:
    desk: Desk
    provider: Provider

    async def begin(self) -> dict[str, str]:
        away = await self.desk.http.get("/codec/login")
        assert away.status_code == 303, away.text
        return self.provider.sign_in(away.headers["location"])

    async def back(self, brought: dict[str, str]) -> httpx.Response:
        return await self.desk.http.get("/codec/callback", params=brought)


@pytest.fixture
async def browser(issuer_keys: KeySet) -> AsyncIterator[Browser]:
    gateway = Gateway(issuer_keys)
    provider = Provider(gateway)
    async with httpx.AsyncClient(transport=httpx.MockTransport(provider.answer)) as outside:
        login = OidcLogin(ISSUER, "corridor-gateway", SecretStr("hush"), CALLBACK, outside)
        async with served(gateway, replace(DESK, login=login)) as http:
            yield Browser(Desk(gateway, http), provider)


async def test_who_signs_in_at_the_provider_reads_payloads(browser: Browser) -> None:
    assert 'href="/codec/login"' in (await browser.desk.http.get("/codec/session")).text
    with capture_logs() as logs:
        page = await browser.back(await browser.begin())
    assert page.status_code == 200
    assert "Signed in as <b>k.mensah</b>" in page.text
    assert LOGIN_COOKIE not in browser.desk.http.cookies
    answer = await browser.desk.decode(await sealed(), Origin=ORIGIN)
    assert answer.json() == {"payloads": [_json(plain())]}
    assert [line["person"] for line in logs if line["event"] == "codec.session_opened"] == ["k.mensah"]


def _json(payload: Any) -> dict[str, Any]:
    metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": base64.b64encode(payload.data).decode()}


async def test_the_cookie_of_the_way_there_is_short_lived_and_no_session(browser: Browser) -> None:
    cookie = (await browser.desk.http.get("/codec/login")).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=600" in cookie
    value = browser.desk.http.cookies[LOGIN_COOKIE]
    headers = {"Cookie": f"{COOKIE}={value}", "Origin": ORIGIN}
    assert (await browser.desk.decode(await sealed(), **headers)).status_code == 401


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"state": "another"}, "not begun in this browser"),
        ({"state": None}, "not begun in this browser"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"code": None, "error": "access_denied"}, "did not sign you in"),
        ({"code": "guessed"}, "did not accept"),
    ],
)
async def test_what_is_no_answer_of_the_provider_is_refused(
    browser: Browser, change: dict[str, str | None], because: str
) -> None:
    brought = {**(await browser.begin()), **change}
    answer = await browser.back({name: value for name, value in brought.items() if value is not None})
    assert (answer.status_code, because in answer.json()["detail"]) == (401, True), answer.text
    assert COOKIE not in browser.desk.http.cookies


async def test_another_browser_cannot_finish_what_this_one_began(browser: Browser) -> None:
    brought = await browser.begin()
    browser.desk.http.cookies.clear()
    assert (await browser.back(brought)).status_code == 401


async def test_a_sign_in_that_takes_too_long_begins_anew(browser: Browser) -> None:
    brought = await browser.begin()
    browser.desk.gateway.now += LOGIN_LIFETIME + timedelta(seconds=1)
    assert (await browser.back(brought)).status_code == 401


async def test_who_has_no_role_for_it_gets_no_session(browser: Browser) -> None:
    browser.provider.roles = ("buyer",)
    answer = await browser.back(await browser.begin())
    assert (answer.status_code, slug(answer)) == (403, "role-required")
    assert COOKIE not in browser.desk.http.cookies


async def test_a_provider_that_is_down_or_is_another_is_told(browser: Browser) -> None:
    browser.provider.down = True
    assert (await browser.desk.http.get("/codec/login")).status_code == 503
    browser.provider.down = False
    browser.provider.described["issuer"] = "https://evil.example"
    assert (await browser.desk.http.get("/codec/login")).status_code == 503


async def test_without_a_client_one_brings_a_token(gateway: Gateway) -> None:
    async with served(gateway) as http:
        assert "/codec/login" not in (await http.get("/codec/session")).text
        for path in ("/codec/login", "/codec/callback"):
            assert (await http.get(path)).status_code == 404
