"""The people who deal with hires: whoever is entitled to a task answers as the story says."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.hires.story import Days, HireReply, HireStory
from domain.people import Person

_REPEATS = 30
_GONE = ("task-closed", "stale-version", "task-unknown")
_DONE = HireReply(action="complete", comment="Done.")


class NobodyAnswersError(Exception):
    """A task that the story has no answer to, or that nobody may give."""


class HireDesk:
    """Answers the tasks of one hire. `raised` are the exceptions that were answered, by code."""

    def __init__(self, api: DemoApi, people: Sequence[Person], story: HireStory, days: Days, requester: str) -> None:
        self._api, self._people, self._story, self._days = api, people, story, days
        self._requester = requester
        self._answered: set[str] = set()
        self.raised: defaultdict[str, int] = defaultdict(int)

    async def answer(self, tasks: Sequence[Mapping[str, Any]], busy: bool) -> bool:
        """Answer every task that somebody deals with; True when there was one. While HR is still to do something, which
        is `busy`, nobody says whether the person came. Raises NobodyAnswersError.
        """
        taken = False
        for task in tasks:
            if task["status"] != "open" or task["task_id"] in self._answered:
                continue
            reply = None if busy and task["kind"] == "arrival" else self._said(task)
            if reply is not None:
                await self._answer_one(task, reply)
                taken = True
        return taken

    def _said(self, task: Mapping[str, Any]) -> HireReply | None:
        code = task.get("exception_code") or ""
        if {code, str(task["subject"].get("item", ""))} & set(self._story.leave):
            return None
        if task["kind"] == "approval":
            return self._story.approvals.get(str(task["level"]), HireReply(action="approve"))
        if task["kind"] == "arrival":
            return HireReply(action=self._story.arrival, comment="As the manager saw it.")
        if task["kind"] == "fulfilment":
            return _DONE
        if any(each.when == "asked" for each in self._story.acts) and code not in self._story.answers:
            return None
        said = self._story.answers.get(code, ())
        if self.raised[code] >= len(said):
            raise NobodyAnswersError(f"nobody answers '{code}' in the story: {task['why']}")
        return said[self.raised[code]]

    async def _answer_one(self, task: Mapping[str, Any], reply: HireReply) -> None:
        refusals = []
        for person in self._entitled(task, reply):
            try:
                record = await self._decided(person, task, reply)
            except ProblemAnswerError as error:
                if str(error.document.get("type", "")).endswith(_GONE):
                    self._answered.add(task["task_id"])
                    return
                refusals.append(f"{person}: {error}")
                continue
            if record["status"] == "applied" or record["because"] in _GONE:
                self._answered.add(task["task_id"])
                if task.get("exception_code"):
                    self.raised[str(task["exception_code"])] += 1
                return
            refusals.append(f"{person}: {record['because']}")
        raise NobodyAnswersError(f"nobody may answer '{task['slot']}': {'; '.join(refusals[:3]) or 'no such person'}")

    def _entitled(self, task: Mapping[str, Any], reply: HireReply) -> Iterator[str]:
        if reply.by is not None:
            yield reply.by
            return
        named = task["people"]
        for each in self._people:
            serves = task["facility"] in each.facilities or "*" in each.facilities
            own = each.person == self._requester and task["kind"] == "approval"
            if not own and (each.person in named if named else serves and task["role"] in each.roles):
                yield each.person

    async def _decided(self, person: str, task: Mapping[str, Any], reply: HireReply) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if reply.until is not None:
            said["until"] = self._days.resolve(reply.until).isoformat()
        if reply.worker is not None:
            said["worker_id"] = _worker_id(task["subject"], reply.worker)
        if task["kind"] == "fulfilment":
            said["reference"] = _reference(task)
        body = {
            "decision_id": uuid.uuid4().hex,
            "action": reply.action,
            "subject_version": task["subject_version"],
            "comment": reply.comment or "As agreed.",
            **({"hire": said} if said else {}),
        }
        for _ in range(_REPEATS):
            record = await self._api.decide(person, str(task["task_id"]), body)
            if record is not None:
                return record
        raise NobodyAnswersError(f"no answer to the decision of {person} on {task['task_id']}")


def _reference(task: Mapping[str, Any]) -> str:
    """A number such as whoever did it would give, another one for each task: 'BADGE-3020-7'."""
    hire, _, count = str(task["task_id"]).partition(":")
    what = str(task["subject"].get("target") or "stock").upper()
    return f"{what}-{hire.rpartition('-')[-1]}-{count.rpartition('.')[-1]}"


def _worker_id(subject: Any, number: str) -> str:
    """The id of the candidate with this number, wherever in the question it stands."""
    text = json.dumps(subject)
    found = [each for each in _candidates(json.loads(text)) if each.get("worker_number") == number]
    if not found:
        raise NobodyAnswersError(f"the question names no worker {number}")
    return str(found[0]["worker_id"])


def _candidates(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "worker_id" in value:
            yield value
        for inner in value.values():
            yield from _candidates(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _candidates(inner)
