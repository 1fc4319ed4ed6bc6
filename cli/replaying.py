"""Open cases of a server, replayed against the code that is checked out here: a few histories in memory at a time."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.converter import DefaultFailureConverter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from cli.case_runners import sandbox
from cli.processes import PROCESSES
from worker import interceptors

AT_ONCE = 4
"""Histories that are fetched ahead. One may have 50 MB, most have less than a thousandth of it."""
LONGEST_REASON = 300


@dataclass(frozen=True)
class Replayed:
    """One case; `failure` says why the present code cannot go on with it, None when it can."""

    case_id: str
    run_id: str
    type: str
    events: int
    failure: str | None


def query_of(types: Sequence[str], closed_since: datetime | None = None) -> str:
    """The open cases of these processes, and those that closed since then (UTC), as a visibility query."""
    named = ", ".join(f"'{each}'" for each in types)
    ended = "" if closed_since is None else f" OR CloseTime >= '{closed_since:%Y-%m-%dT%H:%M:%SZ}'"
    return f"WorkflowType IN ({named}) AND (ExecutionStatus = 'Running'{ended})"


async def replay_cases(
    client: Client,
    query: str,
    limit: int | None = None,
    at_once: int = AT_ONCE,
    processes: Sequence[type] = PROCESSES,
) -> AsyncIterator[Replayed]:
    """Replay each case that the visibility query finds, the first `limit` of them, under the code of `processes`.

    A case that closed meanwhile counts too; one that the server no longer has is left out. Raises RPCError.
    """
    found: deque[WorkflowExecution] = deque()
    async with (
        aclosing(_histories(client, query, limit, at_once, found)) as histories,
        replayer_of(client, processes).workflow_replay_iterator(histories) as results,
    ):
        async for result in results:
            case, events = found.popleft(), len(result.history.events)
            yield Replayed(case.id, case.run_id, case.workflow_type, events, _reason(result.replay_failure))


async def _histories(
    client: Client, query: str, limit: int | None, at_once: int, found: deque[WorkflowExecution]
) -> AsyncGenerator[WorkflowHistory, None]:
    """The histories in the order of `found`, into which each case is put before its history is handed out."""
    ahead: deque[tuple[WorkflowExecution, asyncio.Task[WorkflowHistory | None]]] = deque()

    async def first() -> AsyncIterator[WorkflowHistory]:
        case, fetching = ahead.popleft()
        history = await fetching
        if history is not None:
            found.append(case)
            yield history

    try:
        async for case in client.list_workflows(query, limit=limit):
            ahead.append((case, asyncio.create_task(_history(client, case))))
            if len(ahead) >= at_once:
                async for history in first():
                    yield history
        while ahead:
            async for history in first():
                yield history
    finally:
        for _, fetching in ahead:
            fetching.cancel()


async def _history(client: Client, case: WorkflowExecution) -> WorkflowHistory | None:
    try:
        return await client.get_workflow_handle(case.id, run_id=case.run_id).fetch_history()
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise


def replayer_of(client: Client, processes: Sequence[type] = PROCESSES) -> Replayer:
    """Replays as a worker runs, with the client's keys. Failures stay in this process, so they are told in words, not
    encrypted."""
    return Replayer(
        workflows=processes,
        workflow_runner=sandbox(),
        interceptors=interceptors(),
        data_converter=replace(client.data_converter, failure_converter_class=DefaultFailureConverter),
        namespace=client.namespace,
    )


def _reason(failure: Exception | None) -> str | None:
    """What the SDK says, without the dump of its structures around it."""
    if failure is None:
        return None
    message = re.search(r'message: "(.*?)", source', str(failure))
    reason = message[1] if message else str(failure)
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} ..."
