"""A release on a running server: which version of the code gets new cases, and which cases stay where they are.

Cases of long processes move on to the version that is current. One that went through a patch of a newer version cannot
go back behind it: it is held at the version that it last ran under until the present code can go on with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.deployment.v1 import WorkerDeploymentInfo, WorkerDeploymentVersion
from temporalio.api.enums.v1 import RoutingConfigUpdateState, WorkerDeploymentVersionStatus
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from cli.processes import LONG_NAMES, PROCESSES
from cli.replaying import Replayed, query_of, replay_cases

PATIENCE = timedelta(minutes=1)
SPREADS_WITHIN = timedelta(seconds=10)
_LOOK_SECONDS = 0.2
_NOT_HEARD_OF = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
_STATUS = "WORKER_DEPLOYMENT_VERSION_STATUS_"


@dataclass(frozen=True)
class Version:
    """One version of the workers; `status` is current, ramping, draining (cases may be on it), drained or inactive."""

    build_id: str
    status: str


@dataclass(frozen=True)
class Standing:
    """`current` is empty for workers without a version; `percent` of new cases go to `ramping`."""

    current: str
    ramping: str
    percent: float
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Held:
    """A case that stays with a version, and why the code that it would go on under cannot take it."""

    case_id: str
    run_id: str
    build_id: str
    reason: str


class Deployment:
    """All workers of one name, in versions. Every call raises RPCError.

    The server takes a version only once it has heard of its workers from all task queues: that is waited for, for
    `patience`, and it refuses what it has not heard of by then.
    """

    def __init__(self, client: Client, name: str, patience: timedelta = PATIENCE) -> None:
        self._client, self.name, self._patience = client, name, patience

    async def standing(self) -> Standing:
        info = await self._info()
        routing = info.routing_config
        return Standing(
            current=routing.current_deployment_version.build_id,
            ramping=routing.ramping_deployment_version.build_id,
            percent=routing.ramping_version_percentage,
            versions=tuple(
                Version(each.deployment_version.build_id, _status(each.status)) for each in info.version_summaries
            ),
        )

    async def ramp(self, build_id: str, percent: float) -> bool:
        """Let so many of the new cases, and of those that may move, run under this version; 0 takes it back. Whether
        the server sends work by it already: it spreads the word to its task queues first."""
        request = SetWorkerDeploymentRampingVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self.name,
            build_id=build_id if percent else "",
            percentage=percent,
            identity=self._client.identity,
        )
        await self._taken(lambda: self._client.workflow_service.set_worker_deployment_ramping_version(request))
        return await self.settled()

    async def make_current(self, build_id: str) -> bool:
        """Let all new cases, and all that may move, run under this version; '' is workers without a version. Whether
        the server sends work by it already."""
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self.name,
            build_id=build_id,
            identity=self._client.identity,
        )
        await self._taken(lambda: self._client.workflow_service.set_worker_deployment_current_version(request))
        return await self.settled()

    async def roll_back(self, build_id: str, processes: Sequence[type] = PROCESSES) -> tuple[Held, ...]:
        """Let everything run under an earlier version again, whose code is that of `processes`: what has begun here
        goes no further first, and then the cases are held that cannot go back."""
        standing = await self.standing()
        if standing.ramping:
            await self.ramp(standing.ramping, 0)
        if standing.current != build_id:
            await self.make_current(build_id)
        held = []
        async for case in self._open_cases(processes):
            at = await self._version_of(case)
            if case.failure and at and at != build_id:
                await self._stay(case, at)
                held.append(Held(case.case_id, case.run_id, at, case.failure))
        return tuple(held)

    async def free(self, processes: Sequence[type] = PROCESSES) -> tuple[int, tuple[Held, ...]]:
        """Let cases that are held move on, as many as the code of `processes` can go on with; how many these were, and
        those that stay held."""
        freed, kept = 0, []
        async for case in self._open_cases(processes):
            at = await self._held_at(case)
            if at and case.failure:
                kept.append(Held(case.case_id, case.run_id, at, case.failure))
            elif at:
                await self._stay(case, None)
                freed += 1
        return freed, tuple(kept)

    def _open_cases(self, processes: Sequence[type]) -> AsyncIterator[Replayed]:
        return replay_cases(self._client, query_of(LONG_NAMES), processes=processes)

    async def _version_of(self, case: Replayed) -> str:
        """Under which version the case ran last; '' for none, or one of another deployment, or when it is closed."""
        seen = await self._client.get_workflow_handle(case.case_id, run_id=case.run_id).describe()
        at = seen.raw_description.workflow_execution_info.versioning_info.deployment_version
        return at.build_id if self._is_open(seen.status) and at.deployment_name == self.name else ""

    async def _held_at(self, case: Replayed) -> str:
        """Where the case was told to stay; '' when it may move."""
        seen = await self._client.get_workflow_handle(case.case_id, run_id=case.run_id).describe()
        at = seen.raw_description.workflow_execution_info.versioning_info.versioning_override.pinned.version
        return at.build_id if self._is_open(seen.status) and at.deployment_name == self.name else ""

    @staticmethod
    def _is_open(status: WorkflowExecutionStatus | None) -> bool:
        return status == WorkflowExecutionStatus.RUNNING

    async def _stay(self, case: Replayed, build_id: str | None) -> None:
        """Pin the case to a version, or with None let it move again."""
        options = WorkflowExecutionOptions()
        if build_id is not None:
            version = WorkerDeploymentVersion(deployment_name=self.name, build_id=build_id)
            pinned = VersioningOverride.PinnedOverride(
                behavior=VersioningOverride.PINNED_OVERRIDE_BEHAVIOR_PINNED, version=version
            )
            options = WorkflowExecutionOptions(versioning_override=VersioningOverride(pinned=pinned))
        await self._client.workflow_service.update_workflow_execution_options(
            UpdateWorkflowExecutionOptionsRequest(
                namespace=self._client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=case.case_id, run_id=case.run_id),
                workflow_execution_options=options,
                update_mask=FieldMask(paths=["versioning_override"]),
                identity=self._client.identity,
            )
        )

    async def _info(self) -> WorkerDeploymentInfo:
        answer = await self._client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=self.name)
        )
        return answer.worker_deployment_info

    async def _taken(self, call: Callable[[], Awaitable[object]]) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience.total_seconds()
        while True:
            try:
                await call()
            except RPCError as error:
                if error.status not in _NOT_HEARD_OF or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(_LOOK_SECONDS)  # workers say who they are when they first ask for work
            else:
                return

    async def settled(self) -> bool:
        """Wait until the server says that all of its task queues know; False when it does not soon. Changes that follow
        one another within seconds can leave it saying so for minutes, although work goes where it should."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SPREADS_WITHIN.total_seconds()):
                while True:
                    state = (await self._info()).routing_config_update_state
                    if state != RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS:
                        return True
                    await asyncio.sleep(_LOOK_SECONDS)  # the server tells only when it is asked
        return False


def _status(value: WorkerDeploymentVersionStatus.ValueType) -> str:
    return WorkerDeploymentVersionStatus.Name(value).removeprefix(_STATUS).lower()
