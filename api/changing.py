"""Handing tasks to somebody else: what the gateway checks, and how the case's own answer reaches the caller."""

from __future__ import annotations

from functools import partial

from api.access import QUERY_TIMEOUT
from api.case_client import CaseClosedError
from api.problems import ProblemDetail, ProblemError, conflict, forbidden, invalid_request, key_reused
from api.services import Services
from api.waiting import before, outcome
from domain.reassigning import may_hand_over
from domain.tasks import ChangeRefusal, Task, TaskChange, TaskChangeRecord

_FORBIDDEN: dict[ChangeRefusal, str] = {
    "not-authorised": "Only those to whom the task belongs and the process owner hand it to somebody else.",
    "requester-may-not-decide": "Neither may somebody hand it over, nor get it, who asks for what it is about.",
}
_TO_CHANGE: dict[ChangeRefusal, tuple[str, str]] = {
    "assignee-lacks-authority": ("/to", "They hold neither the role of the task, nor one that it is escalated to."),
    "already-asked": ("/to", "They are asked already, or have approved."),
    "duties-conflict": (
        "/to",
        "They exercised another duty in the case, or in a linked one, that must not go with it.",
    ),
    "place-not-named": ("/instead_of", "Several must approve: say whose place they take, of those who still have to."),
}
_TOO_LATE: dict[ChangeRefusal, str] = {
    "unknown-task": "The case asks no such question.",
    "task-closed": "The task is closed: somebody answered it, or it was taken back.",
}


async def hand_over(services: Services, task: Task, change: TaskChange, seconds: float) -> TaskChangeRecord | None:
    """Check a change of a task that its actor may see, and hand it to the case; None when the case has not answered
    within `seconds`. A repeat of a known change gets the record of the first. Who claimed the task loses the claim.

    Raises the problem (403, 409, 422) of a change that is not made, and `domain.outside_errors`.
    """
    record = await _known(services, task, change)
    if record is None:
        record = await _send(services, task, change, seconds)
    if record is None:
        return None
    if not _same(record.change, change):
        raise key_reused("change")
    if record.because is not None:
        raise _refused(record.because)
    await _free(services, task.task_id, change)
    return record


async def _known(services: Services, task: Task, change: TaskChange) -> TaskChangeRecord | None:
    """What became of this very change, when it would be refused now. Raises the problem when it is a new one."""
    because = _refusal(task, change)
    if because is None:
        return None
    record = await _ask(services, task, change)
    if record is None:
        raise _refused(because)
    return record


def _refusal(task: Task, change: TaskChange) -> ChangeRefusal | None:
    """What the gateway can tell by itself; authority over the amount is for the case, which knows its policy."""
    if {change.actor.person, change.assignee.person} & set(task.excluded):
        return "requester-may-not-decide"
    if task.status != "open":
        return "task-closed"
    return None if may_hand_over(task, change.actor) else "not-authorised"


async def _ask(services: Services, task: Task, change: TaskChange) -> TaskChangeRecord | None:
    return await before(services.cases.change_record(task.case_id, change.change_id, QUERY_TIMEOUT))


async def _send(services: Services, task: Task, change: TaskChange, seconds: float) -> TaskChangeRecord | None:
    try:
        await services.cases.change_task(task.case_id, change)
    except CaseClosedError:
        record = await _ask(services, task, change)
        if record is None:
            raise _refused("task-closed") from None
        return record
    return await outcome(partial(services.cases.change_record, task.case_id, change.change_id), seconds)


async def _free(services: Services, task_id: str, change: TaskChange) -> None:
    known = await services.reader.task(task_id)
    if known is not None and known.claim is not None and known.claim.person != change.assignee.person:
        await services.claims.unclaim(task_id, known.claim.person)


def _same(known: TaskChange, made: TaskChange) -> bool:
    """Whether both are one change. Newer tokens and a newer directory may say other roles."""
    plain = {"actor": made.actor, "assignee": made.assignee}
    people = (known.actor.person, known.assignee.person)
    return people == (made.actor.person, made.assignee.person) and known.model_copy(update=plain) == made


def _refused(because: ChangeRefusal) -> ProblemError:
    if because in _FORBIDDEN:
        return forbidden(because, _FORBIDDEN[because])
    if because in _TO_CHANGE:
        pointer, message = _TO_CHANGE[because]
        return invalid_request((ProblemDetail(pointer=pointer, code=because, message=message),))
    return conflict(because, "The task stays where it is", _TOO_LATE.get(because, ""), because=because)
