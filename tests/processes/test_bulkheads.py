"""Whole cases whose steps wait on a queue for each outside system."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from cli.queue_workers import Bulkheads
from domain.bulkheads import QUEUES, WorkQueue
from tests.fixtures.small_hospital import line
from tests.fixtures.world import World
from worker import build_workers
from workflows.steps.queues import QUEUE_OF_STEP, task_queue

FIRST_STEPS = {"check_requisition", "reserve_commitments", "announce"}


@asynccontextmanager
async def apart(world: World, serves: tuple[WorkQueue, ...] = QUEUES) -> AsyncIterator[World]:
    async with build_workers(world.client, world.ports(), Bulkheads(serves), world.task_queue):
        yield world


async def scheduled(handle: WorkflowHandle[Any, Any]) -> dict[str, str]:
    """Where each step waited, by its name."""
    history = await handle.fetch_history()
    asked = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    return {each.activity_type.name: each.task_queue.name for each in asked}


@pytest.fixture
def hospital(temporal: WorkflowEnvironment) -> World:
    return World(temporal)


async def test_each_step_of_a_purchase_waits_for_its_system(hospital: World) -> None:
    async with apart(hospital) as world:
        case = await world.start(world.requisition(line()))
        await case.decide("approval", "approve")
        for order in await case.ordered():
            await case.fulfil(order)
        assert (await case.result()).status == "completed"
    waited = await scheduled(case.handle)
    assert {"place_order", "send_order", "close_case"} <= set(waited)
    assert waited == {name: task_queue(world.task_queue, QUEUE_OF_STEP[name]) for name in waited}


async def test_several_workers_share_the_queues(hospital: World) -> None:
    mine: tuple[WorkQueue, ...] = ("cases", "mail")
    others = tuple(queue for queue in QUEUES if queue not in mine)
    async with apart(hospital, mine) as world:
        case = await world.start(world.requisition(line()))
        async with apart(hospital, others):
            await case.task("approval")
    assert set(await scheduled(case.handle)) >= FIRST_STEPS


async def test_a_case_that_began_without_bulkheads_goes_on_with_them_and_back(hospital: World) -> None:
    async with hospital.working() as world:
        case = await world.start(world.requisition(line()))
        await case.task("approval")
    async with apart(hospital):
        await case.decide("approval", "approve")
        order = (await case.ordered())[0]
    async with hospital.working():
        await case.fulfil(order)
        assert (await case.result()).status == "completed"
    waited = await scheduled(case.handle)
    assert waited["check_requisition"] == world.task_queue
    assert waited["place_order"] == f"{world.task_queue}-erp"
    assert waited["close_order"] == world.task_queue
