"""Signs of life: for as long as a step works, and only where somebody listens for them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.heartbeats import Heartbeats

QUICK = timedelta(milliseconds=4)


class Step(ActivityInboundInterceptor):
    """The innermost of a worker's interceptors: works until `beats` signs of life were seen, at least for a moment."""

    def __init__(self, beats: int, fails: bool = False) -> None:
        self.seen, self.tasks, self._enough, self._beats, self._fails = 0, 0, asyncio.Event(), beats, fails

    def see(self, *_: object) -> None:
        self.seen += 1
        if self.seen >= self._beats:
            self._enough.set()

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ARG002 - theirs
        self.tasks = len(asyncio.all_tasks())
        if self._fails:
            raise ValueError("broken")
        if self._beats:
            await self._enough.wait()
        return "done"


async def worked(step: Step, listens: timedelta | None) -> Any:
    """What the step returned, under a worker that listens for signs of life within `listens`."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_timeout=listens)
    environment.on_heartbeat = step.see

    async def run() -> Any:
        outer = Heartbeats().intercept_activity(step)
        return await outer.execute_activity(ExecuteActivityInput(fn=lambda: None, args=(), executor=None, headers={}))

    return await asyncio.wait_for(environment.run(run), 10)


async def test_a_step_that_works_on_gives_signs_of_life() -> None:
    step = Step(beats=3)
    assert await worked(step, QUICK) == "done"
    assert step.seen == 3


@pytest.mark.parametrize("step", [Step(beats=1), Step(beats=0, fails=True)], ids=["done", "failed"])
async def test_no_sign_comes_after_the_end(step: Step) -> None:
    before = asyncio.all_tasks()
    with contextlib.suppress(ValueError):
        await worked(step, QUICK)
    left = asyncio.all_tasks() - before
    await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), 10)
    assert all(each.cancelled() for each in left)


async def test_without_anybody_who_listens_nothing_beats() -> None:
    listened, alone = Step(beats=1), Step(beats=0)
    await worked(listened, QUICK)
    await worked(alone, None)
    assert (listened.tasks, alone.tasks, alone.seen) == (alone.tasks + 1, alone.tasks, 0)
