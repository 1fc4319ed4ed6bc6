"""Handing an open task to a named person: who may, and to whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.approval_plan import ADDED_ROLE
from domain.duties import DutyDone
from domain.entitlement import entitled
from domain.people import Actor
from domain.policy.model import ApprovalLevel, SegregationRule
from domain.policy.proof import escalation_chain
from domain.segregation import conflict
from domain.tasks import ChangeRefusal, Task, TaskChange

_MAY_HAND_OVER_ANY = "process-owner"


def change_refusal(
    change: TaskChange,
    task: Task | None,
    rules: Sequence[SegregationRule],
    done: Sequence[DutyDone],
    acceptable_roles: Collection[str],
    at: datetime,
) -> ChangeRefusal | None:
    """Why the task may not be handed to the assignee, or None when it may.

    Somebody to whom the task belongs may hand it over, and the process owner of the facility; never to or by one who is
    excluded from it. The assignee must serve the facility and hold the task's role, or one of `acceptable_roles`; who
    takes it over themselves, the task's own. They must be one of its successors where it has them. Who was added by
    name may be replaced by anybody of the facility.
    """
    if task is None:
        return "unknown-task"
    if task.status != "open":
        return "task-closed"
    if {change.actor.person, change.assignee.person} & set(task.excluded):
        return "requester-may-not-decide"
    if not may_hand_over(task, change.actor):
        return "not-authorised"
    if not _has_authority(task, change.assignee, () if _to_oneself(change) else acceptable_roles):
        return "assignee-lacks-authority"
    return _misfit(change, task) or _conflict(change, task, rules, done, at)


def may_hand_over(task: Task, actor: Actor) -> bool:
    """Whether the actor may hand the task to somebody: it is theirs, or they are the process owner of its facility."""
    return entitled(task, actor) or (actor.has_role(_MAY_HAND_OVER_ANY) and actor.serves(task.facility))


def roles_above(levels: Sequence[ApprovalLevel], task: Task) -> tuple[str, ...]:
    """The task's own role, and those to which the policy would pass it on one after the other."""
    return escalation_chain(levels, task.role)[0]


def reassigned(task: Task, change: TaskChange) -> Task:
    """The task as it stands after a change that may be made: it names the assignee alone, or in the place of the person
    whom the change names where several must approve."""
    whose = _whose_place(change, task)
    if whose is None:
        return task.model_copy(update={"people": (change.assignee.person,)})
    people = tuple(change.assignee.person if person == whose else person for person in task.people)
    return task.model_copy(update={"people": people})


def _has_authority(task: Task, assignee: Actor, acceptable_roles: Collection[str]) -> bool:
    if task.successors is not None:
        return assignee.person in task.successors
    if not assignee.serves(task.facility):
        return False
    return task.role == ADDED_ROLE or any(assignee.has_role(role) for role in (task.role, *acceptable_roles))


def _to_oneself(change: TaskChange) -> bool:
    return change.actor.person == change.assignee.person


def _one_place(task: Task) -> bool:
    return task.needs <= 1


def _whose_place(change: TaskChange, task: Task) -> str | None:
    """Where several more must approve, the assignee replaces one of those who are named."""
    if _one_place(task):
        return None
    return change.instead_of or change.actor.person


def _misfit(change: TaskChange, task: Task) -> ChangeRefusal | None:
    """Several persons must still approve: to name one for all of them would let the question never be answered."""
    if _one_place(task):
        return None
    if _whose_place(change, task) not in task.people or _whose_place(change, task) in task.approved_by:
        return "place-not-named"
    if change.assignee.person in (*task.people, *task.approved_by):
        return "already-asked"
    return None


def _conflict(
    change: TaskChange, task: Task, rules: Sequence[SegregationRule], done: Sequence[DutyDone], at: datetime
) -> ChangeRefusal | None:
    if task.duty is None:
        return None
    person = change.assignee.person
    broken = conflict(rules, person, task.duty, done, (), task.facility, task.case_id, at)
    return "duties-conflict" if broken else None
