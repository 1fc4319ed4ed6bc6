"""What every process asks of Corridor's own store."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import activity

from workflows.steps.inputs import AnnounceResult, CloseCaseInput, StepInput


class CaseSteps(ABC):
    """Repeating a step changes nothing."""

    @activity.defn(name="announce")
    @abstractmethod
    async def announce(self, step: StepInput) -> AnnounceResult:
        """Put tasks on worklists, and tell the people whom the journal's notices name."""

    @activity.defn(name="close_case")
    @abstractmethod
    async def close_case(self, step: CloseCaseInput) -> None:
        """Free what the case still holds and record how it ended."""
