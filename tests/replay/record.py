"""Record histories, and the fingerprints of the present code: `python -m tests.replay.record` records those of new
scripts, with names it records those anew, with `all` every one.

Anew only when no case that the old code started can be running any more: otherwise keep the old recording and guard
the change with `workflow.patched`.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.settle import exit_settled
from tests.fixtures.temporal import SERVER_ARGUMENTS, temporal_executable
from tests.replay import (  # noqa: F401 - their import adds their scripts
    approval_scripts,
    hire_scripts,
    incident_scripts,
    invoice_scripts,
)
from tests.replay.scripts import IDENTITY, SCRIPTS, RecordedWorld, fingerprint
from workflows import search_attributes

FOLDER = Path(__file__).parent
RECORDINGS = FOLDER / "recordings"
FINGERPRINTS = FOLDER / "fingerprints.json"


async def run(temporal: WorkflowEnvironment, name: str) -> WorkflowHistory:
    """Run one script to its end and fetch its history."""
    world_of: Any = invoice_scripts.RecordedInvoices if name in invoice_scripts.NAMES else RecordedWorld
    async with world_of(temporal).working() as world:
        case = await SCRIPTS[name](world)
        return await case.handle.fetch_history()


def chosen(names: list[str]) -> list[str]:
    if names == ["all"]:
        return list(SCRIPTS)
    return names or [name for name in SCRIPTS if not (RECORDINGS / f"{name}.json.gz").exists()]


async def record(names: list[str]) -> None:
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_executable(),
        dev_server_extra_args=SERVER_ARGUMENTS,
        data_converter=pydantic_data_converter,
        search_attributes=list(search_attributes.REGISTERED),
        identity=IDENTITY,
    )
    RECORDINGS.mkdir(exist_ok=True)
    prints = json.loads(FINGERPRINTS.read_text(encoding="utf-8")) if FINGERPRINTS.exists() else {}
    async with environment:
        for name in names:
            history = await run(environment, name)
            _keep(name, history)
            prints[name] = fingerprint(history)
            print(f"{name}: {len(history.events)} events, {len(prints[name])} commands")  # noqa: T201 - run by hand
    prints = {name: prints[name] for name in SCRIPTS}
    FINGERPRINTS.write_text(json.dumps(prints, indent=1) + "\n", encoding="utf-8")


def _keep(name: str, history: WorkflowHistory) -> None:
    """Without stack traces, which name places on the machine that recorded; nothing replays them."""
    text = json.dumps(_without(json.loads(history.to_json()), "stackTrace"), sort_keys=True)
    (RECORDINGS / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _without(node: Any, key: str) -> Any:
    if isinstance(node, dict):
        return {name: _without(value, key) for name, value in node.items() if name != key}
    return [_without(each, key) for each in node] if isinstance(node, list) else node


if __name__ == "__main__":
    asyncio.run(record(chosen(sys.argv[1:])))
    exit_settled(0)
