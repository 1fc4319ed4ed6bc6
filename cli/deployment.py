"""Preparing and probing a deployment whose parts somebody else runs, through nothing but their addresses."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

POLL_AGE_LIMIT = timedelta(minutes=3)  # an idle worker polls anew at least each minute
REGISTERED_TYPES: Mapping[str, "IndexedValueType.ValueType"] = {
    "Bool": IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
    "Datetime": IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    "Double": IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
    "Int": IndexedValueType.INDEXED_VALUE_TYPE_INT,
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "Text": IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
}


@dataclass(frozen=True)
class TemporalServer:
    """A Temporal server and the namespace in it that is Corridor's."""

    client: Client

    @classmethod
    async def connect(cls) -> Self:
        """Connect as the environment says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS ...)."""
        return cls(await Client.connect(**ClientConfig.load_client_connect_config()))

    async def ensure_namespace(self, retention_days: int) -> bool:
        """Make the namespace unless it exists; True if it was made. Closed cases stay visible
        `retention_days`.
        """
        request = RegisterNamespaceRequest(
            namespace=self.client.namespace,
            workflow_execution_retention_period=Duration(seconds=retention_days * 86_400),
        )
        try:
            await self.client.workflow_service.register_namespace(request)
        except RPCError as error:
            if error.status == RPCStatusCode.ALREADY_EXISTS:
                return False
            raise
        return True

    async def ensure_search_attributes(self, wanted: Mapping[str, str]) -> Sequence[str]:
        """Register the missing ones and return their names; raises ValueError for one with another type."""
        operator = self.client.operator_service
        present = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=self.client.namespace))
        missing: dict[str, Any] = {}
        for name, kind in wanted.items():
            registered = present.custom_attributes.get(name)
            if registered is None:
                missing[name] = REGISTERED_TYPES[kind]
            elif registered != REGISTERED_TYPES[kind]:
                raise ValueError(f"The search attribute {name} exists with another type than {kind}.")
        if missing:
            await operator.add_search_attributes(
                AddSearchAttributesRequest(namespace=self.client.namespace, search_attributes=missing)
            )
        return list(missing)

    async def is_polled_from_here(self, task_queue: str, now: datetime) -> bool:
        """Whether a worker on this host took work, or asked for it, within the last minutes."""
        answer = await self.client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self.client.namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
        oldest = now - POLL_AGE_LIMIT
        return any(
            poller.identity.endswith(f"@{socket.gethostname()}")
            and poller.last_access_time.ToDatetime(tzinfo=UTC) >= oldest
            for poller in answer.pollers
        )


async def gateway_is_ready(url: str) -> bool:
    """Whether the gateway at `url` says that it can work."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            return (await client.get(f"{url}/readyz")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
