"""How often one may ask, what every answer carries, and what the security log tells about who was refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet
from prometheus_client import CollectorRegistry
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from api.app import create_app
from api.limits import CallerLimits
from api.services import Services
from api.settings import GatewaySettings
from domain.rate_limit import Rate
from tests.fixtures.evidence import a_task
from tests.http.fakes import OTHER_SECRET, WAREHOUSE, Gateway, a_requisition, slug

PER_CALLER, REFUSED = Rate(count=3, seconds=60), Rate(count=2, seconds=60)


@dataclass
class Limited:
    """A gateway that allows three requests a minute, and two refused ones; time stands until it is moved."""

    gateway: Gateway
    now_seconds: float = 50.0
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        limits = CallerLimits(PER_CALLER, REFUSED, lambda: self.now_seconds)
        self.gateway.app = create_app(self.gateway.services, max_body_bytes=50_000, limits=limits)
        self.http = self.from_("203.0.113.7")
        self.gateway.http = self.http

    def from_(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.gateway.app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url="http://gateway")

    async def ask(self, headers: dict[str, str], http: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (http or self.http).get("/v1/cases", headers=headers)


@pytest.fixture
async def limited(issuer_keys: KeySet) -> AsyncIterator[Limited]:
    limited = Limited(Gateway(issuer_keys))
    async with limited.http:
        yield limited


def afresh(gateway: Gateway, **changes: Any) -> Services:
    """The services for a second app, which counts its own metrics."""
    return replace(gateway.services, metrics=CollectorRegistry(), **changes)


def told(logs: list[MutableMapping[str, Any]], event: str) -> list[MutableMapping[str, Any]]:
    return [line for line in logs if line["event"] == event]


async def test_a_person_who_asks_too_often_waits_and_is_told_how_long(limited: Limited) -> None:
    nina, bo = limited.gateway.as_("nina"), limited.gateway.as_("bo", "buyer")
    assert [(await limited.ask(nina)).status_code for _ in range(3)] == [200] * 3
    async with limited.from_("198.51.100.9") as elsewhere:
        for http in (limited.http, elsewhere):
            answer = await limited.ask(nina, http)
            assert (answer.status_code, slug(answer)) == (429, "too-many-requests")
            assert answer.headers["retry-after"] == "20"
    assert (await limited.ask(bo)).status_code == 200, "others go on"
    limited.now_seconds += 20
    assert (await limited.ask(nina)).status_code == 200
    assert (await limited.ask(nina)).status_code == 429


async def test_what_is_refused_for_its_rate_has_no_effect(limited: Limited) -> None:
    nina = limited.gateway.as_("nina")
    for _ in range(3):
        await limited.ask(nina)
    answer = await limited.http.post("/v1/requisitions", json=a_requisition(), headers=nina)
    assert answer.status_code == 429
    assert not limited.gateway.cases.inputs


async def test_nobody_floods_one_case_with_messages(issuer_keys: KeySet) -> None:
    gateway = Gateway(issuer_keys)
    for case_id in ("procure-to-pay.north.REQ-1", "procure-to-pay.north.REQ-2"):
        await gateway.ask(a_task(f"{case_id}:approve-owner.1", case_id=case_id))
    limits = CallerLimits(per_case=Rate(count=2, seconds=86_400), clock=lambda: 0.0)
    app = create_app(gateway.services, limits=limits)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http:

        async def post(path: str, person: str = "carla", *roles: str) -> int:
            body = {"action": "approve", "subject_version": 1} if "tasks" in path else {"comment": "x"}
            headers = gateway.as_(person, *(roles or ("cost-centre-owner",)))
            return (await http.post(path, json=body, headers=headers)).status_code

        first = "/v1/cases/procure-to-pay.north.REQ-1/actions/provide-information"
        second = first.replace("REQ-1", "REQ-2")
        assert [await post(first, "nina", "requester") for _ in range(3)] == [200, 200, 429]
        assert await post(second, "nina", "requester") == 200, "another case has a count of its own"
        task = "/v1/tasks/procure-to-pay.north.REQ-1:approve-owner.1/decision"
        assert await post(task) == 200, "and so has another person"
        assert [await post(task), await post(task)] == [409, 429]
        shown = await http.get("/v1/cases/procure-to-pay.north.REQ-1", headers=gateway.as_("nina"))
        assert shown.status_code == 200, "whoever only looks sends nothing"


async def test_an_event_source_has_a_rate_of_its_own(limited: Limited) -> None:
    event = {"specversion": "1.0", "id": "e-1", "source": WAREHOUSE, "type": "corridor.goods.received", "data": {}}
    answers = [await limited.gateway.send_event(event) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert (await limited.gateway.send_event(event, OTHER_SECRET)).status_code == 403
    assert (await limited.ask(limited.gateway.as_())).status_code == 200


async def test_guessing_links_is_slowed_down_as_guessing_tokens_is(limited: Limited) -> None:
    pages = [await limited.http.get("/v1/links/made-up") for _ in range(3)]
    assert [page.status_code for page in pages] == [404, 404, 429]
    assert pages[-1].headers["content-type"].startswith("text/html")
    assert int(pages[-1].headers["retry-after"]) > 0


async def test_an_address_that_guesses_is_not_even_listened_to(limited: Limited) -> None:
    bad = {"Authorization": "Bearer guessed"}
    assert [(await limited.ask(bad)).status_code for _ in range(3)] == [401, 401, 429]
    good = limited.gateway.as_("nina")
    assert (await limited.ask(good)).status_code == 429, "nor is its next token looked at"
    async with limited.from_("198.51.100.9") as elsewhere:
        assert (await limited.ask(good, elsewhere)).status_code == 200
    limited.now_seconds += 60
    assert (await limited.ask(good)).status_code == 200


async def test_who_offers_no_proof_guesses_nothing(limited: Limited) -> None:
    assert [(await limited.ask({})).status_code for _ in range(9)] == [401] * 9
    assert (await limited.ask(limited.gateway.as_("nina"))).status_code == 200


async def test_probes_are_never_held_up(limited: Limited) -> None:
    for _ in range(3):
        await limited.ask({"Authorization": "Bearer guessed"})
    assert [(await limited.http.get("/healthz")).status_code for _ in range(9)] == [200] * 9
    assert (await limited.http.get("/readyz")).status_code == 200


async def test_without_rates_nobody_waits(gateway: Gateway) -> None:
    answers = [await gateway.http.get("/v1/cases", headers=gateway.as_()) for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("name", ["rate_limit", "refused_limit"])
def test_a_rate_in_the_settings_that_is_none_is_refused(name: str) -> None:
    given = {"database_dsn": "x", "oidc_jwks": "x", "oidc_issuer": "x"}
    assert GatewaySettings.model_validate(given | {name: "5/second"})
    with pytest.raises(ValidationError, match="write a rate as"):
        GatewaySettings.model_validate(given | {name: "often"})


async def test_the_log_tells_who_was_refused_and_why(limited: Limited) -> None:
    gateway, token = limited.gateway, limited.gateway.token("nina", exp=5)
    with capture_logs() as logs:
        await limited.http.get(
            "/v1/cases", headers={"Authorization": f"Bearer {token}", "x-request-id": "request-0815"}
        )
        await limited.http.get("/v1/audit/verify", headers=gateway.as_("nina"))
        for _ in range(3):
            await limited.ask(gateway.as_("bo", "buyer"))
        await limited.ask(gateway.as_("bo", "buyer"))
    (unknown,), (forbidden,), (often,) = (
        told(logs, event) for event in ("caller.unknown", "caller.forbidden", "caller.too_often")
    )
    assert unknown == {
        "event": "caller.unknown",
        "log_level": "warning",
        "code": "unauthenticated",
        "reason": "The token has expired.",
        "address": "203.0.113.7",
        "method": "GET",
        "route": "/v1/cases",
    }
    assert (forbidden["person"], forbidden["code"]) == ("nina", "role-required")
    assert forbidden["route"] == "/v1/audit/verify"
    assert (often["person"], often["code"]) == ("bo", "too-many-requests")
    assert token not in str(logs) and token.split(".")[1] not in str(logs)


async def test_the_log_tells_of_events_that_nobody_signed(gateway: Gateway) -> None:
    event = {"specversion": "1.0", "id": "e-1", "source": WAREHOUSE, "type": "corridor.goods.received", "data": {}}
    with capture_logs() as logs:
        await gateway.send_event(event, "whsec_" + "QUJD" * 12)
        await gateway.send_event(event, at=gateway.now - timedelta(hours=1))
        await gateway.send_event(event | {"source": "urn:someone-else"})
    refused, forbidden = told(logs, "caller.unknown"), told(logs, "caller.forbidden")
    assert [line["code"] for line in refused] == ["signature-invalid"] * 2
    assert ["No known source" in refused[0]["reason"], "five minutes" in refused[1]["reason"]] == [True, True]
    assert [(line["source"], line["code"]) for line in forbidden] == [(WAREHOUSE, "event-source-mismatch")]


async def test_transport_security_is_promised_only_where_there_is_any(gateway: Gateway) -> None:
    plain = await gateway.http.get("/healthz")
    assert "strict-transport-security" not in plain.headers
    secured = httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway.app), base_url="https://gateway")
    behind_proxy = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(afresh(gateway), tls=True)), base_url="http://gateway"
    )
    for http in (secured, behind_proxy):
        async with http:
            assert (await http.get("/healthz")).headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/healthz", "/v1/cases", "/nothing", "/docs", "/codec/session"])
async def test_every_answer_carries_the_security_headers(gateway: Gateway, path: str) -> None:
    headers = (await gateway.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_what_describes_the_api_can_be_closed(gateway: Gateway) -> None:
    app = create_app(afresh(gateway), docs=False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http:
        assert [(await http.get(path)).status_code for path in ("/docs", "/openapi.json")] == [404, 404]
        assert (await http.get("/v1/cases", headers=gateway.as_())).status_code == 200


async def test_metrics_ask_for_their_token_where_one_is_set(gateway: Gateway) -> None:
    app = create_app(afresh(gateway, metrics_token=SecretStr("scrape-me")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway") as http:
        for headers in ({}, {"Authorization": "Bearer scrape"}, gateway.as_()):
            assert (await http.get("/metrics", headers=headers)).status_code == 401
        assert (await http.get("/metrics", headers={"Authorization": "Bearer scrape-me"})).status_code == 200
    assert (await gateway.http.get("/metrics")).status_code == 200
