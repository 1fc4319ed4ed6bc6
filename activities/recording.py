"""A step's own entry on the timeline, with the facts that came along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from activities.errors import own_store
from domain.case import TimelineEntry
from domain.ports.evidence import EvidenceWriter
from workflows.steps.inputs import StepInput


class Recorder:
    """`clock` gives the instant (UTC) at which a step is recorded; decisions use the workflow's time."""

    def __init__(self, evidence: EvidenceWriter, clock: Callable[[], datetime]) -> None:
        self._evidence, self.clock = evidence, clock

    async def record(self, step: StepInput, kind: str, summary: str, **detail: Any) -> None:
        """Repeating it changes nothing."""
        entry = TimelineEntry(seq=step.seq, at=self.clock(), kind=kind, summary=summary, detail=detail)
        async with own_store():
            await self._evidence.record(step.journal.with_entry(entry))
