"""Cases that earlier code began must go on under the present code."""

from __future__ import annotations

import base64
import difflib
import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from tests.replay.record import FINGERPRINTS, RECORDINGS, run
from tests.replay.scripts import IDENTITY, SCRIPTS, fingerprint
from worker import sandbox
from workflows.hire_to_provision import HireToProvision
from workflows.incident import Incident
from workflows.invoice_to_payment import InvoiceToPayment
from workflows.payment_run import PaymentRun
from workflows.procure_to_pay import ProcureToPay
from workflows.rescreen_workforce import EndAccess, RescreenWorkforce

WHAT_TO_DO = """
The process of '{name}' now asks other things of the server than it did:

{difference}

A case that is running replays its history through the new code, and gets stuck where both differ. What to do:
1. Not intended? Take the change back.
2. Intended, and cases of the old code may be running anywhere: put it behind `workflow.patched("what-changed")`, keep
   the old branch, and keep the old recording: it then still replays. Put the new sequence into fingerprints.json.
3. Intended, and no case of the old code can be running: record anew with `python -m tests.replay.record all`.
"""


def recorded(name: str) -> WorkflowHistory:
    text = gzip.decompress((RECORDINGS / f"{name}.json.gz").read_bytes()).decode()
    return WorkflowHistory.from_json(name, text)


def kept() -> list[str]:
    return sorted(path.name.removesuffix(".json.gz") for path in RECORDINGS.glob("*.json.gz"))


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


def test_every_script_is_recorded() -> None:
    assert kept() == sorted(SCRIPTS)


@pytest.mark.parametrize("name", kept())
async def test_a_recorded_case_goes_on_under_the_present_code(name: str) -> None:
    replayer = Replayer(
        workflows=[ProcureToPay, Incident, InvoiceToPayment, PaymentRun, HireToProvision, RescreenWorkforce, EndAccess],
        workflow_runner=sandbox(),
        data_converter=pydantic_data_converter,
        identity=IDENTITY,
    )
    result = await replayer.replay_workflow(recorded(name), raise_on_replay_failure=False)
    assert result.replay_failure is None, WHAT_TO_DO.format(name=name, difference=result.replay_failure)


@pytest.mark.parametrize("name", list(SCRIPTS))
async def test_a_new_case_asks_the_same_of_the_server(temporal: WorkflowEnvironment, name: str) -> None:
    expected = json.loads(FINGERPRINTS.read_text(encoding="utf-8"))[name]
    now = fingerprint(await run(temporal, name))
    difference = "\n".join(difflib.unified_diff(expected, now, "recorded", "now", lineterm=""))
    assert now == expected, WHAT_TO_DO.format(name=name, difference=difference)


@pytest.mark.parametrize("name", kept())
def test_a_recording_names_no_host_and_no_path(name: str) -> None:
    text = gzip.decompress((RECORDINGS / f"{name}.json.gz").read_bytes()).decode()
    assert set(values(json.loads(text), "identity")) <= {IDENTITY, "history-service"}
    assert not re.search(r"\b\d+@", text)  # a process on a host, as the SDK names workers by itself
    decoded = [base64.b64decode(payload).decode() for payload in values(json.loads(text), "data")]
    for place in (text, *decoded):
        assert not re.search(r"/(home|work|root|tmp)/", place)
