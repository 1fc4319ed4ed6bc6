"""What the gateway does with somebody's decision, whichever way it came in: by the API, or from a link in a mail."""

from __future__ import annotations

from functools import partial

from api.access import QUERY_TIMEOUT
from api.acting import not_delegated
from api.case_client import CaseClosedError
from api.problems import ProblemDetail, ProblemError, conflict, forbidden, invalid_request, key_reused
from api.routes.tasks import not_theirs
from api.services import Services
from api.standing import Standing, standing_of
from api.waiting import before, outcome
from domain.approval import missing_content, refusal
from domain.hire_answers import is_about_hire
from domain.policy.model import DelegationRule
from domain.tasks import Decision, DecisionRecord, IgnoredBecause, Task

_REASONS: dict[IgnoredBecause, str] = {
    "duplicate": "The same decision came in before.",
    "unknown-task": "The case asks no such question.",
    "task-closed": "The task is closed: somebody answered it, or it was taken back.",
    "stale-version": "What is decided on has changed since you saw it. Look again, then decide.",
    "case-closed": "The case is closed.",
    "already-approved": "You have approved this already, or whom you act for has; somebody else must now.",
}
_FORBIDDEN: frozenset[IgnoredBecause] = frozenset({"not-authorised", "requester-may-not-decide"})
_PASSING: frozenset[IgnoredBecause] = frozenset({"already-approved", "delegation-not-valid"})
_ADDED_HERE = ("actor", "decided_at", "authority", "family_duties", "overrides")
_CONTENT: dict[IgnoredBecause, tuple[str, str]] = {
    "action-not-offered": ("/action", "The task does not offer this."),
    "comment-required": ("/comment", "Say why."),
    "correction-required": ("/corrections", "Say what is to be changed."),
    "correction-not-allowed": ("/invoice", "This answer does not change that; 'correct' does, where it is offered."),
    "call-back-required": ("/call_back", "Say whom you called, under which number of the supplier master, and when."),
    "worker-required": ("/hire/worker_id", "Say which of the workers that the question names."),
    "worker-unknown": ("/hire/worker_id", "The question names no such worker; choose one that it does."),
    "user-name-required": ("/hire/user_name", "Say which free user name is to be taken."),
    "until-required": ("/hire/until", "Say until when it holds: a day that is still to come."),
}


async def hand_in(services: Services, task: Task, decision: Decision, seconds: float) -> DecisionRecord | None:
    """Check a decision on a task that its actor may see, and hand it to the case; None when the case has not answered
    within `seconds`. A repeat of a known decision gets the record of the first.

    Raises the problem (403, 409, 422) of a decision that does not count, the problem 503 when the case does not say
    whether it knows a late one, and `domain.outside_errors`.
    """
    standing = await standing_of(services, task, decision)
    decision, rule = standing.decision, standing.delegation_rule
    _authorise(task, decision, rule)
    record = await _known(services, task, decision, rule)
    if record is None:
        _check_content(task, decision, rule)
        await standing.check_duties(services, task)
        record = await _send(services, task, decision, seconds)
    if record is None:
        return None
    if not _same(record.decision, decision):
        raise key_reused("decision")
    if record.status == "ignored" and record.because is not None:
        raise _ignored(record.because, task, standing)
    return record


def _why_not(task: Task, decision: Decision, rule: DelegationRule) -> IgnoredBecause | None:
    return refusal(
        task,
        decision.actor,
        decision.action,
        decision.on_behalf_of,
        decision.authority,
        decision.decided_at,
        rule,
    )


def _authorise(task: Task, decision: Decision, rule: DelegationRule) -> None:
    if _why_not(task, decision, rule) in _FORBIDDEN:
        raise not_theirs(task, decision.actor, decision.on_behalf_of)


async def _known(services: Services, task: Task, decision: Decision, rule: DelegationRule) -> DecisionRecord | None:
    """What became of this very decision, when its task is no longer what it was. Raises the 409 problem when the
    decision is new and came too late.
    """
    because = _too_late(task, decision, rule)
    if because is None:
        return None
    record = await _ask(services, task, decision)
    if record is None:
        raise _ignored(because, task, Standing(decision))
    return record


def _too_late(task: Task, decision: Decision, rule: DelegationRule) -> IgnoredBecause | None:
    """What may have been otherwise when the same decision came in for the first time."""
    if task.status != "open":
        return "task-closed"
    if decision.subject_version != task.subject_version:
        return "stale-version"
    because = _why_not(task, decision, rule)
    return because if because in _PASSING else None


async def _ask(services: Services, task: Task, decision: Decision) -> DecisionRecord | None:
    return await before(services.cases.decision_record(task.case_id, decision.decision_id, QUERY_TIMEOUT))


def _check_content(task: Task, decision: Decision, rule: DelegationRule) -> None:
    because = _why_not(task, decision, rule) or missing_content(decision, task)
    if because is not None:
        raise _ignored(because, task, Standing(decision))


async def _send(services: Services, task: Task, decision: Decision, seconds: float) -> DecisionRecord | None:
    try:
        await services.cases.decide(task.case_id, decision)
    except CaseClosedError:
        # The read model is a moment behind; the case itself may have known this decision before it ended.
        record = await _ask(services, task, decision)
        if record is None:
            raise _ignored("case-closed", task, Standing(decision)) from None
        return record
    return await outcome(partial(services.cases.decision_record, task.case_id, decision.decision_id), seconds)


def _same(known: Decision, made: Decision) -> bool:
    """Whether both are one decision: by the same person, with the same content. A newer token may carry other roles."""
    plain = {name: getattr(made, name) for name in _ADDED_HERE}
    return known.actor.person == made.actor.person and known.model_copy(update=plain) == made


def _ignored(because: IgnoredBecause, task: Task, standing: Standing) -> ProblemError:
    """The problem of each reason; the gateway gives the same one whether it or the case found it."""
    if because == "delegation-not-valid" and standing.decision.on_behalf_of is not None:
        return not_delegated(standing.decision.on_behalf_of)
    if because == "duties-conflict":
        return standing.conflict(task)
    if because in _FORBIDDEN:
        return forbidden(because, "The case does not take this decision from you.")
    if because in _CONTENT:
        pointer, message = _CONTENT[because]
        if pointer == "/corrections" and task.case_id.startswith("invoice-to-payment."):
            pointer = "/invoice"
        if because == "correction-not-allowed":
            pointer, message = _foreign_part(task, standing.decision, message)
        return invalid_request((ProblemDetail(pointer=pointer, code=because, message=message),))
    shown = {"subject_version": task.subject_version, "task_status": task.status, "because": because}
    return conflict(because, "The decision does not count", _REASONS.get(because, ""), **shown)


def _foreign_part(task: Task, decision: Decision, message: str) -> tuple[str, str]:
    """Where the answer says what its question is not about."""
    foreign = "The question is about something else; leave this out."
    if is_about_hire(task):
        return ("/corrections" if decision.corrections else "/invoice"), foreign
    return ("/hire", foreign) if decision.hire is not None else ("/invoice", message)
