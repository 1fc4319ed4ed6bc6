"""Payloads that are bound to a case arrive wherever Temporal carries them: children, schedules, updates, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from adapters.temporal_payloads import data_converter
from domain.keys import KeyRing

RING = KeyRing("first", {"first": b"1" * 32})
ONCE = RetryPolicy(maximum_attempts=1)
PATIENCE_SECONDS = 30


@activity.defn
async def echo(text: str) -> str:
    if text == "fail":
        raise ApplicationError("failed as asked", {"text": text})
    return text


@workflow.defn
class Child:
    def __init__(self) -> None:
        self.told = ""

    @workflow.run
    async def run(self, parent: str) -> str:
        await workflow.wait_condition(lambda: bool(self.told))
        await workflow.get_external_workflow_handle(parent).signal("tell", f"child heard {self.told}")
        return f"child of {parent}"

    @workflow.signal
    def tell(self, text: str) -> None:
        self.told = text


@workflow.defn
class Everything:
    """Sends a value along every way that a process may use."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @workflow.run
    async def run(self, rounds: int, seen: list[str]) -> list[str]:
        info = workflow.info()
        seen.append(str(workflow.memo_value("note", type_hint=str)))
        seen.append(await workflow.execute_activity(echo, "activity", start_to_close_timeout=timedelta(seconds=5)))
        seen.append(await workflow.execute_local_activity(echo, "local", start_to_close_timeout=timedelta(seconds=5)))
        try:
            await workflow.execute_activity(
                echo, "fail", start_to_close_timeout=timedelta(seconds=5), retry_policy=ONCE, summary="fails"
            )
        except ActivityError as error:
            seen.append(str(error.cause))
        child = await workflow.start_child_workflow(Child.run, info.workflow_id, id=f"{info.workflow_id}-child")
        await child.signal(Child.tell, "hello")
        seen.append(await child)
        await workflow.wait_condition(lambda: bool(self.told))
        await workflow.sleep(0.001, summary="a short rest")
        if rounds > 1:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(args=[rounds - 1, seen + self.told], memo={"note": "again"})
        return seen + self.told

    @workflow.signal
    def tell(self, text: str) -> None:
        self.told.append(text)

    @workflow.query
    def heard(self, prefix: str) -> list[str]:
        return [prefix, *self.told]

    @workflow.update
    async def change(self, text: str) -> str:
        if text == "fail":
            raise ApplicationError("the change was refused")
        return f"changed to {text}"


@dataclass
class Sealed:
    client: Client
    queue: str


@pytest.fixture
async def sealed(temporal: WorkflowEnvironment) -> AsyncIterator[Sealed]:
    """A worker and a client that take nothing but what is bound to its own workflow."""
    plain = temporal.client
    client = Client(
        plain.service_client, namespace=plain.namespace, data_converter=data_converter(lambda: RING, "refuse")
    )
    queue = f"sealed-{uuid4().hex}"
    workers = Worker(
        client,
        task_queue=queue,
        workflows=[Everything, Child],
        activities=[echo],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with workers:
        yield Sealed(client, queue)


async def started(sealed: Sealed, temporal: WorkflowEnvironment) -> WorkflowHandle[Everything, list[str]]:
    with temporal.with_time_skipping_disabled():
        return await sealed.client.start_workflow(
            Everything.run,
            args=[2, []],
            id=f"everything-{uuid4().hex}",
            task_queue=sealed.queue,
            memo={"note": "first"},
            static_summary="a summary",
        )


async def test_every_way_of_a_value_is_open_to_its_own_workflow(sealed: Sealed, temporal: WorkflowEnvironment) -> None:
    handle = await started(sealed, temporal)
    assert await handle.execute_update(Everything.change, "x") == "changed to x"
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(Everything.change, "fail")
    assert str(refused.value.cause) == "the change was refused"
    seen = await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
    each_round = ["activity", "local", "failed as asked", f"child of {handle.id}"]
    assert [text for text in seen if text in each_round] == each_round * 2
    assert seen[0] == "first" and "again" in seen
    assert seen.count("child heard hello") == 2
    assert await handle.query(Everything.heard, "heard") == ["heard", "child heard hello"]
    assert await (await handle.describe()).memo_value("note", type_hint=str) == "again"
    first = sealed.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
    assert await (await first.describe()).static_summary() == "a summary"


async def test_what_a_schedule_is_given_arrives(sealed: Sealed) -> None:
    name = f"scheduled-{uuid4().hex}"
    action = ScheduleActionStartWorkflow(
        Child.run, "nobody", id=name, task_queue=sealed.queue, static_summary="a summary", memo={"note": "first"}
    )
    handle = await sealed.client.create_schedule(name, Schedule(action=action, spec=ScheduleSpec()))
    try:
        await handle.trigger()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (actions := (await handle.describe()).info.recent_actions):  # noqa: ASYNC110 - the server tells
                await asyncio.sleep(0.05)  # of its runs only when it is asked
        execution = actions[0].action
        assert isinstance(execution, ScheduleActionExecutionStartWorkflow)
        run = sealed.client.get_workflow_handle(execution.workflow_id)
        assert run.id.startswith(f"{name}-")
        history = await run.fetch_history()
        (given,) = history.events[0].workflow_execution_started_event_attributes.input.payloads
        assert given.metadata["encryption-case"].decode() == name
        await run.signal(Child.tell, "to nobody")
        with pytest.raises(Exception, match="Workflow execution failed") as failed:
            await asyncio.wait_for(run.result(), PATIENCE_SECONDS)
        assert "not found" in str(failed.value.__cause__).lower()
    finally:
        await handle.delete()
