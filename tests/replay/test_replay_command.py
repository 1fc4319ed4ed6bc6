"""`corridor replay` on a running server: which open cases would the present code strand?"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import typer
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from adapters.key_files import key_files, new_ring
from adapters.temporal_payloads import data_converter
from cli.commands.replay import replay, replay_and_tell
from cli.processes import LONG_NAMES
from cli.replaying import Replayed, query_of, replay_cases
from tests.fixtures.world import PATIENCE_SECONDS, World
from tests.replay.scripts import at_rest
from workflows.messages.housekeeping import SEAL_EVIDENCE
from workflows.messages.procure_to_pay import WORKFLOW_NAME, PurchaseInput

OTHER_QUEUE = "other-code"


@workflow.defn(name=WORKFLOW_NAME)
class OtherCode:
    """A process under the same name that does something else."""

    @workflow.run
    async def run(self, _case: PurchaseInput) -> None:
        await workflow.sleep(timedelta(days=1))


@asynccontextmanager
async def other_code(client: Client) -> AsyncIterator[None]:
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=OTHER_QUEUE, workflows=[OtherCode], workflow_runner=runner):
        yield


async def started_by_other_code(world: World, client: Client | None = None) -> WorkflowHandle[object, object]:
    with world.temporal.with_time_skipping_disabled():
        given = world.input_of(world.requisition())
        handle = await (client or world.client).start_workflow(
            WORKFLOW_NAME, given, id=given.case_id, task_queue=OTHER_QUEUE
        )
    await at_rest(handle)
    return handle


async def waiting(world: World) -> str:
    case = await world.start(world.requisition())
    await case.task("approval")
    await at_rest(case.handle)
    return case.name


def any_of(cases: Sequence[str]) -> str:
    return " OR ".join(f"WorkflowId = '{case}'" for case in cases)


async def listed(client: Client, *cases: str) -> str:
    """A query for these cases, once visibility shows them all: it does a moment after their start."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if (await client.count_workflows(any_of(cases))).count == len(cases):
                return any_of(cases)
            await asyncio.sleep(0.05)  # the server tells of new cases only when it is asked


async def replayed(client: Client, *cases: str, limit: int | None = None) -> dict[str, Replayed]:
    query = await listed(client, *cases)
    return {each.case_id: each async for each in replay_cases(client, query, limit, at_once=2)}


async def test_those_that_would_get_stuck_are_told_from_those_that_go_on(world: World) -> None:
    sound = [await waiting(world) for _ in range(3)]
    async with other_code(world.client):
        strange = [(await started_by_other_code(world)).id for _ in range(2)]
    sound.append(await waiting(world))
    seen = await replayed(world.client, *sound, *strange)
    assert sorted(case for case, each in seen.items() if each.failure is None) == sorted(sound)
    assert sorted(case for case, each in seen.items() if each.failure) == sorted(strange)
    assert all(seen[case].events > 10 for case in sound)
    assert len(await replayed(world.client, *sound, limit=2)) == 2


async def test_the_reason_is_told_in_a_few_words(world: World) -> None:
    async with other_code(world.client):
        strange = await started_by_other_code(world)
    seen = (await replayed(world.client, strange.id))[strange.id]
    assert seen.type == WORKFLOW_NAME
    assert seen.failure is not None
    assert "ondeterminism" in seen.failure
    assert len(seen.failure) < 320


async def test_encrypted_cases_are_read_with_the_keys(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys")
    new_ring(folder, "payload", datetime.now(UTC))
    files = key_files(folder)
    assert files is not None
    config = world.client.config()
    config["data_converter"] = data_converter(files.payload)
    sealed = Client(**config)
    async with other_code(sealed):
        strange = await started_by_other_code(world, sealed)
    seen = (await replayed(sealed, strange.id))[strange.id]
    assert seen.failure is not None
    assert "ondeterminism" in seen.failure
    unread = (await replayed(world.client, strange.id))[strange.id]
    assert unread.failure != seen.failure


def test_all_processes_are_asked_for_by_default() -> None:
    query = query_of((*LONG_NAMES, SEAL_EVIDENCE))
    assert all(f"'{name}'" in query for name in (*LONG_NAMES, SEAL_EVIDENCE))
    assert query.endswith("(ExecutionStatus = 'Running')")
    since = query_of(LONG_NAMES, datetime(2026, 11, 2))  # noqa: DTZ001 - a day, as the command reads it
    assert since.endswith("(ExecutionStatus = 'Running' OR CloseTime >= '2026-11-02T00:00:00Z')")


async def test_the_command_ends_with_one_and_says_what_to_do(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    async with other_code(world.client):
        strange = await started_by_other_code(world)
    query = await listed(world.client, strange.id)
    assert await replay_and_tell(world.client, query, None, 4, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["replayed"], [each["case_id"] for each in told["broken"]]) == (1, [strange.id])
    assert await replay_and_tell(world.client, query, None, 4, as_json=False) == 1
    told = capsys.readouterr().out
    assert "1 case(s) replayed, 1 would get stuck." in told
    assert "workflow.patched" in told


def test_the_command_says_when_no_server_answers() -> None:
    command = [sys.executable, "-m", "cli.main", "replay", "--address", "127.0.0.1:1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ)  # noqa: S603 - our own command
    assert run.returncode == 2
    assert "does not answer" in run.stderr


def test_the_command_knows_the_processes() -> None:
    with pytest.raises(typer.BadParameter, match="InvoiceToPayment"):
        replay(types=["Nonesuch"])
