"""What an answer to a question about a hire must say, so that the right person gets the right account.

The gateway and the workflow both ask this, as part of `domain.approval.missing_content`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.tasks import Action, Decision, HireAnswer, IgnoredBecause, Task

HIRE_CASES = "hire-to-provision."
_NAMES_WORKER: frozenset[Action] = frozenset({"revive", "link"})
_NOTHING_SAID = HireAnswer()


def is_about_hire(task: Task) -> bool:
    return task.case_id.startswith(HIRE_CASES)


def hire_answer_refusal(task: Task, decision: Decision) -> IgnoredBecause | None:
    """Why the answer does not count for what it says, or fails to say, of the hire; None when it may.

    Who links or revives names one of the workers that the question is about: anybody else's record stays out of reach.
    A mitigation holds until a day after the question was asked.
    """
    if not is_about_hire(task):
        return "correction-not-allowed" if decision.hire is not None else None
    if decision.corrections or decision.invoice:
        return "correction-not-allowed"
    said = decision.hire or _NOTHING_SAID
    if decision.action in _NAMES_WORKER:
        return _worker_refusal(task, said)
    if decision.action == "correct" and said.user_name is None:
        return "user-name-required"
    if decision.action == "mitigate" and (said.until is None or said.until <= task.opened_at.date()):
        return "until-required"
    return None


def _worker_refusal(task: Task, said: HireAnswer) -> IgnoredBecause | None:
    if said.worker_id is None:
        return "worker-required"
    return None if said.worker_id in candidates_of(task) else "worker-unknown"


def candidates_of(task: Task) -> frozenset[str]:
    """The ids of the workers that the question names, wherever in its subject they stand, and their numbers, which is
    what people know them by."""
    return frozenset(_worker_ids(task.subject))


def _worker_ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "worker_id" and isinstance(inner, str) and inner:
                yield inner
                yield from (each for each in (value.get("worker_number"),) if isinstance(each, str) and each)
            else:
                yield from _worker_ids(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _worker_ids(inner)
