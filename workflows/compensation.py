"""Undoing what was done: last in, first out, each until it is done or a person has taken it over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.tasks import Action
from workflows.case import Build, CaseWorkflow
from workflows.errors import StepFailure
from workflows.questions import ask_about_failure

PARKED_ACTIONS: tuple[Action, ...] = ("retry", "skip")


class Undo:
    """How one effect is undone; `needed` is asked before it, for effects that are known not to have happened."""

    def __init__(self, name: str, step: Callable[..., Any], build: Build, needed: Callable[[], bool]) -> None:
        self.name, self.step, self.build, self.needed = name, step, build, needed


class Compensations:
    """Registered before the step that they undo, so that an effect whose answer was lost is undone as well."""

    def __init__(self, case: CaseWorkflow) -> None:
        self._case = case
        self._stack: list[Undo] = []

    def register(
        self, name: str, step: Callable[..., Any], build: Build, needed: Callable[[], bool] = lambda: True
    ) -> Undo:
        undo = Undo(name, step, build, needed)
        self._stack.append(undo)
        return undo

    def forget(self, undo: Undo) -> None:
        """The effect stands for good, or a later step took it over."""
        if undo in self._stack:
            self._stack.remove(undo)

    async def run(self) -> None:
        """Undo all that is registered. Each is repeated until it is done or somebody takes it over by hand."""
        while self._stack:
            await self.at_once(self._stack[-1])

    async def at_once(self, undo: Undo) -> None:
        """Undo one, because something else takes the place of its effect."""
        if undo.needed() and await self._undone(undo):
            self._case.file.note("undone", f"Undone: {undo.name}")
        self.forget(undo)

    async def _undone(self, undo: Undo) -> bool:
        while True:
            result = await self._case.try_step(undo.step, undo.build, f"Undo: {undo.name}")
            if not isinstance(result, StepFailure):
                return True
            decision = await ask_about_failure(self._case, result, f"Undo: {undo.name}", "compensation", PARKED_ACTIONS)
            if decision is not None and decision.action == "skip":
                self._case.file.note(
                    "undo.taken-over",
                    f"To be undone by hand: {undo.name}. {decision.comment}",
                    actor=decision.actor.person,
                )
                return False
