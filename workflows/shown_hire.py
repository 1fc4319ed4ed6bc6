"""How a hire stays true to what it shows, and pays as little as it can for that: what its branches have to say at one
moment is said in one step, how far the plan is travels with the steps that have an effect, only a case that has
come to rest is shown by a step of its own, and one that closes in the same breath is not shown to wait for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

from domain.case import Journal, Notice
from domain.hire_plan import ItemState
from domain.tasks import Task
from workflows.case import STEP_RETRIES, WITH_OUR_STORE, WITH_SYSTEMS, Build, CaseWorkflow, Patience, Step
from workflows.errors import CONTRACT_DRIFT, REFUSED, StepFailure
from workflows.hire_board import Board
from workflows.messages.hire_to_provision import HireInput
from workflows.one_voice import OneVoice, in_short
from workflows.starting import hire_snapshot
from workflows.steps.hire_inputs import HireStepInput, SettleHireInput
from workflows.steps.hiring import HiringSteps
from workflows.steps.inputs import AnnounceResult, StepInput

Given = TypeVar("Given", bound=HireStepInput)

# Each step carries how far the plan is, some hundred kilobytes at most; all that begins at one moment goes to the
# server in one message, of which it takes 4 MB.
STEPS_AT_ONCE = 12
# Of steps that run side by side so many carry it; the others are shown with the next one.
CARRIERS = 2
NOTES_AT_ONCE = 4
# How far the plan is, is recorded by the steps that have an effect, as long as they come to an end soon. The first try
# is one by itself, so that the case hears of it when it does not: what such a step carries is then recorded without it.
FIRST_TRY = Patience(replace(STEP_RETRIES, maximum_attempts=1), in_queue=timedelta(seconds=30))
FURTHER_TRIES = Patience(
    replace(
        STEP_RETRIES,
        initial_interval=STEP_RETRIES.initial_interval * STEP_RETRIES.backoff_coefficient,
        maximum_attempts=STEP_RETRIES.maximum_attempts - 1,
    )
)
# What the same step would be answered again.
FINAL = (REFUSED, CONTRACT_DRIFT)
# Always carried: to ask somebody is to show whom the hire waits for, and its end shows in nothing else.
CARRYING: tuple[type[HireStepInput], ...] = (HireStepInput, SettleHireInput)

SHOW = "Show how far the hire is"


class Load:
    """What a step brings to the record: the `version` of the board that it shows, if any, and what is for people. It
    is known once the step is built."""

    def __init__(self, board: Board, build: Build) -> None:
        self._board, self._build = board, build
        self.version: int | None = None
        self.tasks: tuple[Task, ...] = ()
        self.notices: tuple[Notice, ...] = ()

    def __call__(self, journal: Journal, seq: int) -> StepInput:
        given = self._build(journal, seq)
        if isinstance(given, HireStepInput) and given.standing is not None:
            self.version = self._board.version
        self.tasks, self.notices = journal.tasks, journal.notices
        return given


class ShownHire(CaseWorkflow):
    """`carrying_out` says that the plan is carried out: whatever happens then is shown, be it by a step of its own.
    `closing` says that nothing is left to do but to close. That takes a moment, for which the case stays to be found by
    whom it waited for last: lists of those ask for open cases. It ends with the first step that does not succeed."""

    def __init__(self, start: HireInput) -> None:
        super().__init__(hire_snapshot(start), start.policy, (start.hire.requester,))
        self.board = Board(start.hire, start.policy, start.submitted_at)
        self.carrying_out = False
        self.closing = False
        self._voice = OneVoice(self._state, self._speak)
        self._steps = 0
        self._under_way: list[Load] = []
        self._steps_lane, self._notes_lane = asyncio.Semaphore(STEPS_AT_ONCE), asyncio.Semaphore(NOTES_AT_ONCE)

    async def try_step(self, step: Step, build: Build, summary: str, seq: int | None = None) -> Any | StepFailure:
        await self.go_ahead()  # nobody who is held up holds up others
        async with self._steps_lane:
            self._steps += 1
            try:
                return await super().try_step(step, build, summary, seq)
            finally:
                self._steps -= 1

    async def _tried(
        self, step: Step, build: Build, summary: str, seq: int | None, patience: Patience = WITH_SYSTEMS
    ) -> Any | StepFailure:
        if not ((self.carrying_out or self.closing) and self.speaks_at_rest):
            return await super()._tried(step, build, summary, seq, patience)
        await self.go_ahead()
        result = await self._first_try(step, build, summary, seq)
        if not isinstance(result, StepFailure) or result.held or result.kind in FINAL:
            return result
        return await super()._tried(step, build, summary, seq, FURTHER_TRIES)

    async def _first_try(self, step: Step, build: Build, summary: str, seq: int | None) -> Any | StepFailure:
        """Counts among the steps that come to an end soon."""
        load = Load(self.board, build)
        self._under_way.append(load)
        try:
            result = await super()._tried(step, load, summary, seq, FIRST_TRY)
        finally:
            self._under_way.remove(load)
        if isinstance(result, StepFailure):
            self.closing = False
        self._voice.look()
        return result

    async def own_step(self, step: Step, build: Build, summary: str, patience: Patience = WITH_OUR_STORE) -> Any:
        async with self._notes_lane:
            if self.closing:
                try:
                    return await super().own_step(step, build, summary, FIRST_TRY)
                except ActivityError:
                    self.closing = False
                    self.file.publish()
            return await super().own_step(step, build, summary, patience)

    # Showing

    @property
    def speaks_at_rest(self) -> bool:
        """Whether what is to be shown waits until all branches have gone as far as they can, and the steps under way
        with them."""
        return workflow.patched("hires-speak-at-rest")

    def publish(self) -> None:
        if self.speaks_at_rest:
            self._voice.look()
        else:
            super().publish()

    def _state(self) -> object:
        return self.file.last_seq, self.file.snapshot.version, self.board.version, len(self._under_way)

    @property
    def busy(self) -> bool:
        """Whether a step is under way that comes to its end soon, so that there will be more to show."""
        return bool(self._under_way)

    @property
    def _more_to_come(self) -> bool:
        """Whether there is soon more to show, or the case is closed by then."""
        return self.closing or (self.carrying_out and self.busy)

    async def _speak(self, words: Sequence[str]) -> AnnounceResult:
        """At the end of a moment, say what is to be said; or record what nothing under way brings to its record. That
        somebody need not be waited for any more is shown with what comes of it; all else in this very moment."""
        if words or not self._more_to_come or self.file.phase_changed:
            self.file.publish()
        if words or self._is_behind():
            return await self._note(in_short(words) or SHOW)
        return AnnounceResult()

    def _is_behind(self) -> bool:
        if not self.carrying_out or self.ended is not None or self.busy:
            return False
        return self.file.unrecorded or (self.board.planned and not self.board.shown)

    async def _note(self, summary: str) -> AnnounceResult:
        version, load = self.board.version, Load(self.board, self.given(HireStepInput))
        self._under_way.append(load)
        try:
            result: AnnounceResult = await self.own_step(HiringSteps.note_standing, load, summary)
        finally:
            self._under_way.remove(load)
        self.board.recorded(version)
        self._voice.look()
        return result

    def journal(self) -> Journal:
        """Facts travel with every step that follows from them; what is on its way to people is not sent twice."""
        journal = super().journal()
        tasks = [task for load in self._under_way for task in load.tasks]
        notices = [notice for load in self._under_way for notice in load.notices]
        left = {
            "tasks": tuple(each for each in journal.tasks if each not in tasks),
            "notices": tuple(each for each in journal.notices if each not in notices),
        }
        return journal.model_copy(update=left) if tasks or notices else journal

    async def silence(self) -> None:
        """Wait until all that was to be said is said."""
        await self._voice.silence()

    def given(self, model: type[Given], /, done: str = "", **fields: Any) -> Callable[[Any, int], Given]:
        """Builds the input of a step that, once it has succeeded, has `done` this item. A field that is a function is
        asked each time."""

        presumed: dict[str, ItemState] = {done: "done"} if done else {}

        def build(journal: Any, seq: int) -> Given:
            carries = self._carries(model)
            standing = self.board.standing(self.file.snapshot, presumed) if carries else None
            now = {name: field() if callable(field) else field for name, field in fields.items()}
            return model(journal=journal, seq=seq, standing=standing, **now)

        return build

    def _carries(self, model: type[HireStepInput]) -> bool:
        """Whether a step shows how far the plan is: nothing is carried twice at one time."""
        if not self.speaks_at_rest:
            return model is HireStepInput or self._steps <= CARRIERS
        return model in CARRYING or not (
            self.board.shown or any(load.version == self.board.version for load in self._under_way)
        )

    async def announce(self, summary: str) -> AnnounceResult:
        """Put new tasks on worklists, have people told, and show how far the plan is."""
        if self.speaks_at_rest:
            return await self._voice.say(summary)
        self.file.publish()
        version = self.board.version
        result: AnnounceResult = await self.own_step(HiringSteps.note_standing, self.given(HireStepInput), summary)
        self.board.recorded(version)
        return result

    async def quiet(self) -> None:
        """Record what no step has carried yet."""
        if self.speaks_at_rest:
            self._voice.look()
        elif self.file.unrecorded or (self.board.planned and not self.board.shown):
            await self.announce(SHOW)
