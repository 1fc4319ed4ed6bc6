"""A release on a running server: which version of the code gets new cases, and which cases stay where they are.

Cases of long processes move on to the version that is current. One that went through a patch of a newer version cannot
go back behind it: it is held at the version that it last ran under until the present code can go on with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
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

from cli.processes import LONG_NAMES, PROCESSES
from cli.replaying import Replayed, query_of, replay_cases

PATIENCE = timedelta(seconds=30)
_LOOK_SECONDS = 0.1
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
    """All workers of one name, in versions. Every call raises RPCError."""

    def __init__(self, client: Client, name: str) -> None:
        self._client, self._name = client, name

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

    async def ramp(self, build_id: str, percent: float) -> None:
        """Let so many of the new cases, and of those that may move, run under this version; 0 takes it back."""
        await self._client.workflow_service.set_worker_deployment_ramping_version(
            SetWorkerDeploymentRampingVersionRequest(
                namespace=self._client.namespace,
                deployment_name=self._name,
                build_id=build_id if percent else "",
                percentage=percent,
                identity=self._client.identity,
            )
        )
        await self._settled()

    async def make_current(self, build_id: str) -> None:
        """Let all new cases, and all that may move, run under this version; '' is workers without a version."""
        await self._client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self._client.namespace,
                deployment_name=self._name,
                build_id=build_id,
                identity=self._client.identity,
            )
        )
        await self._settled()

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
        return at.build_id if self._is_open(seen.status) and at.deployment_name == self._name else ""

    async def _held_at(self, case: Replayed) -> str:
        """Where the case was told to stay; '' when it may move."""
        seen = await self._client.get_workflow_handle(case.case_id, run_id=case.run_id).describe()
        at = seen.raw_description.workflow_execution_info.versioning_info.versioning_override.pinned.version
        return at.build_id if self._is_open(seen.status) and at.deployment_name == self._name else ""

    @staticmethod
    def _is_open(status: WorkflowExecutionStatus | None) -> bool:
        return status == WorkflowExecutionStatus.RUNNING

    async def _stay(self, case: Replayed, build_id: str | None) -> None:
        """Pin the case to a version, or with None let it move again."""
        options = WorkflowExecutionOptions()
        if build_id is not None:
            version = WorkerDeploymentVersion(deployment_name=self._name, build_id=build_id)
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
            DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=self._name)
        )
        return answer.worker_deployment_info

    async def _settled(self) -> None:
        """Until the server sends work as it was told to: it spreads the word to its task queues first."""
        async with asyncio.timeout(PATIENCE.total_seconds()):
            while True:
                state = (await self._info()).routing_config_update_state
                if state != RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS:
                    return
                await asyncio.sleep(_LOOK_SECONDS)  # the server tells only when it is asked


def _status(value: WorkerDeploymentVersionStatus.ValueType) -> str:
    return WorkerDeploymentVersionStatus.Name(value).removeprefix(_STATUS).lower()
