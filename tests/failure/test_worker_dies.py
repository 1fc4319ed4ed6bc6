"""A worker dies in the middle of a step that may take minutes: another one has the step within seconds."""

from __future__ import annotations

import asyncio

from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from cli.case_runners import sandbox
from tests.fixtures.invoice_world import InvoiceWorld
from tests.fixtures.world import PATIENCE_SECONDS
from workflows.messages.payment_run import COLLECT_BANK_MESSAGES, CollectResult
from workflows.payment_schedules import CollectBankMessages
from workflows.steps.payment_inputs import CollectInput


class Dead:
    """Takes one step and is never heard of again, which is all that the server sees of a worker that was killed."""

    def __init__(self) -> None:
        self.taken, self.over = asyncio.Event(), asyncio.Event()

    @activity.defn(name="collect_bank_messages")
    async def take(self, _: CollectInput) -> None:
        self.taken.set()
        await self.over.wait()

    async def worker(self, world: InvoiceWorld) -> Worker:
        """On a connection of its own, as that of another process."""
        address = world.client.service_client.config.target_host
        return Worker(
            await Client.connect(address, data_converter=pydantic_data_converter),
            task_queue=world.task_queue,
            workflows=[CollectBankMessages],
            activities=[self.take],
            workflow_runner=sandbox(),
            max_concurrent_activities=1,
        )


async def test_the_bank_is_heard_soon_after_a_worker_died(temporal: WorkflowEnvironment) -> None:
    world, dead = InvoiceWorld(temporal), Dead()
    async with await dead.worker(world), asyncio.timeout(PATIENCE_SECONDS):
        try:
            handle = await world.client.start_workflow(
                COLLECT_BANK_MESSAGES,
                id=f"collect-{world.name}",
                task_queue=world.task_queue,
                result_type=CollectResult,
            )
            await dead.taken.wait()
            async with world.working():
                assert await handle.result() == CollectResult(messages=0, facts=0, unknown=0)
        finally:
            dead.over.set()
