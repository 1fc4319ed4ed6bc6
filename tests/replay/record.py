"""Record histories, and the fingerprints of the present code: `python -m tests.replay.record` records those of new
scripts, with names it records those anew, with `all` every one. `--keep WHAT` keeps the old recordings beside them, as
`SCRIPT@WHAT`.

Anew without `--keep` only when no case that the old code started can be running any more: otherwise guard the change
with `workflow.patched`, so that the old recording still replays.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.settle import exit_settled
from tests.fixtures.temporal import SERVER_ARGUMENTS, temporal_executable
from tests.replay import (  # noqa: F401 - their import adds their scripts
    approval_scripts,
    erp_scripts,
    hire_scripts,
    housekeeping_scripts,
    incident_scripts,
    invoice_scripts,
    purchase_scripts,
)
from tests.replay.recorded import FINGERPRINTS, IDENTITY, RECORDINGS, SUFFIX
from tests.replay.scripts import SCRIPTS, RecordedWorld, fingerprint
from workflows import search_attributes


async def run(temporal: WorkflowEnvironment, name: str) -> WorkflowHistory:
    """Run one script to its end and fetch its history."""
    world_of: Any = invoice_scripts.RecordedInvoices if name in invoice_scripts.NAMES else RecordedWorld
    async with world_of(temporal).working() as world:
        case = await SCRIPTS[name](world)
        return await case.handle.fetch_history()


def chosen(names: list[str]) -> list[str]:
    if names == ["all"]:
        return list(SCRIPTS)
    return names or [name for name in SCRIPTS if not (RECORDINGS / f"{name}{SUFFIX}").exists()]


def keep_old(names: list[str], what: str) -> None:
    """Recordings of code before a change stay under another name. Raises FileExistsError for one that is taken."""
    for name in names:
        old, kept = RECORDINGS / f"{name}{SUFFIX}", RECORDINGS / f"{name}@{what}{SUFFIX}"
        if kept.exists():
            raise FileExistsError(f"{kept.name} is there already: name the change otherwise")
        old.rename(kept)


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
            _note(prints)
            print(f"{name}: {len(history.events)} events, {len(prints[name])} commands")  # noqa: T201 - run by hand


def _note(prints: dict[str, list[str]]) -> None:
    known = {name: prints[name] for name in SCRIPTS if name in prints}
    FINGERPRINTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def _keep(name: str, history: WorkflowHistory) -> None:
    """Without stack traces, which name places on the machine that recorded; nothing replays them."""
    text = json.dumps(_without(json.loads(history.to_json()), "stackTrace"), sort_keys=True)
    (RECORDINGS / f"{name}{SUFFIX}").write_bytes(gzip.compress(text.encode(), mtime=0))


def _without(node: Any, key: str) -> Any:
    if isinstance(node, dict):
        return {name: _without(value, key) for name, value in node.items() if name != key}
    return [_without(each, key) for each in node] if isinstance(node, list) else node


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SCRIPT")
    parser.add_argument("--keep", metavar="WHAT", help="keep the old recordings, as SCRIPT@WHAT")
    given = parser.parse_args()
    names = chosen(given.names)
    if given.keep:
        keep_old(names, given.keep)
    asyncio.run(record(names))
    exit_settled(0)


if __name__ == "__main__":
    main()
