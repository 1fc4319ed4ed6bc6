"""Approval in levels: each level is a question to a role; reminders and escalation follow the facility's office hours.

A timeout reminds or hands the question to the next authority. It never approves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio import workflow

from domain.exceptions import Finding
from domain.policy.model import ApprovalLevel
from domain.routing import Route, RoutedLevel
from domain.tasks import Decision, Task, TaskKind
from workflows.case import CaseWorkflow
from workflows.questions import MAX_REMINDERS, ask, business_hours_from_now, remaining, subject_of


class Approval:
    """The approvals of one case. A level that approved stays approved until the policy asks for it anew."""

    def __init__(self, case: CaseWorkflow) -> None:
        self._case = case
        self.approved: list[str] = []
        self.version = 1

    def start_over(self) -> None:
        """Forget earlier approvals: what they approved has changed too much."""
        self.approved.clear()

    async def obtain(self, route: Route, subject: dict[str, Any]) -> None:
        """Ask every level that has not approved yet, in order. Raises CaseEnded when one rejects."""
        if not route.levels:
            finding = Finding(code="approver-missing", message="No rule of the policy names an approver")
            await ask(self._case, finding, "approval")
        for level in route.levels:
            if level.level.name not in self.approved:
                await self._ask_level(level, subject)
                self.approved.append(level.level.name)

    async def _ask_level(self, routed: RoutedLevel, subject: dict[str, Any]) -> None:
        """Until this level approves: a return for information comes back to it with the answer."""
        asked = dict(subject)
        while True:
            decision = await self._answer(routed, asked)
            if decision.action == "approve":
                return
            if decision.action == "reject":
                raise self._case.end("rejected", decision.comment, decision.actor.person)
            answer = await self._ask_requester(decision)
            asked = {**asked, "asked": decision.comment, "answered": answer.comment}

    async def _answer(self, routed: RoutedLevel, subject: dict[str, Any]) -> Decision:
        """The level's answer, or that of the authority it was escalated to."""
        role, escalated_from, escalate_to = routed.level.role, None, routed.level.escalate_to
        while True:
            task = self._task(routed, role, subject, escalated_from)
            await self._open(task)
            decision = await self._wait(task, routed.level, last=escalate_to == role)
            if decision is not None:
                return decision
            self._case.file.cancel_task(task.task_id, f"escalated to {escalate_to}")
            self._case.file.note(
                "approval.escalated", f"{role} did not answer; now asked: {escalate_to}", rule=task.rule
            )
            escalated_from, role = role, escalate_to
            escalate_to = self._next_authority(role)

    def _next_authority(self, role: str) -> str:
        """Whom the policy escalates this role to; the process owner is the end of every chain."""
        for level in self._case.policy.levels:
            if level.role == role:
                return level.escalate_to
        return role

    async def _wait(self, task: Task, level: ApprovalLevel, last: bool) -> Decision | None:
        """The decision, or None when it is time to escalate. At the end of the chain there are only reminders."""
        escalate_at = task.due_at
        for _ in range(MAX_REMINDERS):
            remind_at = business_hours_from_now(self._case, level.remind_after_hours)
            deadline = remind_at if last or escalate_at is None else min(remind_at, escalate_at)
            if await self._answered(task, deadline):
                return self._decision(task)
            if not last and deadline == escalate_at:
                return None
            await self._remind(task)
        await self._case.until(lambda: self._case.file.ledger.applied_to(task.task_id) is not None)
        return self._decision(task)

    async def _answered(self, task: Task, deadline: datetime) -> bool:
        ledger = self._case.file.ledger
        return await self._case.until(
            lambda: ledger.applied_to(task.task_id) is not None, remaining(deadline), f"Waiting: {task.title}"
        )

    def _decision(self, task: Task) -> Decision:
        record = self._case.file.ledger.applied_to(task.task_id)
        if record is None:
            raise RuntimeError(f"task {task.task_id} was awaited without an answer")
        return record.decision

    def _task(self, routed: RoutedLevel, role: str, subject: dict[str, Any], escalated_from: str | None) -> Task:
        case = self._case
        return Task(
            task_id=case.next_task_id(f"approve-{routed.level.name}"),
            case_id=case.file.case_id,
            kind="approval",
            slot=f"approval/{self.version}/{routed.level.name}",
            title=f"Approve: {case.file.snapshot.title}",
            why="; ".join(routed.reasons),
            rule=", ".join(routed.rules),
            role=role,
            facility=case.file.snapshot.facility,
            excluded=case.requesters,
            actions=("approve", "reject", "return"),
            subject=subject,
            subject_version=self.version,
            opened_at=workflow.now(),
            due_at=business_hours_from_now(case, routed.level.escalate_after_hours),
            escalated_from=escalated_from,
        )

    async def _open(self, task: Task) -> None:
        case = self._case
        case.file.open_task(task)
        case.file.note("approval.asked", f"{task.role} is asked to approve ({task.rule})", task_id=task.task_id)
        case.file.tell(
            "approval.asked",
            f"{task.title} · {case.file.snapshot.amount}",
            f"Why you: {task.why}. Please answer by {task.due_at:%Y-%m-%d %H:%M} UTC.",
            role=task.role,
            task_id=task.task_id,
        )
        result = await case.announce(f"Ask {task.role} to approve")
        if task.task_id in result.unmanned:
            await self._report_unmanned(task)

    async def _report_unmanned(self, task: Task) -> None:
        """Nobody may answer: the process owner is told at once rather than after the escalation hours."""
        case = self._case
        case.file.note("approval.unmanned", f"Nobody holds {task.role} at {task.facility}", task_id=task.task_id)
        case.file.tell(
            "approval.unmanned",
            f"Nobody can approve: {case.file.snapshot.title}",
            f"No active person but the requester holds {task.role} at {task.facility}. "
            f"Give somebody the role, or wait for the escalation at {task.due_at:%Y-%m-%d %H:%M} UTC.",
            role="process-owner",
            task_id=task.task_id,
        )
        await case.announce("Tell the process owner that nobody can approve")

    async def _remind(self, task: Task) -> None:
        case = self._case
        case.file.note("approval.reminded", f"{task.role} reminded", task_id=task.task_id)
        case.file.tell(
            "approval.reminded",
            f"Reminder: {task.title} · {case.file.snapshot.amount}",
            f"This waits for you since {task.opened_at:%Y-%m-%d %H:%M} UTC. Why you: {task.why}.",
            role=task.role,
            task_id=task.task_id,
        )
        await case.announce(f"Remind {task.role}")

    async def _ask_requester(self, returned: Decision) -> Decision:
        """The approver wants to know more; the approval clock starts anew with the answer."""
        return await ask_requester(self._case, "information", returned.comment)


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
    case.file.tell("information.asked", task.title, question, people=case.requesters, task_id=task.task_id)
    await case.announce("Ask the requester")
    await case.until(lambda: case.file.ledger.applied_to(task.task_id) is not None)
    record = case.file.ledger.applied_to(task.task_id)
    if record is None:
        raise RuntimeError("the question was awaited without an answer")
    return record.decision
