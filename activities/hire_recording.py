"""Recording what a step of a hire did, with the facts that came along and how far the plan is."""

from __future__ import annotations

from typing import Any

from activities.errors import own_store
from activities.hire_ports import Hiring
from activities.recording import Recorder
from workflows.steps.hire_inputs import HireStepInput


class HireRecording:
    """What the parts of a hire's steps share."""

    def __init__(self, ports: Hiring, recorder: Recorder) -> None:
        self._ports, self._recorder = ports, recorder

    async def _record(self, step: HireStepInput, kind: str, summary: str, **detail: Any) -> None:
        """Repeating it changes nothing."""
        await self._recorder.record(step, kind, summary, **detail)
        await self._show(step)

    async def _show(self, step: HireStepInput) -> None:
        if step.standing is not None:
            async with own_store():
                await self._ports.standings.record(step.standing)
