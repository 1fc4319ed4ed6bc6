"""The gateway as uvicorn starts it: from settings to real connections, and what it says when these are wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict, ParseDict
from joserfc.jwk import KeySet
from pydantic import ValidationError
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client

import api.main
from adapters.key_files import KeyFiles, KeyFilesError, make_missing, new_ring
from adapters.temporal_payloads import data_converter
from api.main import create_app_from_settings, wall_clock
from api.settings import GatewaySettings
from tests.http.fakes import AUDIENCE, ISSUER, SECRET, Gateway

SOURCE = {"source": "urn:a", "secrets": [SECRET], "types": ["corridor.goods.received"]}


@pytest.fixture
def settings(evidence_dsn: str, client: Client, issuer_keys: KeySet, tmp_path: Path) -> GatewaySettings:
    jwks, sources = tmp_path / "jwks.json", tmp_path / "sources.json"
    jwks.write_text(json.dumps(issuer_keys.as_dict(private=False)))
    sources.write_text(json.dumps([SOURCE]))
    return GatewaySettings.model_validate(
        {
            "temporal_address": client.service_client.config.target_host,
            "temporal_namespace": client.namespace,
            "database_dsn": evidence_dsn,
            "oidc_jwks": str(jwks),
            "oidc_issuer": ISSUER,
            "oidc_audience": AUDIENCE,
            "event_sources": str(sources),
        }
    )


async def test_the_gateway_starts_from_its_settings(
    settings: GatewaySettings, issuer_keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.main, "configure_logs", lambda *_: None)  # it would take pytest's own handlers away
    app = create_app_from_settings(settings)
    caller = Gateway(issuer_keys)
    caller.now = wall_clock()
    async with app.router.lifespan_context(app), client_of(app) as http:
        assert (await http.get("/readyz")).json()["checked"] == ["temporal", "database"]
        listed = await http.get("/v1/cases", headers=caller.as_("bo", "buyer"))
        assert (listed.status_code, listed.json()) == (200, {"items": [], "next_cursor": None})
        expired = caller.as_("bo", exp=int((wall_clock() - timedelta(hours=1)).timestamp()))
        assert (await http.get("/v1/cases", headers=expired)).status_code == 401
        facilities = (await http.get("/v1/facilities", headers=caller.as_(facilities=["*"]))).json()
        assert len(facilities) == 11
        assert "process_resident_memory_bytes" in (await http.get("/metrics")).text
    assert app.state.services.event_sources[0].source == "urn:a"


async def test_links_need_good_keys_and_the_gateway_does_not(
    settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(api.main, "configure_logs", lambda *_: None)
    without, broken, good = tmp_path / "none", tmp_path / "broken", tmp_path / "good"
    make_missing(good, wall_clock())
    make_missing(broken, wall_clock())
    (broken / "links.json").write_text("{}")
    make_missing(without, wall_clock())
    (without / "links.json").unlink()
    for folder, on in ((None, False), (without, False), (broken, False), (good, True)):
        app = create_app_from_settings(settings.model_copy(update={"keys_dir": folder, "link_max_amount": Decimal(5)}))
        async with app.router.lifespan_context(app):
            links = app.state.services.links
            assert (links is not None) is on, folder
    assert links.max_amount == Decimal(5)
    assert links.ring().ids == KeyFiles(good).links().ids


async def test_with_keys_payloads_are_encrypted_and_the_codec_desk_is_open(
    settings: GatewaySettings, issuer_keys: KeySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.main, "configure_logs", lambda *_: None)  # as above
    new_ring(tmp_path / "keys", "payload", wall_clock())
    app = create_app_from_settings(settings.model_copy(update={"keys_dir": tmp_path / "keys"}))
    async with app.router.lifespan_context(app), client_of(app) as http:
        assert (await http.get("/codec/session")).status_code == 200
        (stored,) = await data_converter(KeyFiles(tmp_path / "keys").payload).encode(["for Nina"])
        body = MessageToDict(Payloads(payloads=[stored]))
        caller = Gateway(issuer_keys)
        caller.now = wall_clock()
        answer = await http.post(
            "/codec/decode", json=body, headers=caller.as_("k.mensah", "auditor", facilities=["*"])
        )
    (opened,) = ParseDict(answer.json(), Payloads()).payloads
    assert opened.data == b'"for Nina"'


async def test_the_gateway_does_not_start_with_keys_that_cannot_be_used(
    settings: GatewaySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.main, "configure_logs", lambda *_: None)  # as above
    app = create_app_from_settings(settings.model_copy(update={"keys_dir": tmp_path / "nothing"}))
    with pytest.raises(KeyFilesError, match="corridor keys new payload"):
        async with app.router.lifespan_context(app):
            pass


@pytest.mark.parametrize("given", ["", None])
def test_no_folder_of_keys_means_no_keys(settings: GatewaySettings, given: str | None) -> None:
    assert GatewaySettings.model_validate(settings.model_dump() | {"keys_dir": given}).keys_dir is None


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gateway")


@pytest.mark.parametrize(
    "sources",
    [
        [SOURCE, SOURCE | {"source": "urn:b"}],
        [SOURCE, SOURCE | {"secrets": ["whsec_" + "QUJD" * 12]}],
        [SOURCE | {"colour": "red"}],
        [SOURCE | {"secrets": []}],
    ],
)
def test_event_sources_that_cannot_be_told_apart(sources: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError) as raised:
        GatewaySettings.model_validate(
            {"database_dsn": "x", "oidc_jwks": "x", "oidc_issuer": "x", "event_sources": json.dumps(sources)}
        )
    assert SECRET not in str(raised.value)
