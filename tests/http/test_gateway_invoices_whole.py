"""Invoices through a gateway that is wholly real but for the network: its stores, its reader, its folders, Temporal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import KeySet
from temporalio.client import Client

import api.main
from api.main import create_app_from_settings, wall_clock
from api.settings import GatewaySettings
from tests.fixtures.invoices import as_json
from tests.fixtures.left_invoices import a_mail, delivered
from tests.http.fakes import AUDIENCE, ISSUER, Gateway

PATIENCE_SECONDS = 100
EVERYWHERE = {"facilities": ["*"]}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "drop", tmp_path / "mail"


@pytest.fixture
async def http(
    evidence_dsn: str,
    client: Client,
    issuer_keys: KeySet,
    tmp_path: Path,
    folders: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(api.main, "configure_logs", lambda *_: None)  # it would take pytest's own handlers away
    (tmp_path / "jwks.json").write_text(json.dumps(issuer_keys.as_dict(private=False)))
    given = {
        "temporal_address": client.service_client.config.target_host,
        "temporal_namespace": client.namespace,
        "task_queue": "nobody-works-here",
        "database_dsn": evidence_dsn,
        "oidc_jwks": str(tmp_path / "jwks.json"),
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "invoice_drop_folder": folders[0],
        "invoice_maildir": folders[1],
        "invoice_look_seconds": 0.1,
    }
    app = create_app_from_settings(GatewaySettings.model_validate(given))
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://g") as http:
        yield http


def headers(keys: KeySet) -> dict[str, str]:
    caller = Gateway(keys)
    caller.now = wall_clock()
    return caller.as_("ada", "accounts-payable", **EVERYWHERE) | {"content-type": "application/json"}


async def test_what_comes_in_by_every_way_is_kept_and_begins(
    http: httpx.AsyncClient, client: Client, issuer_keys: KeySet, folders: tuple[Path, Path]
) -> None:
    drop, mail = folders
    number = f"INV-{uuid4().hex}"
    posted = as_json(number=number, buyer={"name": "North"})
    answers = await asyncio.gather(
        *(http.post("/v1/invoices?facility=north", content=posted, headers=headers(issuer_keys)) for _ in range(20))
    )
    cases = {each.json()["case_id"] for each in answers}
    assert ({each.status_code for each in answers}, len(cases)) == ({202}, 1)
    begun = await client.get_workflow_handle(cases.pop()).describe()
    assert begun.workflow_type == "InvoiceToPayment"

    (drop / "south").mkdir()
    (drop / "south" / "left.json").write_bytes(as_json(number=f"{number}-L"))
    delivered(mail, a_mail(b"%PDF-1.7\nthis is none"))
    await asyncio.wait_for(until(lambda: _settled(drop, mail)), PATIENCE_SECONDS)
    assert [path.name.partition("~")[2] for path in (drop / "done" / "south").iterdir()] == ["left.json"]
    (problem,) = (mail / ".Refused").glob("*.problem.json")
    assert json.loads(problem.read_text())["errors"]


async def until(settled: Callable[[], bool]) -> None:
    while not settled():  # noqa: ASYNC110 - nobody tells when a file was moved
        await asyncio.sleep(0.05)


def _settled(drop: Path, mail: Path) -> bool:
    return bool([*drop.glob("done/*/*")]) and bool([*mail.glob(".Refused/cur/*")])


async def test_what_has_just_come_in_is_asked_for_later(http: httpx.AsyncClient, issuer_keys: KeySet) -> None:
    """It is not in the lists yet, and its case does not answer while no worker is there."""
    content = as_json(number=f"INV-{uuid4().hex}")
    sent = await http.post("/v1/invoices?facility=north", content=content, headers=headers(issuer_keys))
    answer = await http.get(sent.headers["location"], headers=headers(issuer_keys))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
