"""How much work waits on task queues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from domain.outside_errors import TemporarilyUnavailableError

_TIMEOUT = timedelta(seconds=5)


async def waiting_steps(client: Client, task_queues: Sequence[str]) -> int:
    """Steps that wait for a worker on the queues, as the server estimates. Raises TemporarilyUnavailableError."""
    count = 0
    for name in task_queues:
        question = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=name),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
        try:
            answer = await client.workflow_service.describe_task_queue(question, timeout=_TIMEOUT)
        except RPCError as error:
            raise TemporarilyUnavailableError("temporal", error.status.name.lower(), error.message) from error
        count += answer.stats.approximate_backlog_count
    return count
