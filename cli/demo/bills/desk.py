"""The people who deal with bills and payments: whoever is entitled to a task answers as the story says."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.bills.story import BillAnswer
from domain.people import Person

Answers = Mapping[str, Sequence[BillAnswer]]
_REPEATS = 30


class NobodyAnswersError(Exception):
    """A task that the story has no answer to, or that nobody may give."""


class BillDesk:
    """Answers the tasks of one case after the other. `words` replaces '{word}' in corrections, by case."""

    def __init__(self, api: DemoApi, people: Sequence[Person]) -> None:
        self._api, self._people = api, people
        self._answered: defaultdict[str, set[str]] = defaultdict(set)
        self._given: defaultdict[tuple[str, str], int] = defaultdict(int)

    async def answer(self, tasks: Sequence[Mapping[str, Any]], answers: Answers, words: Mapping[str, str]) -> None:
        """Answer every open task that still needs somebody. Raises NobodyAnswersError."""
        for task in tasks:
            if task["status"] == "open" and len(self._answered[task["task_id"]]) < int(task["needs"]):
                await self._answer_one(task, self._said(task, answers), words)

    def given(self, case_id: str, code: str) -> int:
        """How often an exception of the case was answered."""
        return self._given[(case_id, code)]

    def _said(self, task: Mapping[str, Any], answers: Answers) -> BillAnswer:
        code = task.get("exception_code")
        if code is None:
            action = "release" if task["slot"] == "payments/release" else "approve"
            return BillAnswer.model_validate({"action": action})
        given = self._given[(str(task["case_id"]), code)]
        said = answers.get(code, ())
        if given >= len(said):
            raise NobodyAnswersError(f"nobody answers '{code}' in the story: {task['why']}")
        return said[given]

    async def _answer_one(self, task: Mapping[str, Any], answer: BillAnswer, words: Mapping[str, str]) -> None:
        refusals = []
        for person in self._entitled(task, answer):
            try:
                record = await self._decided(person, task, answer, words)
            except ProblemAnswerError as error:
                if error.document.get("type", "").endswith(("task-closed", "stale-version")):
                    return
                refusals.append(f"{person}: {error}")
                continue
            if record["status"] == "applied":
                self._took(task, person)
                return
            if record["because"] in ("task-closed", "stale-version"):
                return  # it was answered, or changed, while this person looked at it
            refusals.append(f"{person}: {record['because']}")
        raise NobodyAnswersError(f"nobody may answer '{task['slot']}': {'; '.join(refusals[:4]) or 'no such person'}")

    def _took(self, task: Mapping[str, Any], person: str) -> None:
        answered = self._answered[task["task_id"]]
        answered.add(person)
        code = task.get("exception_code")
        if code is not None and len(answered) >= int(task["needs"]):
            self._given[(str(task["case_id"]), code)] += 1

    def _entitled(self, task: Mapping[str, Any], answer: BillAnswer) -> list[str]:
        if answer.by is not None:
            return [answer.by]
        named = task["people"]
        return [
            each.person
            for each in self._people
            if each.person not in self._answered[task["task_id"]]
            and (each.person in named if named else _holds(each, task))
        ]

    async def _decided(
        self, person: str, task: Mapping[str, Any], answer: BillAnswer, words: Mapping[str, str]
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "decision_id": uuid.uuid4().hex,
            "action": answer.action,
            "subject_version": task["subject_version"],
            "comment": answer.comment,
        }
        if answer.invoice is not None:
            body["invoice"] = _worded(answer.invoice, words)
        if answer.call_back:
            now = datetime.now(UTC).isoformat()
            body["call_back"] = {"phone": "+1 555 0100", "spoken_with": "Their bookkeeper", "called_at": now}
        for _ in range(_REPEATS):
            record = await self._api.decide(person, str(task["task_id"]), body)
            if record is not None:
                return record
        raise NobodyAnswersError(f"no answer to the decision of {person} on {task['task_id']}")


def _holds(person: Person, task: Mapping[str, Any]) -> bool:
    serves = task["facility"] in person.facilities or "*" in person.facilities
    return serves and task["role"] in person.roles


def _worded(correction: Mapping[str, Any], words: Mapping[str, str]) -> Any:
    text = json.dumps(correction)
    for word, meaning in words.items():
        text = text.replace(f"{{{word}}}", meaning)
    return json.loads(text)
