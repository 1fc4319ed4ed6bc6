"""Cases as workflows: which run, and what they say of themselves."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.case import CaseSnapshot
from domain.outside_errors import TemporarilyUnavailableError
from domain.ports.evidence import InvalidCursorError
from domain.ports.running_cases import RunningPage, RunState

SYSTEM = "temporal"
_QUERY_TIMEOUT = timedelta(seconds=5)
_CALL_TIMEOUT = timedelta(seconds=10)
# The worker that could answer is busy or away: the case is asked again in the next round.
_SILENT = (
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.RESOURCE_EXHAUSTED,
)


class TemporalRunningCases:
    """`workflow_types` are the processes on `task_queue`; `query` is the name of the query that each answers with its
    snapshot.
    """

    def __init__(self, client: Client, workflow_types: Sequence[str], query: str, task_queue: str) -> None:
        self._client, self._types, self._query, self._queue = client, tuple(workflow_types), query, task_queue

    async def running(self, started_before: datetime, cursor: str | None, limit: int) -> RunningPage:
        types = ", ".join(f"'{name}'" for name in self._types)
        before = started_before.astimezone(UTC).isoformat()
        query = (
            f"ExecutionStatus = 'Running' AND TaskQueue = '{self._queue}' AND WorkflowType IN ({types}) "
            f"AND StartTime < '{before}'"
        )
        pages = self._client.list_workflows(
            query, page_size=limit, next_page_token=_token(cursor), rpc_timeout=_CALL_TIMEOUT
        )
        try:
            await pages.fetch_next_page(page_size=limit)
        except RPCError as error:
            raise _unavailable(error) from error
        following = base64.urlsafe_b64encode(pages.next_page_token).decode() if pages.next_page_token else None
        return RunningPage(case_ids=tuple(each.id for each in pages.current_page or ()), next_cursor=following)

    async def account(self, case_id: str) -> CaseSnapshot | None:
        handle = self._client.get_workflow_handle(case_id)
        try:
            answer = await handle.query(self._query, rpc_timeout=_QUERY_TIMEOUT)
            return CaseSnapshot.model_validate(answer)
        except (RPCTimeoutOrCancelledError, WorkflowQueryFailedError, ValidationError):
            return None
        except RPCError as error:
            if error.status in _SILENT:
                return None
            raise _unavailable(error) from error

    async def state(self, case_id: str) -> RunState:
        try:
            found = await self._client.get_workflow_handle(case_id).describe(rpc_timeout=_CALL_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return "unknown"
            raise _unavailable(error) from error
        return "running" if found.status is WorkflowExecutionStatus.RUNNING else "ended"


def _token(cursor: str | None) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(cursor) if cursor is not None else None
    except (ValueError, binascii.Error):
        raise InvalidCursorError("this is no place in the list of running cases") from None


def _unavailable(error: RPCError) -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(SYSTEM, error.status.name.lower(), error.message)
