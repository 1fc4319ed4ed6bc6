"""One timer that is kept until the instant that it waits for is another one."""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow

from workflows.questions import remaining


class Alarm:
    """`summary` is what the Web UI shows of its timer. `rung` says that the instant has come since it was set."""

    def __init__(self, summary: str) -> None:
        self._summary = summary
        self._at: datetime | None = None
        self._timer: asyncio.Task[None] | None = None
        self.rung = False

    def set(self, at: datetime | None) -> None:
        """Ring at that instant (UTC); None: never. A timer that runs to the same instant goes on."""
        if at == self._at and not self.rung:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at, self.rung = at, False
        self._timer = None if at is None else asyncio.create_task(self._ring(at))

    async def _ring(self, at: datetime) -> None:
        await workflow.sleep(remaining(at), summary=self._summary)
        self.rung = True
