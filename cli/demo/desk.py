"""The people: each looks at their worklist when something may wait for them, and answers as the stories say."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.play import CasePlay
from cli.demo.script import OpenTask, UnexpectedTaskError
from cli.demo.story import Answer
from domain.people import Person

_REPEATS = 30


@dataclass(frozen=True)
class _Reply:
    """What one person says to one task of one case."""

    play: CasePlay
    task: OpenTask
    answer: Answer


class Desk:
    """A handful of workers go through the worklists of the people who are asked to look."""

    def __init__(self, api: DemoApi, people: Sequence[Person], plays: Mapping[str, CasePlay]) -> None:
        self._api, self._people, self._plays = api, people, plays
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: set[str] = set()

    async def all_looked(self) -> None:
        """Wait until everybody has looked who was asked to."""
        await self._asked.join()

    def ask_to_look(self, play: CasePlay, task: OpenTask) -> None:
        """Have somebody look at their worklist who is to answer the task now. Nobody: the case fails."""
        answer = _answer_to(play, task)
        if answer is None:
            return
        person = next((each.person for each in self._people if _may_answer(each, play, task, answer)), None)
        if person is None:
            play.fail(f"nobody can log in who may answer '{task.slot}' ({task.role} at {task.facility})")
        elif person not in self._waiting:
            self._waiting.add(person)
            self._asked.put_nowait(person)

    async def work(self) -> None:
        """Look at one worklist after the other, until cancelled."""
        while True:
            person = await self._asked.get()
            self._waiting.discard(person)
            try:
                await self._go_through(next(each for each in self._people if each.person == person))
            except (ProblemAnswerError, httpx.HTTPError) as error:
                self._blame(person, str(error) or type(error).__name__)
            finally:
                self._asked.task_done()

    async def _go_through(self, person: Person) -> None:
        together: dict[str, list[_Reply]] = defaultdict(list)
        for item in await self._api.worklist(person.person):
            play, task = self._plays.get(str(item["case_id"])), OpenTask.model_validate(item)
            if play is None or play.over:
                continue
            async with play.lock:
                reply = _reply(person, play, task)
                if reply is not None and reply.answer.together is None:
                    await self._answer(person.person, reply)
            if reply is not None and reply.answer.together is not None:
                together[reply.answer.together].append(reply)
        for name, replies in together.items():
            if len(replies) == sum(name in play.script.story.decides_together for play in self._plays.values()):
                await self._answer_many(person.person, replies)

    def _blame(self, person: str, reason: str) -> None:
        """Every case that waits for this person cannot go on."""
        for play in self._plays.values():
            if not play.over and any(self._waits_for(person, play, task) for task in play.tasks):
                play.refused(f"the worklist of {person}: {reason}")

    def _waits_for(self, person: str, play: CasePlay, task: OpenTask) -> bool:
        answer = _answer_to(play, task)
        known = next((each for each in self._people if each.person == person), None)
        return answer is not None and known is not None and _may_answer(known, play, task, answer)

    async def _answer(self, person: str, reply: _Reply) -> None:
        body, play, task = _body(reply), reply.play, reply.task
        for _ in range(_REPEATS):
            try:
                record = await self._api.decide(person, task.task_id, body)
            except ProblemAnswerError as error:
                play.refused(f"{person}: {error}")
                return
            if record is not None:
                _take(person, reply, record)
                return
        play.fail(f"no answer to the decision of {person} on {task.task_id}")

    async def _answer_many(self, person: str, replies: Sequence[_Reply]) -> None:
        """All in one call; each is taken or refused by itself. Sent again under the same ids while a case is silent."""
        decisions = [{"task_id": each.task.task_id, **_body(each)} for each in replies]
        async with AsyncExitStack() as locks:
            for each in sorted(replies, key=lambda each: each.play.case_id):
                await locks.enter_async_context(each.play.lock)
            if any(each.task.task_id in each.play.answered for each in replies):
                return
            for _ in range(_REPEATS):
                items = await self._api.decide_many(person, decisions)
                if all(item["status"] != "pending" for item in items):
                    break
            for reply, item in zip(replies, items, strict=True):
                if item["status"] == "applied":
                    _take(person, reply, item["record"])
                else:
                    reply.play.refused(f"{person}, together with others: {item['status']} {item['problem'] or ''}")


def _answer_to(play: CasePlay, task: OpenTask) -> Answer | None:
    """What the story has somebody answer to the task now; None when nobody does. What it does not foresee is a fault
    of the case.
    """
    if task.task_id in play.answered:
        return None
    try:
        return play.script.answer_to(task)
    except UnexpectedTaskError as error:
        play.fail(str(error))
        return None


def _reply(person: Person, play: CasePlay, task: OpenTask) -> _Reply | None:
    answer = _answer_to(play, task)
    if answer is None or not _may_answer(person, play, task, answer):
        return None
    return _Reply(play, task, answer)


def _may_answer(person: Person, play: CasePlay, task: OpenTask, answer: Answer) -> bool:
    """Whether the answer is this person's to give: as the story says, else by themselves and in nobody's place."""
    request = play.example.request
    if task.kind in ("information", "receipt"):
        return person.person == str(request["requester"])
    if person.person in play.approvers[task.task_id]:
        return False
    if answer.by is not None:
        return person.person == answer.by
    if person.person in (request["requester"], request.get("on_behalf_of")):
        return False
    if task.people:
        return person.person in task.people
    return task.role in person.roles and (task.facility in person.facilities or "*" in person.facilities)


def _body(reply: _Reply) -> dict[str, Any]:
    answer = reply.answer
    return {
        "decision_id": uuid.uuid4().hex,
        "action": answer.action,
        "subject_version": reply.task.subject_version,
        "comment": answer.comment,
        "corrections": [each.model_dump(mode="json", exclude_none=True) for each in answer.corrections],
        **({"on_behalf_of": answer.behalf} if answer.behalf is not None else {}),
    }


def _take(person: str, reply: _Reply, record: Mapping[str, object]) -> None:
    if record["status"] == "applied":
        reply.play.took(person, reply.task, reply.answer)
    else:
        reply.play.refused(f"the decision of {person} on {reply.task.task_id} was ignored: {record['because']}")
