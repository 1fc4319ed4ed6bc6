"""Cases that earlier code began must go on under the present code."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner

from cli.processes import PROCESSES, name_of
from tests.replay.record import run
from tests.replay.recorded import (
    FINGERPRINTS,
    IDENTITY,
    asks_the_same,
    kept,
    payloads_of,
    process_of,
    recorded,
    replays,
    script_of,
    text_of,
    values,
)
from tests.replay.scripts import SCRIPTS, fingerprint


def test_every_script_is_recorded() -> None:
    assert set(SCRIPTS) <= set(kept())
    assert {script_of(name) for name in kept()} == set(SCRIPTS)


@pytest.mark.parametrize("name", kept())
async def test_a_recorded_case_goes_on_under_the_present_code(name: str) -> None:
    await replays(name)


@pytest.mark.parametrize("name", list(SCRIPTS))
async def test_a_new_case_asks_the_same_of_the_server(temporal: WorkflowEnvironment, name: str) -> None:
    expected = json.loads(FINGERPRINTS.read_text(encoding="utf-8"))[name]
    asks_the_same(name, expected, fingerprint(await run(temporal, name)))


@pytest.mark.parametrize("name", kept())
def test_a_recording_names_no_host_and_no_path(name: str) -> None:
    text = text_of(name)
    assert set(values(json.loads(text), "identity")) <= {IDENTITY, "history-service"}
    assert not re.search(r"\b\d+@", text)  # a process on a host, as the SDK names workers by itself
    for place in (text, *payloads_of(name)):
        assert not re.search(r"/(home|work|root|tmp)/", place)


# A changed process is noticed, whichever it is, and whoever changed it is told what to do.


class Changed:
    """A process that begins as none of ours does."""

    @workflow.run
    async def run(self, *_given: Any) -> None:
        await workflow.sleep(timedelta(days=1))


def changed(process: type) -> type:
    """Other code under the name of a process."""
    return workflow.defn(name=name_of(process))(type(Changed.__name__, (), {"run": Changed.run}))


@cache
def recording_of() -> dict[str, str]:
    """For each process the name of one of its recordings."""
    return {process_of(recorded(name)): name for name in kept()}


@pytest.mark.parametrize("process", PROCESSES, ids=name_of)
async def test_a_changed_process_is_told_what_to_do(process: type) -> None:
    name = recording_of()[name_of(process)]
    with pytest.raises(AssertionError, match=r"workflow\.patched") as told:
        await replays(name, [changed(process)], UnsandboxedWorkflowRunner())
    assert f"record --keep before-what-changed {script_of(name)}" in str(told.value)
    assert "docs/releasing.md" in str(told.value)
    assert re.search("nondeterminism", str(told.value), re.IGNORECASE)


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_a_changed_sequence_is_shown_with_what_to_do(name: str) -> None:
    expected = json.loads(FINGERPRINTS.read_text(encoding="utf-8"))[name]
    asks_the_same(name, expected, list(expected))
    with pytest.raises(AssertionError, match=r"workflow\.patched") as told:
        asks_the_same(name, expected, ["step never_asked_before", *expected[1:]])
    assert "+step never_asked_before" in str(told.value)
    assert f"-{expected[0]}" in str(told.value)
