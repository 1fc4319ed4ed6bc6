"""Undoing what was done: last in, first out, each until it is done or a person has taken it over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from domain.tasks import Action
from workflows.case import Build, CaseWorkflow
from workflows.errors import StepFailure
from workflows.questions import ask_about_failure

PARKED_ACTIONS: tuple[Action, ...] = ("retry", "skip")


class Undo:
    """How one effect is undone; `needed` is asked before it, for effects that are known not to have happened. `key`
    names what had the effect, where a process undoes single things before its end."""

    def __init__(
        self, name: str, step: Callable[..., Any], build: Build, needed: Callable[[], bool], key: str = ""
    ) -> None:
        self.name, self.step, self.build, self.needed, self.key = name, step, build, needed, key


class UndoByHand:
    """What people have to take back: `ask` returns what they say of it once it is done."""

    def __init__(self, name: str, ask: Callable[[], Awaitable[str]], key: str = "") -> None:
        self.name, self.ask, self.key = name, ask, key


class Compensations:
    """Registered before the step that they undo, so that an effect whose answer was lost is undone as well."""

    def __init__(self, case: CaseWorkflow) -> None:
        self._case = case
        self._stack: list[Undo | UndoByHand] = []
        self.undone: list[str] = []

    def register(
        self,
        name: str,
        step: Callable[..., Any],
        build: Build,
        needed: Callable[[], bool] = lambda: True,
        key: str = "",
    ) -> Undo:
        undo = Undo(name, step, build, needed, key)
        self._stack.append(undo)
        return undo

    def register_by_hand(self, name: str, ask: Callable[[], Awaitable[str]], key: str = "") -> UndoByHand:
        undo = UndoByHand(name, ask, key)
        self._stack.append(undo)
        return undo

    def forget(self, undo: Undo | UndoByHand) -> None:
        """The effect stands for good, or a later step took it over."""
        if undo in self._stack:
            self._stack.remove(undo)

    def of(self, key: str) -> tuple[Undo | UndoByHand, ...]:
        """What would be undone of one thing, the last first."""
        return tuple(each for each in reversed(self._stack) if each.key == key)

    async def run(self) -> None:
        """Undo all that is registered. Each is repeated until it is done or somebody takes it over by hand.

        People are asked at once, and nothing that a system undoes waits for them.
        """
        by_hand = [each for each in reversed(self._stack) if isinstance(each, UndoByHand)]
        asked = [asyncio.create_task(self.at_once(each)) for each in by_hand]
        while automatic := [each for each in self._stack if isinstance(each, Undo)]:
            await self.at_once(automatic[-1])
        for task in asked:
            await task

    async def at_once(self, undo: Undo | UndoByHand) -> None:
        """Undo one, because something else takes the place of its effect."""
        if isinstance(undo, UndoByHand):
            said = await undo.ask()
            self._note(undo.name, f" ({said})" if said else "")
        elif undo.needed() and await self._undone(undo):
            self._note(undo.name)
        self.forget(undo)

    def _note(self, name: str, how: str = "") -> None:
        self.undone.append(name)
        self._case.file.note("undone", f"Undone: {name}{how}")

    async def _undone(self, undo: Undo) -> bool:
        """Every try has the same place on the timeline: what one recorded before it failed is not recorded again."""
        seq = self._case.file.next_seq()
        while True:
            result = await self._case.try_step(undo.step, undo.build, f"Undo: {undo.name}", seq)
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
