"""The case on every line that is logged while one of its steps runs, whoever logs it."""

from __future__ import annotations

from typing import Any

import structlog
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor


class CaseLogContext(Interceptor):
    """An interceptor for workers. A case's id is its workflow's id."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - theirs
        return _Bound(next)


class _Bound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        with structlog.contextvars.bound_contextvars(
            case_id=info.workflow_id, step=info.activity_type, attempt=info.attempt
        ):
            return await super().execute_activity(input)
