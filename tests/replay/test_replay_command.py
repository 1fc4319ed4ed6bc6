"""`corridor replay` on a running server: which open cases would the present code strand?"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.commands.replay import Replayed, replay_cases
from tests.fixtures.world import PATIENCE_SECONDS, World
from tests.replay.scripts import at_rest
from workflows.messages.procure_to_pay import WORKFLOW_NAME, PurchaseInput


@workflow.defn(name=WORKFLOW_NAME)
class OtherCode:
    """A process under the same name that does something else."""

    @workflow.run
    async def run(self, _case: PurchaseInput) -> None:
        await workflow.sleep(timedelta(days=1))


async def replayed(client: Client, case: str) -> Replayed:
    """The one case; visibility shows it a moment after its start."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async for each in replay_cases(client, f"WorkflowId = '{case}'"):
                return each
            await asyncio.sleep(0.05)  # the server tells of new cases only when it is asked


async def test_a_case_of_this_code_goes_on(world: World) -> None:
    case = await world.start(world.requisition())
    await case.task("approval")
    await at_rest(case.handle)
    seen = await replayed(world.client, case.name)
    assert (seen.case_id, seen.failure) == (case.name, None)
    assert seen.events > 10


async def test_a_case_of_other_code_is_named_with_the_reason(world: World) -> None:
    runner = UnsandboxedWorkflowRunner()
    queue = "other-code"
    async with Worker(world.client, task_queue=queue, workflows=[OtherCode], workflow_runner=runner):
        with world.temporal.with_time_skipping_disabled():
            given = world.input_of(world.requisition())
            handle = await world.client.start_workflow(WORKFLOW_NAME, given, id=given.case_id, task_queue=queue)
        await at_rest(handle)
    seen = await replayed(world.client, given.case_id)
    assert seen.failure is not None
    assert "ondeterminism" in seen.failure


def test_the_command_says_when_no_server_answers() -> None:
    command = [sys.executable, "-m", "cli.main", "replay", "--address", "127.0.0.1:1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=os.environ)  # noqa: S603 - our own command
    assert run.returncode == 2
    assert "does not answer" in run.stderr
