"""What the housekeeping asks for. Repeating a step changes nothing more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from temporalio import activity

from domain.model import Value
from workflows.messages.housekeeping import CaseDrift

Side = Literal["engine", "list"]
"""From which side cases are compared: those that run, or those that are shown as running."""


class SealedHeads(Value):
    """The checkpoint that was taken; `number` is 0 when there was nothing to seal."""

    number: int = 0
    hash: str = ""
    cases: int = 0


class ReconcileInput(Value):
    side: Side
    cursor: str | None = None


class ReconciledPage(Value):
    checked: int
    drifts: tuple[CaseDrift, ...] = ()
    next_cursor: str | None = None


class HousekeepingSteps(ABC):
    @activity.defn(name="take_checkpoint")
    @abstractmethod
    async def take_checkpoint(self) -> SealedHeads:
        """Take one checkpoint over cases that changed, and write it to the log."""

    @activity.defn(name="reconcile_page")
    @abstractmethod
    async def reconcile_page(self, page: ReconcileInput) -> ReconciledPage:
        """Compare one page of cases, and record their own account of those that are shown wrongly."""
