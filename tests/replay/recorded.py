"""What was recorded of cases: their histories, read again, and what to do when the code no longer fits them.

A recording is `SCRIPT.json.gz`, as the present code runs the script, or `SCRIPT@WHAT.json.gz`, as code did before that
change; cases of the latter may be running anywhere, so it must replay too.
"""

from __future__ import annotations

import base64
import difflib
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowRunner

from cli.case_runners import sandbox
from cli.processes import PROCESSES
from worker import interceptors

FOLDER = Path(__file__).parent
RECORDINGS = FOLDER / "recordings"
FINGERPRINTS = FOLDER / "fingerprints.json"
IDENTITY = "corridor"
SUFFIX = ".json.gz"

WHAT_TO_DO = """
The process of '{name}' now asks other things of the server than it did:

{difference}

A case that is running replays its history through the new code, and stands still where both differ. What to do:
1. Not intended? Take the change back.
2. Intended, in a process whose cases wait for weeks (`cli.processes.LONG`): put it behind
   `workflow.patched("what-changed")` and keep the old branch. Then
   `python -m tests.replay.record --keep before-what-changed {script}` keeps the old recording, which must still replay,
   and records the new one beside it.
3. Intended, and too much for a patch: a process under another name, or a new version to which no case is moved.
4. Intended, in a process that ends within minutes (`cli.processes.SHORT`) or of which no case can be running:
   record anew with `python -m tests.replay.record {script}`.
docs/releasing.md says how, step by step.
"""


def kept() -> list[str]:
    """The names of all recordings."""
    return sorted(path.name.removesuffix(SUFFIX) for path in RECORDINGS.glob(f"*{SUFFIX}"))


def script_of(name: str) -> str:
    """The script that a recording is of, whichever code it is of."""
    return name.partition("@")[0]


def text_of(name: str) -> str:
    return gzip.decompress((RECORDINGS / f"{name}{SUFFIX}").read_bytes()).decode()


def recorded(name: str) -> WorkflowHistory:
    return WorkflowHistory.from_json(name, text_of(name))


def process_of(history: WorkflowHistory) -> str:
    """The name of the process whose case it was."""
    return history.events[0].workflow_execution_started_event_attributes.workflow_type.name


def patches_of(history: WorkflowHistory) -> Iterator[str]:
    """The changes behind whose `workflow.patched` the case went."""
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            for payloads in event.marker_recorded_event_attributes.details.values():
                for payload in payloads.payloads:
                    yield json.loads(payload.data)["id"]


async def replays(name: str, processes: Sequence[type] = PROCESSES, runner: WorkflowRunner | None = None) -> None:
    """Raises AssertionError, with what to do, when a case of that recording would stand still under these processes."""
    replayer = Replayer(
        workflows=processes,
        workflow_runner=runner or sandbox(),
        interceptors=interceptors(),
        data_converter=pydantic_data_converter,
        identity=IDENTITY,
    )
    failure = (await replayer.replay_workflow(recorded(name), raise_on_replay_failure=False)).replay_failure
    assert failure is None, WHAT_TO_DO.format(name=name, script=script_of(name), difference=failure)


def asks_the_same(name: str, expected: Sequence[str], now: Sequence[str]) -> None:
    """Raises AssertionError, with what to do, when these commands differ."""
    difference = "\n".join(difflib.unified_diff(expected, now, "recorded", "now", lineterm=""))
    assert now == expected, WHAT_TO_DO.format(name=name, script=name, difference=difference)


def values(node: Any, key: str) -> Iterator[Any]:
    """Every value under that key, wherever it is."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from values(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from values(value, key)


def payloads_of(name: str) -> list[str]:
    return [base64.b64decode(payload).decode() for payload in values(json.loads(text_of(name)), "data")]
