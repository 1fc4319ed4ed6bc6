"""A worker that is told to stop in the middle of a step ends that step itself: nobody has to take it again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from domain.case import case_id
from domain.requisition import Requisition
from tests.fixtures.small_hospital import line, policy
from tests.fixtures.temporal import temporal_executable
from tests.fixtures.world import PATIENCE_SECONDS, actor
from workflows import search_attributes
from workflows.messages import procure_to_pay as messages

ROOT = Path(__file__).resolve().parents[2]
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'cases'::regclass"


class WorkerProcess:
    """The worker as a deployment runs it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.said = process, ""

    async def until(self, event: str) -> None:
        assert self.process.stdout
        while event not in self.said:
            line = await self.process.stdout.readline()
            assert line, f"it ended before it said {event}:\n{self.said}"
            self.said += line.decode()


@asynccontextmanager
async def worker(variables: Mapping[str, str]) -> AsyncIterator[WorkerProcess]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "worker"),
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield WorkerProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def start_purchase(client: Client) -> str:
    requisition = Requisition(
        number="REQ-1",
        facility="north",
        requester="nina",
        need_by=datetime.now(UTC).date(),
        deliver_to="Ward 3",
        lines=(line(),),
    )
    name = case_id("procure-to-pay", requisition.facility, requisition.number)
    given = messages.PurchaseInput(
        case_id=name,
        requisition=requisition,
        policy=policy(),
        submitted_at=datetime.now(UTC),
        submitted_by=actor("nina"),
        request_sha256="f" * 64,
    )
    await client.start_workflow(messages.WORKFLOW_NAME, given, id=name, task_queue="drained")
    return name


async def test_a_step_under_way_ends_before_its_worker_does(
    evidence_dsn: str, reference_erp_dsn: str, tmp_path: Path
) -> None:
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_executable(),
        data_converter=pydantic_data_converter,
        search_attributes=list(search_attributes.REGISTERED),
    )
    variables = {
        "TEMPORAL_ADDRESS": environment.client.service_client.config.target_host,
        "CORRIDOR_TASK_QUEUE": "drained",
        "CORRIDOR_DATABASE_DSN": evidence_dsn,
        "CORRIDOR_ERP_DSN": reference_erp_dsn,
        "CORRIDOR_DRAIN_SECONDS": "60",
        "CORRIDOR_BANK_OUTBOX": str(tmp_path),
        "CORRIDOR_BANK_INBOX": str(tmp_path),
    }
    async with environment, worker(variables) as ours, asyncio.timeout(PATIENCE_SECONDS * 6):
        await ours.until("worker.started")
        people, watcher = await asyncpg.connect(evidence_dsn), await asyncpg.connect(evidence_dsn)
        holding = people.transaction()
        await holding.start()
        await people.execute("LOCK TABLE cases IN EXCLUSIVE MODE")  # whoever records waits, and readers do not
        handle = environment.client.get_workflow_handle(await start_purchase(environment.client))
        while not await watcher.fetchval(WAITS):
            pass
        ours.process.send_signal(signal.SIGTERM)
        await ours.until("worker.stopping")
        await holding.rollback()
        assert await ours.process.wait() == 0
        events = (await handle.fetch_history()).events
        await people.close()
        await watcher.close()
    (started,) = [each for each in events if each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED]
    assert started.activity_task_started_event_attributes.attempt == 1
    assert [each for each in events if each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
