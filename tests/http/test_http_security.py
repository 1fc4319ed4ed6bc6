"""Who is let in: every route asks, and only a token that the issuer signed for us, for now, counts."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from api.app import ROUTERS
from api.gatekeeping import BearerRoute, SignedRoute
from api.problems import ProblemError
from api.routes.decision_links import PATH as LINK_PATH
from api.routes.decision_links import PageRoute
from api.security import ClaimNames, FileKeys, JwtVerifier, TokenError, UrlKeys, jwks_fetcher
from tests.http.fakes import AUDIENCE, ISSUER, FixedKeys, Gateway, new_keys, slug

OPEN_PATHS = {"/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/oauth2-redirect"}


def operations(gateway: Gateway) -> list[tuple[str, str]]:
    paths = gateway.app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_every_route_refuses_a_caller_without_token(gateway: Gateway) -> None:
    # A link in a mail is its own proof, and answers with pages: tests/http/test_http_decision_links.py.
    guarded = [(method, path) for method, path in operations(gateway) if path not in {*OPEN_PATHS, LINK_PATH}]
    assert len(guarded) >= 15
    for method, path in guarded:
        url = path.replace("{", "").replace("}", "")
        for headers in ({}, {"Authorization": "Basic bmluYTpuaW5h"}, {"Authorization": "Bearer"}):
            answer = await gateway.http.request(method, url, content=b"{", headers=headers)
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["www-authenticate"]
            assert slug(answer) in {"unauthenticated", "signature-invalid"}


def test_every_route_that_is_served_is_guarded_and_described(gateway: Gateway) -> None:
    served = [route for module in ROUTERS for route in module.router.routes if isinstance(route, APIRoute)]
    assert {route.path for route in served} == {path for _, path in operations(gateway)}
    for route in served:
        assert isinstance(route, BearerRoute | SignedRoute) or route.path in OPEN_PATHS | {LINK_PATH}, route.path
        assert isinstance(route, PageRoute) is (route.path == LINK_PATH)


async def forged(gateway: Gateway, token: str) -> str:
    answer = await gateway.http.get("/v1/cases", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401, answer.text
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in answer.text
    return str(answer.json()["detail"])


@pytest.mark.parametrize(
    ("claims", "because"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "how long"),
        ({"exp": True}, "how long"),
        ({"exp": "2027"}, "how long"),
        ({"nbf": 9_999_999_999}, "not valid yet"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"aud": "payroll"}, "audience"),
        ({"aud": ["payroll", "hr"]}, "audience"),
        ({"aud": None}, "audience"),
        ({"sub": None}, "person"),
        ({"sub": "a person"}, "person"),
    ],
)
async def test_a_token_that_does_not_count(gateway: Gateway, claims: dict[str, Any], because: str) -> None:
    assert because in await forged(gateway, gateway.token("nina", **claims))


async def test_forged_tokens(gateway: Gateway) -> None:
    good = gateway.token()
    header, payload, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    secret = OctKey.import_key(json.dumps(gateway.keys.as_dict(private=False)))  # the public key taken for a secret
    for token in (
        f"{b64({'alg': 'none'})}.{payload}.",
        f"{b64({'alg': 'none'})}.{payload}.{signature}",
        jwt.encode({"alg": "HS256", "kid": "key-1"}, claims, secret, algorithms=["HS256"]),
        jwt.encode({"alg": "RS256", "kid": "key-1"}, claims, new_keys()),
        jwt.encode({"alg": "RS256", "kid": "unknown"}, claims, new_keys("unknown")),
        f"{header}.{b64(claims | {'roles': ['auditor']})}.{signature}",
        f"{header}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{header}.{payload}",
        "x" * 20_000,
        "a.b.c",
        "....",
        "é.é.é",
    ):
        answer = await gateway.http.get("/v1/cases", headers={b"authorization": f"Bearer {token}".encode()})
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated")


async def test_a_clock_may_differ_a_little(gateway: Gateway) -> None:
    just_expired = {"exp": int(gateway.now.timestamp()) - 20}
    answer = await gateway.http.get("/v1/cases", headers=gateway.as_("nina", **just_expired))
    assert answer.status_code == 200


async def test_other_asymmetric_algorithms_are_welcome(gateway: Gateway) -> None:
    keys = KeySet([ECKey.generate_key("P-256", parameters={"kid": "ec"})])
    claims = {"iss": ISSUER, "aud": [AUDIENCE], "sub": "nina", "exp": gateway.now.timestamp() + 60}
    verifier = JwtVerifier(FixedKeys(keys), ISSUER, AUDIENCE, gateway.clock)
    actor = await verifier.verify(jwt.encode({"alg": "ES256", "kid": "ec"}, claims, keys, algorithms=["ES256"]))
    assert (actor.person, actor.roles, actor.facilities) == ("nina", (), ())


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_algorithms_that_prove_nothing_cannot_be_configured(gateway: Gateway, algorithm: str) -> None:
    with pytest.raises(ValueError, match="do not prove"):
        JwtVerifier(FixedKeys(gateway.keys), ISSUER, AUDIENCE, gateway.clock, algorithms=[algorithm])


async def test_claims_are_found_where_the_provider_puts_them(gateway: Gateway) -> None:
    names = ClaimNames(
        person="preferred_username", roles="realm_access.roles", facilities="groups", facility_prefix="facility:"
    )
    verifier = JwtVerifier(FixedKeys(gateway.keys), ISSUER, AUDIENCE, gateway.clock, names)
    token = gateway.token(
        "0815",
        preferred_username="nina",
        realm_access={"roles": ["buyer", "offline_access", 7]},
        groups=["facility:north", "choir", "facility:", "facility:south"],
    )
    actor = await verifier.verify(token)
    assert (actor.person, actor.roles, actor.facilities) == ("nina", ("buyer",), ("north", "south"))


async def test_new_keys_are_fetched_but_not_on_every_unknown_id(gateway: Gateway) -> None:
    served, calls = {"keys": new_keys("old")}, 0

    def serve(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response(200, json=served["keys"].as_dict(private=False))

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        keys = UrlKeys(jwks_fetcher(client, "https://login.example/jwks"), gateway.clock)
        await keys.keys("old")
        await keys.keys("old")
        assert calls == 1
        served["keys"] = new_keys("new")
        await keys.keys("new")
        assert calls == 1, "made-up key ids must not become load on the issuer"
        gateway.now += timedelta(seconds=11)
        assert [key.kid for key in await keys.keys("new")] == ["new"]
        gateway.now += timedelta(hours=2)
        await keys.keys("new")
        assert calls == 3


async def test_known_keys_outlive_a_silent_issuer(gateway: Gateway) -> None:
    up = True

    def serve(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=gateway.keys.as_dict(private=False)) if up else httpx.Response(502)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        keys = UrlKeys(jwks_fetcher(client, "https://login.example/jwks"), gateway.clock)
        await keys.keys("key-1")
        up = False
        gateway.now += timedelta(hours=2)
        assert await keys.keys("key-1")
        never = UrlKeys(jwks_fetcher(client, "https://login.example/jwks"), gateway.clock)
        with pytest.raises(ProblemError) as raised:
            await never.keys("key-1")
        assert raised.value.status_code == 503


async def test_keys_from_a_file(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(gateway.keys.as_dict(private=False)))
    verifier = JwtVerifier(FileKeys(path), ISSUER, AUDIENCE, gateway.clock)
    assert (await verifier.verify(gateway.token())).person == "nina"
    with pytest.raises(TokenError):
        await verifier.verify(gateway.token("nina", exp=5))
