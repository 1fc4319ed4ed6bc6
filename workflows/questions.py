"""Asking people: one task, its reminders, and whom it goes to when nobody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from domain.business_time import add_business_hours, add_business_time, business_time_between
from domain.decision_links import asking
from domain.duties import Duty
from domain.exceptions import CATALOGUE, Finding
from domain.policy.tables import accepted_by_rule
from domain.routing import exception_hours, exception_owner
from domain.tasks import Action, Decision, Task, TaskKind
from workflows.case import CaseWorkflow
from workflows.errors import UNAVAILABLE, StepFailure

MAX_REMINDERS = 10
# Whoever answers for one of these teams exercises its duty.
DUTY_OF: dict[str, Duty] = {
    "buyer": "buyer",
    "receiving-clerk": "receiver",
    "store-keeper": "receiver",
    "accounts-payable": "invoice-entry",
    "budget-override-approver": "approver",
}
# What an answer to one of these exercises, whoever owns it.
DUTY_OF_CODE: dict[str, Duty] = {
    "bank-account-changed": "bank-detail-changer",
    "bank-account-mismatch": "bank-detail-changer",
}
PROBE_EVERY = timedelta(minutes=10)


def business_hours_from_now(case: CaseWorkflow, hours: int) -> datetime:
    """The instant (UTC) that many business hours of the facility away."""
    return add_business_hours(workflow.now(), hours, case.policy.facility.calendar, frozenset(case.policy.holidays))


def business_time_from_now(case: CaseWorkflow, span: timedelta) -> datetime:
    """The instant (UTC) at which so much office time of the facility has passed; a span below zero is none."""
    calendar, closed = case.policy.facility.calendar, frozenset(case.policy.holidays)
    return add_business_time(workflow.now(), max(span, timedelta(0)), calendar, closed)


def business_time_since(case: CaseWorkflow, instant: datetime) -> timedelta:
    """Office time of the facility since an instant."""
    calendar, closed = case.policy.facility.calendar, frozenset(case.policy.holidays)
    return business_time_between(instant, workflow.now(), calendar, closed)


def remaining(until: datetime) -> timedelta:
    return max(until - workflow.now(), timedelta(0))


def subject_of(case: CaseWorkflow) -> dict[str, Any]:
    """What whoever decides needs to see of the case."""
    shot = case.file.snapshot
    return {
        "title": shot.title,
        "amount": str(shot.amount),
        "suppliers": list(shot.suppliers),
        "requester": shot.requester,
        "cost_centres": list(shot.cost_centres),
        "urgency": shot.urgency,
        **case.about(),
    }


def open_exception(
    case: CaseWorkflow,
    finding: Finding,
    slot: str,
    actions: tuple[Action, ...] = (),
    needs: int = 1,
    suggested: dict[str, Any] | None = None,
    excluded: tuple[str, ...] = (),
) -> Task:
    """Put an exception on the worklist of the team that owns it. It is announced by the caller.

    `needs` persons must give the answer; `suggested` is shown beside the evidence, and decides nothing.
    """
    kind = CATALOGUE[finding.code]
    hours = exception_hours(case.policy, finding.code)
    task = Task(
        task_id=case.next_task_id(finding.code),
        case_id=case.file.case_id,
        kind="exception",
        slot=f"exception/{slot}",
        title=kind.title + (f" (line {finding.line})" if finding.line else ""),
        why=finding.message,
        rule=f"exception/{finding.code}",
        role=exception_owner(case.policy, finding.code),
        facility=case.file.snapshot.facility,
        excluded=tuple(dict.fromkeys((*case.requesters, *excluded))),
        actions=actions or kind.actions,
        subject={
            **subject_of(case),
            "evidence": finding.evidence,
            "line": finding.line,
            **({"suggestion": suggested} if suggested else {}),
        },
        exception_code=finding.code,
        duty=DUTY_OF_CODE.get(finding.code) or DUTY_OF.get(exception_owner(case.policy, finding.code)),
        needs=needs,
        amount=case.file.snapshot.amount,
        categories=case.file.snapshot.categories,
        opened_at=workflow.now(),
        due_at=business_hours_from_now(case, hours),
    )
    case.file.open_task(task)
    case.file.note("exception.raised", f"{kind.title}: {finding.message}", code=finding.code, line=finding.line)
    case.file.tell(
        "exception.raised",
        f"{kind.title}: {case.file.snapshot.title}",
        f"{finding.message}\nWhat you can do: {', '.join(task.actions)}.",
        role=task.role,
        **asking(task),
        code=finding.code,
    )
    return task


def accepted_by_policy(case: CaseWorkflow, finding: Finding) -> bool:
    """Whether a row of the frozen policy accepts the exception, so that nobody is asked. The timeline names the row."""
    shot = case.file.snapshot
    rule = accepted_by_rule(case.policy, finding.code, shot.amount, shot.categories)
    if rule is None:
        return False
    case.file.note(
        "exception.accepted-by-rule",
        f"{CATALOGUE[finding.code].title}: {finding.message}. Accepted by the rule {rule.name}: {rule.reason}",
        code=finding.code,
        rule=rule.name,
        evidence=finding.evidence,
    )
    return True


async def answer_to(case: CaseWorkflow, task: Task) -> Decision:
    """Wait for the answer. When the due date passes the process owner gets a task; the question stays open."""
    if not await _answered_by_due(case, task):
        breach = await report_breach(case, task)
        await case.until(lambda: case.file.ledger.applied_to(task.task_id) is not None)
        case.file.cancel_task(breach.task_id, "answered meanwhile")
    record = case.file.ledger.applied_to(task.task_id)
    if record is None:
        raise RuntimeError(f"task {task.task_id} was awaited without an answer")
    return record.decision


async def report_breach(case: CaseWorkflow, task: Task) -> Task:
    """Put a missed service level on the process owner's worklist; nobody waits for the answer."""
    whom = ", ".join(task.people) or f"{task.role} at {task.facility}"
    finding = Finding(
        code="sla-breached",
        message=f"{whom} has not answered within the service level: {task.title}",
        evidence={"task_id": task.task_id, "asked": whom, "due_at": task.due_at and task.due_at.isoformat()},
    )
    breach = open_exception(case, finding, f"breach/{task.task_id.rpartition(':')[2]}")
    await case.announce(f"Overdue: {task.title}")
    return breach


async def _answered_by_due(case: CaseWorkflow, task: Task) -> bool:
    left = remaining(task.due_at) if task.due_at else None
    return await case.until(lambda: case.file.ledger.applied_to(task.task_id) is not None, left, f"Due: {task.title}")


async def ask(case: CaseWorkflow, finding: Finding, slot: str, actions: tuple[Action, ...] = ()) -> Decision:
    """Raise one exception and wait for its answer. The answer 'cancel' ends the case."""
    task = open_exception(case, finding, slot, actions)
    await case.announce(f"Ask {task.role}: {task.title}")
    decision = await answer_to(case, task)
    if decision.action == "cancel":
        raise case.end("cancelled", decision.comment, decision.actor.person)
    return decision


async def ask_all(case: CaseWorkflow, findings: Sequence[Finding], slot: str) -> tuple[tuple[Finding, Decision], ...]:
    """Raise several exceptions at once, so that their owners work side by side, and wait for all answers."""
    tasks = [(finding, open_exception(case, finding, slot)) for finding in findings]
    await case.announce(f"Ask about {len(tasks)} exception(s)")
    answers = []
    for finding, task in tasks:
        decision = await answer_to(case, task)
        if decision.action == "cancel":
            raise case.end("cancelled", decision.comment, decision.actor.person)
        answers.append((finding, decision))
    return tuple(answers)


async def ask_about_failure(
    case: CaseWorkflow, failure: StepFailure, summary: str, slot: str, actions: tuple[Action, ...]
) -> Decision | None:
    """A step did not succeed: ask the team that can help. None when it is worth trying again by itself.

    A system that was down is probed at intervals, so that cases drain without anybody clicking through them.
    """
    code = failure.report.code if failure.report.code in CATALOGUE else failure.exception_code
    finding = Finding(
        code=code,
        message=f"{summary}: {failure.report.system} says {failure.report.message}",
        evidence={**failure.report.model_dump(), "failure": failure.kind},
    )
    task = open_exception(case, finding, slot, actions)
    await case.announce(f"Ask {task.role}: {task.title}")
    if failure.kind == UNAVAILABLE:
        answered = await case.until(
            lambda: case.file.ledger.applied_to(task.task_id) is not None, PROBE_EVERY, f"Try again: {summary}"
        )
        if not answered:
            case.file.cancel_task(task.task_id, "tried again by itself")
            return None
    decision = await answer_to(case, task)
    if decision.action == "cancel":
        raise case.end("cancelled", decision.comment, decision.actor.person)
    return decision


async def ask_requester(case: CaseWorkflow, kind: TaskKind, question: str) -> Decision:
    """Put a question to the requester and wait for the answer."""
    task = Task(
        task_id=case.next_task_id("question"),
        case_id=case.file.case_id,
        kind=kind,
        slot="information",
        title=f"Question about {case.file.snapshot.title}",
        why=question,
        rule="returned-for-information",
        role="requester",
        facility=case.file.snapshot.facility,
        people=case.requesters,
        actions=("answer",),
        subject=subject_of(case),
        opened_at=workflow.now(),
    )
    case.file.open_task(task)
    case.file.tell("information.asked", task.title, question, people=case.requesters, **asking(task))
    await case.announce("Ask the requester")
    await case.until(lambda: case.file.ledger.applied_to(task.task_id) is not None)
    record = case.file.ledger.applied_to(task.task_id)
    if record is None:
        raise RuntimeError("the question was awaited without an answer")
    return record.decision
