"""Sends each step to the queue of the outside system that it needs."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from workflows.steps.queues import queue_of, task_queue


class StepQueues(Interceptor):
    """An interceptor for workers whose steps wait on several queues. Without it all steps wait where the cases do.

    Replay does not compare queues: cases that began without it go on with it, and the other way round.
    """

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - the names are the SDK's
    ) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002 - the SDK's name
        if input.task_queue is None:
            given = input.args[0] if input.args else None
            input.task_queue = task_queue(workflow.info().task_queue, queue_of(input.activity, given))
        return super().start_activity(input)
