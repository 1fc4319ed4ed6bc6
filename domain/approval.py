"""What each decision does: the ledger of a case's open questions and answers.

A timeout may remind, escalate or reject; nothing here approves without applied decisions of as many persons as the
question needs, each entitled to it by themselves or by a delegation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from domain.correction_rights import beyond_the_action
from domain.delegating import authority_refusal
from domain.delegation import DelegatedAuthority
from domain.duties import Duty, DutyDone
from domain.entitlement import entitled, visible
from domain.hire_answers import hire_answer_refusal, is_about_hire
from domain.people import Actor
from domain.policy.model import DelegationRule, SegregationRule
from domain.reassigning import change_refusal, reassigned
from domain.segregation import acting, decision_conflict
from domain.tasks import Action, Decision, DecisionRecord, IgnoredBecause, Task, TaskChange, TaskChangeRecord

__all__ = ["ApprovalLedger", "entitled", "may_decide_for", "missing_content", "refusal", "visible"]

_NEEDS_COMMENT: frozenset[Action] = frozenset(
    {
        "reject",
        "return",
        "skip",
        "accept",
        "cancel",
        "cancel-line",
        "record",
        "verify",
        "return-to-supplier",
        "not-duplicate",
        "short-pay",
        "resend",
        "clear",
        "stop",
        "complete",
    }
)
_NEEDS_CORRECTION: frozenset[Action] = frozenset({"correct", "map", "code", "link"})
_ONE_OF_SEVERAL: frozenset[Action] = frozenset({"approve", "confirm"})
_NO_LIMITS = DelegationRule()
_ADDED_ON_THE_WAY = ("actor", "decided_at", "authority", "family_duties", "overrides")


def refusal(
    task: Task,
    actor: Actor,
    action: Action,
    on_behalf_of: str | None = None,
    authority: DelegatedAuthority | None = None,
    at: datetime | None = None,
    delegation_rule: DelegationRule = _NO_LIMITS,
) -> IgnoredBecause | None:
    """Why `actor` may not take `action` on `task`, or None when they may.

    Who acts on behalf of somebody needs that person's authority, valid at the instant `at`: without either the decision
    is refused, whatever the actor may do themselves. The gateway and the workflow both ask this function, so that what
    one refuses the other refuses as well.
    """
    people = {actor.person, on_behalf_of} - {None}
    if people & set(task.excluded):
        return "requester-may-not-decide"
    if people & set(task.approved_by):
        return "already-approved"
    because = _not_entitled(task, actor, on_behalf_of, authority, at, delegation_rule)
    if because is not None:
        return because
    return None if action in task.actions else "action-not-offered"


def _not_entitled(
    task: Task,
    actor: Actor,
    on_behalf_of: str | None,
    authority: DelegatedAuthority | None,
    at: datetime | None,
    rule: DelegationRule,
) -> IgnoredBecause | None:
    if on_behalf_of is None:
        return None if entitled(task, actor) else "not-authorised"
    if authority is None or at is None:
        return "delegation-not-valid"
    return authority_refusal(authority, task, actor, on_behalf_of, at, rule)


def may_decide_for(
    task: Task,
    actor: Actor,
    authorities: Sequence[DelegatedAuthority],
    at: datetime,
    delegation_rule: DelegationRule = _NO_LIMITS,
) -> tuple[str, ...]:
    """Those on whose behalf the actor may decide the task at that instant, for the worklist of a substitute."""
    return tuple(
        authority.delegator.person
        for authority in authorities
        if refusal(task, actor, task.actions[0], authority.delegator.person, authority, at, delegation_rule) is None
    )


def missing_content(decision: Decision, task: Task | None = None) -> IgnoredBecause | None:
    """Whether the action lacks the reason or the correction that it needs, or brings one that is not its own. What is
    said of a hire is looked at where the `task` is given.
    """
    if decision.action in _NEEDS_COMMENT and not decision.comment.strip():
        return "comment-required"
    about_hire = task is not None and is_about_hire(task)
    corrected = decision.corrections or decision.invoice or about_hire
    if decision.action in _NEEDS_CORRECTION and not corrected:
        return "correction-required"
    because = None if task is None else hire_answer_refusal(task, decision)
    if because is not None:
        return because
    if beyond_the_action(decision):
        return "correction-not-allowed"
    if decision.action == "confirm" and decision.call_back is None:
        return "call-back-required"
    return None


def _same_answer(first: Decision, again: Decision) -> bool:
    """Whether `again` is `first` sent once more: a later token or clock does not make it another answer, nor does what
    the gateway finds in its stores by then.
    """
    renewed = again.model_copy(update={name: getattr(first, name) for name in _ADDED_ON_THE_WAY})
    return renewed == first and again.actor.person == first.actor.person


class ApprovalLedger:
    """The open tasks of a case and every decision that came in, in order of arrival.

    `facility` is that of the case, for which overrides are given. `duties` are those that were exercised before the
    ledger began, in this case or in its family.
    """

    def __init__(
        self,
        segregation: Sequence[SegregationRule] = (),
        delegation: DelegationRule = _NO_LIMITS,
        case_id: str = "",
        facility: str = "",
        duties: Sequence[DutyDone] = (),
    ) -> None:
        self._segregation, self._delegation = tuple(segregation), delegation
        self._case_id, self._facility = case_id, facility
        self._duties = list(duties)
        self._tasks: dict[str, Task] = {}
        self._records: dict[str, DecisionRecord] = {}
        self._repeats: list[DecisionRecord] = []
        self._closed_by: dict[str, DecisionRecord] = {}
        self._approvals: dict[str, list[DecisionRecord]] = {}
        self._changes: dict[str, TaskChangeRecord] = {}

    def govern(self, segregation: Sequence[SegregationRule], delegation: DelegationRule) -> None:
        """Take the rules from the policy that was frozen into the case; they hold for the decisions from now on."""
        self._segregation, self._delegation = tuple(segregation), delegation

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
        """The decision that closed the task, if one did: where several must approve, the last of them."""
        return self._closed_by.get(task_id)

    def approvals(self, task_id: str) -> tuple[DecisionRecord, ...]:
        """The approvals of the task that count, in order of arrival: no two of them by the same person."""
        return tuple(self._approvals.get(task_id, ()))

    def duties(self) -> tuple[DutyDone, ...]:
        """Who exercised which duty, each named once, in the order in which it became known."""
        return tuple(self._duties)

    def note_duty(self, person: str, duty: Duty, at: datetime) -> None:
        """A duty that was exercised elsewhere than on a task, such as by the requester or by who received the goods."""
        self._note(DutyDone(person=person, duty=duty, case_id=self._case_id, at=at))

    def know(self, duties: Sequence[DutyDone]) -> None:
        """Take in what people did in other cases of the family."""
        for done in duties:
            self._note(done)

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
        because = self.refusal(decision, now)
        record = DecisionRecord(
            decision=decision, status="ignored" if because else "applied", because=because, recorded_at=now
        )
        self._records[decision.decision_id] = record
        if because is None:
            self._apply(record)
        return record

    def refusal(self, decision: Decision, now: datetime) -> IgnoredBecause | None:
        """Why the decision would be ignored if it came now for the first time; None when it would be applied."""
        task = self._tasks.get(decision.task_id)
        if task is None:
            return "unknown-task"
        if task.status != "open":
            return "task-closed"
        if decision.subject_version != task.subject_version:
            return "stale-version"
        because = refusal(
            task,
            decision.actor,
            decision.action,
            decision.on_behalf_of,
            decision.authority,
            now,
            self._delegation,
        )
        if because is None and self.conflict(decision, now) is not None:
            because = "duties-conflict"
        return because or missing_content(decision, task)

    def conflict(self, decision: Decision, now: datetime) -> SegregationRule | None:
        """The rule of segregation that forbids the decision, for the words in which it is refused."""
        task = self._tasks[decision.task_id]
        return decision_conflict(self._segregation, decision, task, self._duties, now, self._facility)

    def change(self, change: TaskChange, now: datetime, acceptable_roles: Collection[str]) -> TaskChangeRecord:
        """Hand a task to somebody else, or record why not. A repeated `change_id` gets the record of the first.

        `acceptable_roles` are those to which the task would be escalated, besides its own.
        """
        known = self._changes.get(change.change_id)
        if known is not None:
            return known
        task = self._tasks.get(change.task_id)
        because = change_refusal(change, task, self._segregation, self._duties, acceptable_roles, now)
        record = TaskChangeRecord(
            change=change, status="ignored" if because else "applied", because=because, recorded_at=now
        )
        self._changes[change.change_id] = record
        if task is not None and because is None:
            self._tasks[task.task_id] = reassigned(task, change)
        return record

    def change_record(self, change_id: str) -> TaskChangeRecord | None:
        return self._changes.get(change_id)

    def changes(self) -> tuple[TaskChangeRecord, ...]:
        return tuple(self._changes.values())

    def cancel(self, task_id: str, now: datetime, outcome: str) -> Task:
        """Take a question back: escalated, overtaken or withdrawn. A closed task stays as it is."""
        if self._tasks[task_id].status == "open":
            self._update(task_id, status="cancelled", outcome=outcome, closed_at=now)
        return self._tasks[task_id]

    def inform(self, task_id: str, why: str, subject: dict[str, Any]) -> Task:
        """Tell more about what is asked. It stays the same question, so that answers to it go on counting."""
        if self._tasks[task_id].status == "open":
            self._update(task_id, why=why, subject=subject)
        return self._tasks[task_id]

    def _apply(self, record: DecisionRecord) -> None:
        """The answer exercises its duty, and closes the question unless more people have to approve."""
        decision, now = record.decision, record.recorded_at
        task = self._tasks[decision.task_id]
        if task.duty is not None:
            for person in acting(decision):
                self._note(DutyDone(person=person, duty=task.duty, case_id=self._case_id or task.case_id, at=now))
        if decision.action in _ONE_OF_SEVERAL:
            self._approvals.setdefault(task.task_id, []).append(record)
            if task.needs > 1:
                self._update(task.task_id, approved_by=(*task.approved_by, *acting(decision)))
            if len(self._approvals[task.task_id]) < task.needs:
                return
        self._closed_by[task.task_id] = record
        self._update(task.task_id, status="done", outcome=decision.action, closed_at=now)

    def _note(self, done: DutyDone) -> None:
        known = {(each.person, each.duty, each.case_id) for each in self._duties}
        if (done.person, done.duty, done.case_id) not in known:
            self._duties.append(done)

    def _update(self, task_id: str, **changes: Any) -> None:
        self._tasks[task_id] = self._tasks[task_id].model_copy(update=changes)
