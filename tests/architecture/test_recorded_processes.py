"""Every process, step, message and patch is in a recorded history: what is in none could change unseen."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType

import workflows.steps
from activities.ports import Ports
from cli.processes import LONG, PROCESSES, SHORT, name_of
from tests.replay.recorded import kept, patches_of, process_of, recorded
from worker import processes

ROOT = Path(__file__).resolve().parents[2]


class Seen:
    """What the recorded cases of one process asked of the server, and what was sent to them."""

    def __init__(self) -> None:
        self.steps: set[str] = set()
        self.messages: set[str] = set()
        self.patches: set[str] = set()


@cache
def seen() -> dict[str, Seen]:
    found: defaultdict[str, Seen] = defaultdict(Seen)
    for name in kept():
        history = recorded(name)
        of = found[process_of(history)]
        of.patches.update(patches_of(history))
        for event in history.events:
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                of.steps.add(event.activity_task_scheduled_event_attributes.activity_type.name)
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                of.messages.add(event.workflow_execution_signaled_event_attributes.signal_name)
    return found


class Everything:
    """Ports of a worker that can do all there is to do."""

    invoicing = hiring = following = object()


def test_every_process_of_the_worker_is_known_to_releases() -> None:
    """One that is missing would neither be replayed before a deployment, nor kept on its version."""
    registered = processes(cast("Ports", Everything()), cast("Any", object()))
    assert set(registered) == set(PROCESSES), "put it into LONG or SHORT of cli/processes.py"
    assert not set(LONG) & set(SHORT)


@pytest.mark.parametrize("process", PROCESSES, ids=name_of)
def test_every_process_has_a_recording(process: type) -> None:
    assert name_of(process) in seen(), (
        f"write a script for {name_of(process)} in tests/replay and record it: python -m tests.replay.record"
    )


@pytest.mark.parametrize("process", PROCESSES, ids=name_of)
def test_every_message_to_a_process_is_in_a_recording_of_it(process: type) -> None:
    taken = set(workflow._Definition.must_from_class(process).signals)
    assert taken <= seen()[name_of(process)].messages, "let a script in tests/replay send it, and record that"


def test_every_step_is_in_a_recording() -> None:
    asked = set().union(*(each.steps for each in seen().values()))
    assert set(steps()) <= asked, "let a script in tests/replay come to it, and record that"


def test_every_patch_is_in_a_recording() -> None:
    """The side of it that is not recorded is free to break; the other one is what was recorded before."""
    gone_through = set().union(*(each.patches for each in seen().values()))
    assert set(patches()) <= gone_through, "let a script in tests/replay go through it, and record that"


def steps() -> Iterator[str]:
    for found in pkgutil.iter_modules(workflows.steps.__path__, "workflows.steps."):
        for _, kind in inspect.getmembers(import_module(found.name), inspect.isclass):
            for each in vars(kind).values():
                definition = getattr(each, "__temporal_activity_definition", None)
                if definition is not None:
                    yield str(definition.name)


def patches() -> Iterator[str]:
    for path in sorted((ROOT / "workflows").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "patched":
                yield str(ast.literal_eval(node.args[0]))


def test_there_are_steps_and_patches_to_look_for() -> None:
    assert len(set(steps())) > 50
    assert len(set(patches())) >= 3
