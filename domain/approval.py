"""What each decision does: the ledger of a case's open questions and answers.

A timeout may remind, escalate or reject; nothing here approves without an applied decision of a person who is
entitled to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.people import Actor
from domain.tasks import Action, Decision, DecisionRecord, IgnoredBecause, Task

_NEEDS_COMMENT: frozenset[Action] = frozenset({"reject", "return", "skip", "accept", "cancel", "cancel-line", "record"})
_NEEDS_CORRECTION: frozenset[Action] = frozenset({"correct"})


def refusal(task: Task, actor: Actor, action: Action, on_behalf_of: str | None = None) -> IgnoredBecause | None:
    """Why `actor` may not take `action` on `task`, or None when they may.

    The gateway and the workflow both ask this function, so that what one refuses the other refuses as well.
    """
    if actor.person in task.excluded or (on_behalf_of is not None and on_behalf_of in task.excluded):
        return "requester-may-not-decide"
    if not entitled(task, actor):
        return "not-authorised"
    if action not in task.actions:
        return "action-not-offered"
    return None


def entitled(task: Task, actor: Actor) -> bool:
    """Whether the task belongs on the actor's worklist: the person is named, or holds the role at the facility."""
    if task.people:
        return actor.person in task.people
    return actor.has_role(task.role) and actor.serves(task.facility)


def visible(task: Task, actor: Actor) -> bool:
    """Whether the actor may act on the task at all, whichever action."""
    return entitled(task, actor) and actor.person not in task.excluded


def missing_content(decision: Decision) -> IgnoredBecause | None:
    """Whether the action lacks the reason or the correction that it needs."""
    if decision.action in _NEEDS_COMMENT and not decision.comment.strip():
        return "comment-required"
    if decision.action in _NEEDS_CORRECTION and not decision.corrections:
        return "correction-required"
    return None


def _same_answer(first: Decision, again: Decision) -> bool:
    """Whether `again` is `first` sent once more: a later token or clock does not make it another answer."""
    renewed = again.model_copy(update={"decided_at": first.decided_at, "actor": first.actor})
    return renewed == first and again.actor.person == first.actor.person


class ApprovalLedger:
    """The open tasks of a case and every decision that came in, in order of arrival."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._records: dict[str, DecisionRecord] = {}
        self._repeats: list[DecisionRecord] = []

    def open(self, task: Task) -> None:
        """Ask a question. Raises ValueError when its id was used before (an id names one question for ever), or when
        it is answered already.
        """
        if task.task_id in self._tasks:
            raise ValueError(f"task {task.task_id} was opened before")
        if task.status != "open":
            raise ValueError(f"task {task.task_id} is {task.status}")
        self._tasks[task.task_id] = task

    def task(self, task_id: str) -> Task:
        return self._tasks[task_id]

    def open_tasks(self) -> tuple[Task, ...]:
        return tuple(task for task in self._tasks.values() if task.status == "open")

    def tasks(self) -> tuple[Task, ...]:
        return tuple(self._tasks.values())

    def records(self) -> tuple[DecisionRecord, ...]:
        """All that was decided or tried, repeats left out."""
        return tuple(self._records.values())

    def repeats(self) -> tuple[DecisionRecord, ...]:
        """Decisions that came under an id that was used before, the same again or another, in order of arrival."""
        return tuple(self._repeats)

    def record_of(self, decision_id: str) -> DecisionRecord | None:
        return self._records.get(decision_id)

    def applied_to(self, task_id: str) -> DecisionRecord | None:
        """The decision that closed the task, if one did."""
        for record in self._records.values():
            if record.status == "applied" and record.decision.task_id == task_id:
                return record
        return None

    def decide(self, decision: Decision, now: datetime) -> DecisionRecord:
        """Apply a decision, or record why it is ignored. A repeated `decision_id` changes nothing.

        The same answer again gets the record of the first; another answer under the same id is told that it is not
        the one that counts.
        """
        known = self._records.get(decision.decision_id)
        if known is not None:
            repeat = DecisionRecord(decision=decision, status="ignored", because="duplicate", recorded_at=now)
            self._repeats.append(repeat)
            return known if _same_answer(known.decision, decision) else repeat
        because = self._why_ignored(decision)
        status: Literal["applied", "ignored"] = "ignored" if because else "applied"
        record = DecisionRecord(decision=decision, status=status, because=because, recorded_at=now)
        self._records[decision.decision_id] = record
        if because is None:
            self._close(decision.task_id, "done", decision.action, now)
        return record

    def cancel(self, task_id: str, now: datetime, outcome: str) -> Task:
        """Take a question back: escalated, overtaken or withdrawn. A closed task stays as it is."""
        if self._tasks[task_id].status == "open":
            self._close(task_id, "cancelled", outcome, now)
        return self._tasks[task_id]

    def _why_ignored(self, decision: Decision) -> IgnoredBecause | None:
        task = self._tasks.get(decision.task_id)
        if task is None:
            return "unknown-task"
        if task.status != "open":
            return "task-closed"
        if decision.subject_version != task.subject_version:
            return "stale-version"
        return refusal(task, decision.actor, decision.action, decision.on_behalf_of) or missing_content(decision)

    def _close(self, task_id: str, status: Literal["done", "cancelled"], outcome: str, now: datetime) -> None:
        self._tasks[task_id] = self._tasks[task_id].model_copy(
            update={"status": status, "outcome": outcome, "closed_at": now}
        )
