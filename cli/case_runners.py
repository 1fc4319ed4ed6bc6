"""What runs the code of a process for each case: plainly, as workers do, or in the SDK's sandbox, as tests and replays.

The sandbox tells of a clock, of randomness or of input and output in a process, and gives each case modules of its own.
That costs a quarter of a worker's processor, and finds nothing that the tests have not found before: they take every
path under it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from temporalio import workflow
from temporalio.common import VersioningBehavior
from temporalio.converter import ActivitySerializationContext, SerializationContext
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    WorkerDeploymentConfig,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from cli.process_code import read_once
from cli.versions import pinned_under

# Pure code and data shapes: re-importing them for every workflow would cost seconds and guard nothing. The linter bans
# clocks, randomness and I/O there. Where there is a sandbox, the processes themselves stay inside.
PASSED_THROUGH = (
    "workflows.errors",
    "workflows.search_attributes",
    "workflows.showing",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "domain",
    "workflows.steps",
    "workflows.messages",
)
MOST_KEPT = 64
Runner = Callable[[WorkerDeploymentConfig | None], WorkflowRunner]


class PlainCases(UnsandboxedWorkflowRunner):
    """All cases share the modules of their process, which hold nothing that changes.

    A case of a process in `pinned` tells the server that it stays with the version of the worker that has it. Said of a
    class, as the SDK has it, this would hold for workers without a version too, and the server refuses what they do.
    """

    def __init__(self, pinned: Collection[str] = ()) -> None:
        super().__init__()
        self._pinned = frozenset(pinned)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Remembering(super().create_instance(det), det.info.workflow_type in self._pinned)


class CaseSandbox(SandboxedWorkflowRunner):
    """Isolates cases as the SDK does, without its dearest habit: it goes into the sandbox several times for each
    payload, a hundred times for a purchase, only to ask which case or which activity the payload belongs to.
    `pinned` is as above.
    """

    def __init__(self, restrictions: SandboxRestrictions, pinned: Collection[str] = ()) -> None:
        super().__init__(restrictions=restrictions)
        self._pinned = frozenset(pinned)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Remembering(super().create_instance(det), det.info.workflow_type in self._pinned)


class _Remembering(WorkflowInstance):
    """An instance that is asked once for the context of the case, and once for that of each activity under way.

    Neither ever changes: the number of an activity is given once in a run. What is not known to be an activity is asked
    about each time.
    """

    def __init__(self, inner: WorkflowInstance, pinned: bool = False) -> None:
        self._inner, self._pinned = inner, pinned
        self._known: dict[tuple[int, int] | None, SerializationContext | None] = {}

    def get_serialization_context(self, command_info: Any) -> SerializationContext | None:
        key = None if command_info is None else (int(command_info.command_type), int(command_info.command_seq))
        if key in self._known:
            return self._known[key]
        found = self._inner.get_serialization_context(command_info)
        if key is None or isinstance(found, ActivitySerializationContext):
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = found
        return found

    def activate(self, act: Any) -> Any:
        completion = self._inner.activate(act)
        if self._pinned and completion.HasField("successful"):
            completion.successful.versioning_behavior = VersioningBehavior.PINNED.value
        return completion

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> workflow.Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def plain(version: WorkerDeploymentConfig | None = None) -> PlainCases:
    """For the workers of an installation."""
    return PlainCases(pinned_under(version))


def sandbox(version: WorkerDeploymentConfig | None = None) -> CaseSandbox:
    """For tests and replays. The modules of a process are run anew for each case; their code is read once."""
    read_once("workflows")
    return CaseSandbox(SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH), pinned_under(version))
