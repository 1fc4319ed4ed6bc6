"""The people: each looks at their worklist when something may wait for them, and answers as the stories say."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence

import httpx

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.play import CasePlay
from cli.demo.script import OpenTask, UnexpectedTaskError
from cli.demo.story import Answer
from domain.people import Person

_REPEATS = 30


class Desk:
    """A handful of workers go through the worklists of the people who are asked to look."""

    def __init__(self, api: DemoApi, people: Sequence[Person], plays: Mapping[str, CasePlay]) -> None:
        self._api, self._people, self._plays = api, people, plays
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: set[str] = set()

    def ask_to_look(self, play: CasePlay, task: OpenTask) -> None:
        """Have somebody look at their worklist who may answer the task. Nobody: the case fails."""
        person = self._who(play, task)
        if person is None:
            play.fail(f"nobody can log in who may answer '{task.slot}' ({task.role} at {task.facility})")
        elif person not in self._waiting:
            self._waiting.add(person)
            self._asked.put_nowait(person)

    def _who(self, play: CasePlay, task: OpenTask) -> str | None:
        request = play.example.request
        involved = (str(request["requester"]), str(request.get("on_behalf_of", "")))
        if task.kind in ("information", "receipt"):
            return next((person.person for person in self._people if person.person == involved[0]), None)
        for person in self._people:
            serves = task.facility in person.facilities or "*" in person.facilities
            if task.role in person.roles and serves and person.person not in involved:
                return person.person
        return None

    async def work(self) -> None:
        """Look at one worklist after the other, until cancelled."""
        while True:
            person = await self._asked.get()
            self._waiting.discard(person)
            try:
                await self._go_through(person)
            except (ProblemAnswerError, httpx.HTTPError) as error:
                self._blame(person, str(error) or type(error).__name__)

    async def _go_through(self, person: str) -> None:
        for item in await self._api.worklist(person):
            play = self._plays.get(str(item["case_id"]))
            if play is not None and not play.over:
                await self._consider(person, play, OpenTask.model_validate(item))

    def _blame(self, person: str, reason: str) -> None:
        """Every case that waits for this person cannot go on."""
        for play in self._plays.values():
            if not play.over and any(self._who(play, task) == person for task in play.tasks):
                play.refused(f"the worklist of {person}: {reason}")

    async def _consider(self, person: str, play: CasePlay, task: OpenTask) -> None:
        async with play.lock:
            if task.task_id in play.answered:
                return
            try:
                answer = play.script.answer_to(task)
            except UnexpectedTaskError as error:
                play.fail(str(error))
                return
            if answer is not None:
                await self._answer(person, play, task, answer)

    async def _answer(self, person: str, play: CasePlay, task: OpenTask, answer: Answer) -> None:
        body = {
            "decision_id": uuid.uuid4().hex,
            "action": answer.action,
            "subject_version": task.subject_version,
            "comment": answer.comment,
            "corrections": [each.model_dump(mode="json", exclude_none=True) for each in answer.corrections],
        }
        for _ in range(_REPEATS):
            try:
                record = await self._api.decide(person, task.task_id, body)
            except ProblemAnswerError as error:
                play.refused(f"{person}: {error}")
                return
            if record is not None:
                self._take(person, play, task, record)
                return
        play.fail(f"no answer to the decision of {person} on {task.task_id}")

    def _take(self, person: str, play: CasePlay, task: OpenTask, record: Mapping[str, object]) -> None:
        if record["status"] == "applied":
            play.answered.add(task.task_id)
            play.script.answered(task)
            play.changed.set()
        else:
            play.refused(f"the decision of {person} on {task.task_id} was ignored: {record['because']}")
