"""`corridor audit` as an auditor and a compliance officer use it, against a gateway over stores in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import KeySet
from structlog.testing import capture_logs
from typer.testing import CliRunner

import cli.commands.audit
import cli.gateway_client
from cli.gateway_client import GatewayClient
from tests.fixtures.evidence import CASE, START, a_journal, an_entry
from tests.http.fakes import Gateway, new_keys

Run = Callable[..., Awaitable[tuple[int, str]]]


class Bridge(httpx.BaseTransport):
    """Hands the requests of a command, which waits for its answers, to the app."""

    def __init__(self, gateway: Gateway, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = httpx.ASGITransport(app=gateway.app), loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def handle() -> httpx.Response:
            answer = await self._app.handle_async_request(
                httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            )
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run_coroutine_threadsafe(handle(), self._loop).result(30)


@pytest.fixture(scope="module")
def keys() -> KeySet:
    return new_keys()


@pytest.fixture
async def gateway(keys: KeySet) -> AsyncIterator[Gateway]:
    gateway = Gateway(keys)
    entries = (an_entry(1, summary="Gloves for Mrs. Smith"), an_entry(2))
    closed = START + timedelta(days=1)
    await gateway.evidence.record(a_journal(CASE, 1, *entries, status="completed", closed_at=closed))
    await gateway.checkpoints.seal(gateway.now)
    with capture_logs():  # the app's log lines would stand between what the commands print
        yield gateway


@pytest.fixture
async def audit(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command beside the app; exit code and output. The token is what a persona would have got."""
    loop = asyncio.get_running_loop()
    roles = {"k.mensah": "auditor", "j.barros": "compliance-officer"}

    def connect(persona: str) -> GatewayClient:
        client = GatewayClient("http://gateway", gateway.token(persona, roles[persona], facilities=["*"]))
        client._http = httpx.Client(
            base_url="http://gateway", headers=client._http.headers, transport=Bridge(gateway, loop)
        )
        return client

    def end(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(cli.commands.audit, "connect", connect)
    monkeypatch.setattr(cli.commands.audit, "exit_settled", end)
    monkeypatch.setattr(cli.gateway_client, "exit_settled", end)

    def run(*arguments: str, typed: str | None = None) -> tuple[int, str]:
        result = CliRunner().invoke(cli.commands.audit.app, arguments, input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return partial(asyncio.to_thread, run)


async def test_verify_says_what_it_checked_and_names_the_row_that_was_changed(gateway: Gateway, audit: Run) -> None:
    code, output = await audit("verify")
    assert code == 0, output
    assert output.startswith("2 entries and 1 checkpoints checked")
    assert gateway.checkpoints.taken[-1][0].hash in output
    assert output.endswith("everything holds\n")
    chain = gateway.evidence._chains[CASE]
    chain[1] = chain[1].model_copy(update={"entry": an_entry(2, summary="Something else")})
    code, output = await audit("verify", CASE, "--json")
    answer = json.loads(output)
    assert (code, answer["intact"]) == (1, False)
    assert [(fault["table"], fault["case_id"], fault["position"]) for fault in answer["faults"]] == [
        ("timeline", CASE, 2)
    ]
    assert "1 fault\n" in (await audit("verify"))[1]


async def test_a_bundle_is_exported_and_checked_without_the_gateway(audit: Run, tmp_path: Path) -> None:
    packed, folder, published = tmp_path / "evidence.zip", tmp_path / "evidence", tmp_path / "keys.json"
    for output in (packed, folder):
        code, said = await audit("export", CASE, "--output", str(output))
        assert (code, "audit check" in said) == (0, True), said
    published.write_text((await audit("keys"))[1])
    for bundle in (packed, folder):
        code, said = await audit("check", str(bundle), "--keys", str(published))
        assert (code, said) == (0, "everything holds\n")
    code, said = await audit("export", CASE, "--output", str(packed))
    assert (code, "there already" in said) == (2, True)
    case = folder / "case.json"
    case.write_text(case.read_text().replace("Gloves for Mrs. Smith", "Gloves for Mr. Smythe"))
    code, said = await audit("check", str(folder))
    assert code == 1
    assert "FAULT case.json, entry 1: its content, instant or hash was changed" in said
    code, said = await audit("check", str(folder), "--json")
    assert (code, json.loads(said)["intact"]) == (1, False)


async def test_what_is_no_bundle_and_what_is_no_case(audit: Run, tmp_path: Path) -> None:
    code, said = await audit("check", str(tmp_path))
    assert (code, "no evidence bundle" in said) == (2, True)
    code, said = await audit("export", "procure-to-pay.north.NONE", "--output", str(tmp_path / "x.zip"))
    assert code == 2
    assert not (tmp_path / "x.zip").exists()


async def test_a_case_is_held_and_released(audit: Run) -> None:
    why = ("--matter", "LIT-1", "--why", "Claim of the supplier")
    code, said = await audit("hold", CASE, *why)
    assert (code, "Legal hold for LIT-1" in said) == (0, True), said
    code, said = await audit("unhold", CASE, *why, "--json")
    assert (code, json.loads(said)["holds"]) == (0, [])
    assert (await audit("hold", CASE, *why, "--as", "k.mensah"))[0] == 2


async def test_a_text_is_asked_for_and_redacted(gateway: Gateway, audit: Run) -> None:
    code, said = await audit("redact", CASE, "--why", "A patient was named", typed="Mrs. Smith\n")
    assert code == 0, said
    assert "Smith" not in gateway.evidence.rows(CASE)[0].body
    assert (await audit("verify"))[0] == 0
    code, said = await audit("redact", CASE, "--why", "Again", "--text", "Mrs. Smith")
    assert (code, "nothing to do" in said) == (0, True)


async def test_a_purge_is_tried_before_it_is_done(gateway: Gateway, audit: Run) -> None:
    gateway.now = gateway.now.replace(year=gateway.now.year + 8)
    code, said = await audit("purge", "--why", "Yearly clearing")
    assert (code, "1 cases would be purged" in said) == (0, True), said
    assert await gateway.evidence.case(CASE) is not None
    code, said = await audit("purge", "--why", "Yearly clearing", "--yes", "--json")
    assert (code, json.loads(said)["purged"]) == (0, [CASE])
    assert await gateway.evidence.case(CASE) is None
    assert (await audit("verify"))[0] == 0
