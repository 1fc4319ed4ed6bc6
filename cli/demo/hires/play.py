"""One hire under way: taken in, answered, corrected, seen through to where only time moves it on or it has ended."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from cli.demo.api import HIRES_READER, DemoApi, ProblemAnswerError
from cli.demo.hires.desk import HireDesk, NobodyAnswersError
from cli.demo.hires.equipment import EquipmentPlayers
from cli.demo.hires.files import HrDesk
from cli.demo.hires.story import Days, HireAct, HireExample, Moment, hire_body
from cli.demo.hires.writing import Ended
from domain.hire import Hire
from domain.hire_file import EndKind
from domain.hire_plan import SETTLED
from domain.people import Person

HIRED, CHANGED, ENDED = "corridor.hr.hired", "corridor.hr.hire-changed", "corridor.hr.hire-ended"
_LOOK_AGAIN_SECONDS, _REPEATS, _LOOKS_AT_REST = 2.5, 30, 2
_STAGE_SECONDS = 60.0
_EARLY = frozenset({"", "submitted", "identification"})
_ACTIONS = {"correct": "correct-hire", "rescind": "rescind", "withdraw": "withdraw"}
_ENDS: Mapping[str, EndKind] = {"rescind": "rescinded", "no-show": "no-show", "wrong-person": "wrong-person"}
_FAULTS = (ProblemAnswerError, NobodyAnswersError, httpx.HTTPError, ValueError)


class HirePlay:
    """What is known of one hire. `view` is its plan with how far it is, empty before there is one; `identified` is set
    once it is known who the person is, or that nobody says so."""

    def __init__(self, example: HireExample) -> None:
        self.example, self.case_id = example, example.case_id
        self.snapshot: Mapping[str, Any] = {}
        self.tasks: Sequence[Mapping[str, Any]] = ()
        self.view: Mapping[str, Any] = {}
        self.changed, self.identified = asyncio.Event(), asyncio.Event()
        self.failure = ""
        self.finished = False
        self.acts = list(example.story.acts)

    @property
    def version(self) -> int:
        return int(self.snapshot.get("version", 0))

    @property
    def stage(self) -> str:
        return str(self.snapshot.get("stage", ""))

    @property
    def over(self) -> bool:
        return bool(self.failure) or self.finished

    def fail(self, reason: str) -> None:
        """The first reason stands."""
        self.failure = self.failure or reason
        self.identified.set()
        self.changed.set()


class HirePlayer:
    """Plays one hire. `days` are those of its facility."""

    def __init__(
        self,
        api: DemoApi,
        people: Sequence[Person],
        play: HirePlay,
        days: Days,
        equipment: EquipmentPlayers,
        files: HrDesk,
    ) -> None:
        self._api, self._play, self._days, self._equipment, self._files = api, play, days, equipment, files
        story, hire = play.example.story, play.example.hire
        self._desk = HireDesk(api, people, story, days, str(hire["requester"]))
        self._hire = dict(hire)
        self._rested = 0
        self._rested_version, self._rests_until = -1, 0.0
        self._plans = 0

    async def come(self) -> None:
        """The hire comes in by the API or by an event, as its story says; what is in a file comes with the file."""
        example = self._play.example
        body = hire_body(example.hire, self._days)
        try:
            if example.via == "event":
                told = str((await self._api.report(HIRED, example.number, body))["case_id"])
            elif example.via == "api":
                told = await self._api.post_hire(example.posted_by, body)
            else:
                return
        except _FAULTS as error:
            self._play.fail(str(error) or type(error).__name__)
            return
        if told != self._play.case_id:
            self._play.fail(f"the API calls the case {told}")

    async def run(self, after: HirePlay | None, deadline_seconds: float) -> None:
        """Until nothing but time moves it on. Whatever goes wrong is the failure of the play."""
        play = self._play
        try:
            async with asyncio.timeout(deadline_seconds):
                if after is not None:
                    await after.identified.wait()
                    self._files.hired(self.listed())
                while not play.over:
                    play.changed.clear()
                    await self._look()
                    await self._go_on()
        except TimeoutError:
            waits = [f"{each['slot']}" for each in play.tasks]
            open_items = [f"{each['key']} {each['state']}" for each in self._unsettled()]
            play.fail(f"not at rest within {deadline_seconds:g} s: stage {play.stage}, {waits}, {open_items}")
        except _FAULTS as error:
            play.fail(str(error) or type(error).__name__)
        finally:
            play.identified.set()
            self._files.nothing_of(play.example.number)

    def listed(self) -> Hire:
        """The hire as HR knows it now."""
        return Hire.model_validate(hire_body(self._hire, self._days))

    async def _look(self) -> None:
        play = self._play
        try:
            detail = await self._api.case(play.case_id, HIRES_READER)
        except ProblemAnswerError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            return  # what HR told is taken before its case has recorded anything
        play.snapshot, play.tasks = detail["case"], detail["tasks"]
        if play.stage not in _EARLY:
            play.identified.set()
        for case_id in play.snapshot.get("linked", ()):
            self._equipment.follow(str(case_id), play.example)

    async def _go_on(self) -> None:
        play = self._play
        if play.stage == "closed":
            play.view = await self._api.hire(play.case_id) or {}
            play.finished = True
            return
        act = self._due("approval" if self._asks("approval") else "asked" if self._asks("exception") else None)
        if act is not None:
            await self._act(act)
            return
        planned = await self._planned_anew()
        if await self._desk.answer(play.tasks, busy=bool(play.acts) or not planned):
            self._rested = 0
            return
        await self._rest(planned)

    def _asks(self, kind: str) -> bool:
        return any(each["kind"] == kind and each["status"] == "open" for each in self._play.tasks)

    def _due(self, moment: Moment | None) -> HireAct | None:
        acts = self._play.acts
        return acts[0] if acts and acts[0].when == moment else None

    async def _rest(self, planned: bool) -> None:
        """Nobody has anything to do; seen twice, time alone moves it on. `planned`: by the plan that holds now."""
        play = self._play
        play.view = await self._api.hire(play.case_id) or {}
        self._rested = self._rested + 1 if planned and self._at_rest() else 0
        if self._rested >= _LOOKS_AT_REST:
            act = self._due("at-rest")
            if act is not None:
                await self._act(act)
            elif play.acts:
                raise ValueError(f"the story waits for '{play.acts[0].when}', and nothing happens any more")
            else:
                play.finished = play.example.story.expect.stage != "closed" and self._stage_is_known()
            self._rested = 0
            if play.finished or act is not None:
                return
        try:
            async with asyncio.timeout(_LOOK_AGAIN_SECONDS / (1 + self._rested)):
                await play.changed.wait()
        except TimeoutError:
            return

    def _stage_is_known(self) -> bool:
        """A busy case shows the stage that it is in after the items that led to it; whoever is told a wrong one has
        waited for another."""
        play, now = self._play, time.monotonic()
        if play.version != self._rested_version:
            self._rested_version, self._rests_until = play.version, now + _STAGE_SECONDS
        return play.stage == play.example.story.expect.stage or now >= self._rests_until

    def _at_rest(self) -> bool:
        return bool(self._play.view) and not any(self._moves(each) for each in self._unsettled())

    async def _planned_anew(self) -> bool:
        """Whether the correction that HR told of, if any, is part of the plan."""
        if self._plans and await self._count_plans() >= self._plans:
            self._plans = 0
        return not self._plans

    async def _count_plans(self) -> int:
        timeline = await self._api.timeline(self._play.case_id, HIRES_READER)
        return sum(entry["kind"] == "plan.changed" for entry in timeline)

    def _unsettled(self) -> list[Mapping[str, Any]]:
        return [each for each in self._play.view.get("items", ()) if each["state"] not in SETTLED]

    def _moves(self, item: Mapping[str, Any]) -> bool:
        """Whether something will happen to it today without anybody of the story doing more."""
        story = self._play.example.story
        if item["state"] == "waiting":
            if item["kind"] == "equipment":
                return self._equipment_moves(item)
            left = {str(item["key"]), str(item["exception_code"])} & set(story.leave)
            return not (left or (item["kind"] == "arrival" and self._play.acts))
        if item["state"] != "planned":
            return True
        later = item["from_on"] is not None and item["from_on"] > self._days.today.isoformat()
        return not (later or set(item["after"]) & {str(each["key"]) for each in self._unsettled()})

    def _equipment_moves(self, item: Mapping[str, Any]) -> bool:
        """What is to be delivered moves until it is there, what is promised until the supplier has said when."""
        play = self._equipment.plays.get(str(item["linked_case"]))
        if play is not None and play.failure:
            raise ValueError(f"{item['linked_case']}: {play.failure}")
        if self._play.example.story.equipment == "deliver":
            return True
        return play is None or not play.ordered.is_set() or item["expected_on"] is None or play.stage != "delivery"

    # What HR does

    async def _act(self, act: HireAct) -> None:
        self._play.acts.remove(act)
        if act.do == "correct":
            self._hire.update(act.change)
            self._plans = await self._count_plans() + 1 if act.when == "at-rest" else 0
        if act.via == "file":
            self._write(act)
        elif act.via == "event":
            await self._report(act)
        else:
            await self._ask(act)

    def _write(self, act: HireAct) -> None:
        example = self._play.example
        if act.do == "correct":
            self._files.corrected(self.listed())
        else:
            self._files.ended(Ended(example.facility, example.number, _ENDS[act.do], act.reason))

    async def _ask(self, act: HireAct) -> None:
        asked: dict[str, Any] = {"action_id": uuid.uuid4().hex, "comment": act.reason}
        if act.do == "correct":
            asked["hire"] = hire_body(self._hire, self._days)
        for _ in range(_REPEATS):
            record = await self._api.act(act.by, self._play.case_id, _ACTIONS[act.do], asked)
            if record is not None:
                break
        else:
            raise ValueError(f"no answer to '{act.do}'")
        if record["status"] != "applied":
            raise ValueError(f"'{act.do}' was ignored: {record['because']}")

    async def _report(self, act: HireAct) -> None:
        example = self._play.example
        if act.do == "correct":
            outcome = await self._api.report(CHANGED, example.number, hire_body(self._hire, self._days))
        else:
            kind = _ENDS[act.do]
            ended = {"number": example.number, "facility": example.facility, "kind": kind, "reason": act.reason}
            outcome = await self._api.report(ENDED, example.number, ended)
        record = outcome.get("record") or {}
        if record.get("status") == "ignored":
            raise ValueError(f"'{act.do}' was ignored: {record.get('because')}")
