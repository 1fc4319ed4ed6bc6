"""`corridor tasks` and `corridor delegations` against the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

import cli.commands.delegations
import cli.commands.tasks
import cli.gateway_client
from cli.gateway_client import GatewayClient
from cli.main import app
from tests.fixtures.evidence import CASE, a_task
from tests.fixtures.small_hospital import PEOPLE, usd
from tests.http.fakes import NOW, Gateway

TASK = f"{CASE}:approve-owner.1"
Run = Callable[..., tuple[int, str]]


class InThisProcess(httpx.BaseTransport):
    """Calls the gateway from a thread of its own, as another process would."""

    def __init__(self, gateway: Gateway) -> None:
        self._app = gateway.app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(self._answer(request))).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self._app)) as http:
            answer = await http.request(request.method, request.url, headers=request.headers, content=request.read())
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def corridor(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, as somebody with the roles that the directory gives them."""

    def connect(persona: str) -> GatewayClient:
        roles = next((person.roles for person in PEOPLE if person.person == persona), ())
        client = GatewayClient("http://gateway", gateway.token(persona, *roles))
        http = httpx.Client(transport=InThisProcess(gateway), headers=client._http.headers, base_url="http://gateway")
        monkeypatch.setattr(client, "_http", http)
        return client

    def end(code: int) -> None:
        raise SystemExit(code)

    def run(*arguments: str) -> tuple[int, str]:
        with capture_logs():  # the gateway is in this process, and its log would be in the command's output
            result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    for commands in (cli.commands.tasks, cli.commands.delegations):
        monkeypatch.setattr(commands, "connect", connect)
    monkeypatch.setattr(cli.gateway_client, "exit_settled", end)
    return run


def said(output: str) -> Any:
    return json.loads(output)


async def test_a_delegation_is_looked_at_made_used_and_ended(gateway: Gateway, corridor: Run) -> None:
    await gateway.ask(a_task(TASK, amount=usd(400), excluded=("nina",)))
    terms = ("--to", "olaf", "--until", "2026-03-20", "--role", "cost-centre-owner", "--max-amount", "500")
    code, shown = corridor("delegations", "add", *terms, "--as", "carla", "--preview", "--json")
    assert (code, said(shown)["open_tasks"]) == (0, 1)
    code, shown = corridor("delegations", "add", *terms, "--as", "carla", "-m", "On leave", "--json")
    made = said(shown)
    assert (code, made["delegator"], made["scope"]["max_amount"]) == (0, "carla", "500")
    code, shown = corridor("tasks", "--as", "olaf", "--json")
    assert (code, said(shown)["items"][0]["acting_for"]) == (0, ["carla"])
    code, shown = corridor("tasks", "decide", TASK, "approve", "--on-behalf-of", "carla", "--as", "olaf", "--json")
    assert (code, said(shown)["record"]["status"]) == (0, "applied")
    code, shown = corridor("delegations", "revoke", made["delegation_id"], "--as", "carla", "--json")
    assert (code, said(shown)["state"]) == (0, "revoked")
    code, shown = corridor("delegations", "list", "--as", "olaf", "--json")
    assert (code, [each["state"] for each in said(shown)["items"]]) == (0, ["revoked"])


async def test_what_is_refused_ends_with_its_reason(gateway: Gateway, corridor: Run) -> None:
    code, shown = corridor("delegations", "add", "--to", "carla", "--until", "2026-03-20", "--as", "carla")
    assert code == 2
    assert "cannot be their own substitute" in shown
    code, shown = corridor("tasks", "decide", TASK, "approve", "--as", "carla")
    assert code == 2
    code, _ = corridor("tasks")
    assert code == 2


async def test_tasks_are_delegated_reassigned_and_handed_over(gateway: Gateway, corridor: Run) -> None:
    second, third = f"{CASE}:approve-owner.2", f"{CASE}:approve-owner.3"
    await gateway.ask(
        a_task(TASK, amount=usd(400), due_at=NOW + timedelta(days=2)), a_task(second), a_task(third, people=("carla",))
    )
    until = ("--until", "2026-03-03T12:00")
    code, shown = corridor("tasks", "delegate", TASK, "--to", "olaf", *until, "--as", "carla", "--json")
    assert (code, said(shown)["valid_until"]) == (0, "2026-03-03T12:00:00Z")
    code, shown = corridor("tasks", "reassign", second, "nothing", "--to", "dirk", "--as", "paul")
    assert code == 0
    assert "applied" in shown
    assert "refused" in shown
    code, shown = corridor("tasks", "handover", "carla", "--to", "dirk", "--as", "paul", "--json")
    told = said(shown)
    assert (code, [item["task_id"] for item in told["items"]], told["applied"]) == (0, [third], 1)
    assert len(told["revoked_delegations"]) == 1
    code, shown = corridor("tasks", "reassign", "--from", "dirk", "--to", "frida", "--as", "dirk", "--json")
    assert (code, said(shown)["items"]) == (0, [])  # the read model has not caught up with what dirk just got
