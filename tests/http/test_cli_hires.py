"""`corridor hires` against the gateway, and what its answers about hires look like in a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

import cli.commands.hires
import cli.commands.tasks
import cli.gateway_client
from cli.event_keys import PERSONNEL, event_sources_file, signing_keys
from cli.gateway_client import GatewayClient
from cli.main import app
from tests.fixtures.evidence import a_task
from tests.http.fakes import Gateway
from tests.http.hire_desk import CASE, SURNAME, a_hire, under_way
from tests.http.test_cli_handing_over import InThisProcess

Run = Callable[..., tuple[int, str]]
ROLES = {"portal": "portal", "k.mensah": "auditor", "mia": "requester", "ida": "identity-desk"}


@pytest.fixture
def corridor(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process."""

    def connect(persona: str) -> GatewayClient:
        client = GatewayClient("http://gateway", gateway.token(persona, ROLES[persona]))
        http = httpx.Client(transport=InThisProcess(gateway), headers=client._http.headers, base_url="http://gateway")
        monkeypatch.setattr(client, "_http", http)
        return client

    def end(code: int) -> None:
        raise SystemExit(code)

    def run(*arguments: str) -> tuple[int, str]:
        with capture_logs():
            result = CliRunner().invoke(app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    for commands in (cli.commands.hires, cli.commands.tasks):
        monkeypatch.setattr(commands, "connect", connect)
    monkeypatch.setattr(cli.gateway_client, "exit_settled", end)
    monkeypatch.setattr(cli.gateway_client._out, "_width", 220)
    return run


@pytest.fixture
def hire_file(tmp_path: Path) -> Path:
    file = tmp_path / "hire.json"
    file.write_text(json.dumps(a_hire()), encoding="utf-8")
    return file


async def test_a_hire_is_previewed_and_posted(gateway: Gateway, corridor: Run, hire_file: Path) -> None:
    code, shown = corridor("hires", "post", str(hire_file), "--preview")
    assert (code, gateway.cases.hires) == (0, {})
    assert "rn-licence" in shown
    assert "a place is filled (a-job)" in " ".join(shown.split())
    code, shown = corridor("hires", "post", str(hire_file))
    assert (code, list(gateway.cases.hires)) == (0, [CASE])
    assert CASE in shown
    assert SURNAME not in shown


async def test_faults_are_printed_where_they_are(corridor: Run, tmp_path: Path) -> None:
    file = tmp_path / "hire.json"
    file.write_text(json.dumps(a_hire(start_on="2019-01-01")), encoding="utf-8")
    code, _ = corridor("hires", "post", str(file))
    assert code == 2


async def test_the_list_says_who_will_be_ready_and_because_of_whom_not(gateway: Gateway, corridor: Run) -> None:
    await under_way(gateway)
    await under_way(gateway, "hire-to-provision.north.H-2", closed=True)
    code, shown = corridor("hires", "list", "--as", "mia", "--state", "at-risk")
    assert code == 0
    assert all(each in shown for each in (CASE, "2026-03-23", "at-risk", "1/2", "facilities-desk: Badge"))
    assert "H-2" not in shown
    code, shown = corridor("hires", "list", "--all", "--json")
    assert [each["number"] for each in json.loads(shown)["items"]] == ["H-1", "H-2"]


async def test_one_hire_shows_its_items(gateway: Gateway, corridor: Run) -> None:
    await under_way(gateway)
    code, shown = corridor("hires", "show", CASE)
    assert code == 0
    assert all(
        each in shown for each in ("account", "badge", "waiting", "2026-03-04 15:00".replace(" ", "T"), "needed")
    )


async def test_an_offer_is_taken_back(gateway: Gateway, corridor: Run) -> None:
    await under_way(gateway)
    code, shown = corridor("hires", "rescind", CASE, "-m", "takes another offer")
    assert (code, f"corridor hires show {CASE}" in shown) == (0, True)
    (asked,) = gateway.cases.received
    assert (asked.action, asked.comment) == ("rescind", "takes another offer")


async def test_a_correction_is_sent_whole(gateway: Gateway, corridor: Run, hire_file: Path) -> None:
    await under_way(gateway)
    code, _ = corridor("hires", "correct", CASE, str(hire_file), "-m", "another manager")
    assert code == 0
    (asked,) = gateway.cases.received
    assert (asked.action, asked.comment, asked.hire.manager) == ("correct-hire", "another manager", "mia")


@pytest.mark.parametrize(
    ("action", "options", "said"),
    [
        ("revive", ("--worker", "W-7"), {"worker_id": "W-7"}),
        ("correct", ("--user-name", "aquarter2"), {"user_name": "aquarter2"}),
        ("mitigate", ("--until", "2026-05-31", "--reference", "T-1"), {"until": "2026-05-31", "reference": "T-1"}),
    ],
)
async def test_answers_about_hires(
    gateway: Gateway, corridor: Run, action: str, options: tuple[str, ...], said: dict[str, Any]
) -> None:
    task = f"{CASE}:identity-conflict.1"
    subject = {"evidence": {"candidates": [{"worker_id": "W-7"}]}}
    asked = a_task(task, CASE, kind="exception", role="identity-desk", actions=(action,), subject=subject)
    await gateway.ask(asked, process="hire-to-provision")
    code, _ = corridor("decide", task, action, "--as", "ida", *options)
    assert code == 0
    (sent,) = gateway.cases.received
    assert sent.hire.model_dump(mode="json", exclude_defaults=True) == said


def test_a_source_that_is_new_gets_a_key_and_the_others_keep_theirs(tmp_path: Path) -> None:
    path = event_sources_file(tmp_path)
    first = signing_keys(tmp_path)
    known = [each for each in json.loads(path.read_text(encoding="utf-8")) if each["source"] != PERSONNEL]
    path.write_text(json.dumps(known), encoding="utf-8")
    again = signing_keys(tmp_path)
    assert again.keys() == first.keys()
    assert [source for source in first if again[source] != first[source]] == [PERSONNEL]
    assert path.stat().st_mode & 0o077 == 0
