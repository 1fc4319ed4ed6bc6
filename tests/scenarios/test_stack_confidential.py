"""The embedded stack's keys: made once, private, and told to whoever needs them."""

from __future__ import annotations

from pathlib import Path

import httpx
from temporalio.client import Client

from adapters.key_files import KeyFiles
from cli.composition import service_environment
from cli.embedded_keys import keys_folder, make_keys, plain_payloads
from cli.stack import EmbeddedStack, StackAddresses, Step
from domain.keys import PURPOSES
from tests.fixtures.embedded_stack import processes_of, stack_settings
from tests.scenarios.test_stack_services import gateway


def stack_of(folder: Path, *steps: Step) -> EmbeddedStack:
    return EmbeddedStack(stack_settings(folder), parts=("temporal",), steps=steps, services=[gateway(folder)])


KEYS = Step("keys", make_keys)


async def codec_of_the_web_ui(addresses: StackAddresses) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        settings = (await http.get(f"{addresses.temporal_ui_url}/api/v1/settings")).json()
    return str(settings["Codec"]["Endpoint"])


async def test_keys_are_made_once_and_the_web_ui_knows_where_to_decode(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        async with stack_of(tmp_path, KEYS) as stack:
            addresses, files = stack.addresses, KeyFiles(keys_folder(tmp_path))
            seen.append([files.ring(purpose).current_key for purpose in PURPOSES])
            environment = service_environment(addresses)
            assert await codec_of_the_web_ui(addresses) == f"{addresses.gateway_url}/codec"
            assert environment["CORRIDOR_KEYS_DIR"] == str(tmp_path / "keys")
            assert environment["CORRIDOR_PLAIN_PAYLOADS"] == "refuse"
            assert environment["CORRIDOR_WEB_UI_ORIGINS"] == addresses.temporal_ui_url
    assert seen[0] == seen[1]
    folder = keys_folder(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert processes_of(tmp_path) == []


async def test_a_data_folder_with_plain_cases_keeps_them_readable(tmp_path: Path) -> None:
    async with stack_of(tmp_path) as stack:
        client = await Client.connect(stack.addresses.temporal)
        await client.start_workflow("ProcureToPay", "plain", id="procure-to-pay.north.OLD", task_queue="corridor")
    async with stack_of(tmp_path, KEYS):
        assert KeyFiles(keys_folder(tmp_path)).payload().current
        assert plain_payloads(tmp_path) == "accept"
