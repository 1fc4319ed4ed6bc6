"""A workflow that does nothing, in the shape of a case: as many activities, signals and timers, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client

from bench.driving import Answer, Handle, Subject
from bench.shapes import Kind, answers

QUEUE = "bare"


@activity.defn(name="nothing")
async def nothing() -> None:
    """An activity without effect."""


@workflow.defn(name="Bare")
class Bare:
    def __init__(self) -> None:
        self._signals = 0

    @workflow.run
    async def run(self, kinds: list[str]) -> None:
        waits = 0
        for kind in kinds:
            if kind == "step":
                await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=30))
            else:
                waits += 1
                await self._until(waits, timed=kind == "timed wait")

    async def _until(self, signals: int, timed: bool) -> None:
        timeout = timedelta(days=1) if timed else None
        await workflow.wait_condition(lambda: self._signals >= signals, timeout=timeout)

    @workflow.signal
    def go(self) -> None:
        self._signals += 1

    @workflow.query
    def signals(self) -> int:
        return self._signals


def subject(client: Client, kinds: Sequence[Kind]) -> Subject:
    async def start(number: int) -> Handle:
        return await client.start_workflow("Bare", list(kinds), id=f"bare-{number}", task_queue=QUEUE)

    def go(times: int) -> Answer:
        async def signal(handle: Handle) -> None:
            for _ in range(times):
                await handle.signal(Bare.go)

        return signal

    return Subject("bare workflow", start, answers(kinds, "nothing", go))
