"""One question for approval: reminders, escalation and the clock that stops while somebody else must answer.

Clocks count in business hours of the facility. A timeout reminds, hands the question to the next authority, or tells
the process owner. It never approves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from domain.approval_plan import Ask, Given, escalation, given_by
from domain.authority import ApproverDirectory
from domain.decision_links import asking
from domain.duties import Duty
from domain.money import Money
from domain.policy.tables import clocks
from domain.tasks import Decision, DecisionRecord, Task
from workflows.case import CaseWorkflow
from workflows.questions import (
    MAX_REMINDERS,
    ask_requester,
    business_time_from_now,
    business_time_since,
    remaining,
    report_breach,
)
from workflows.showing import with_amount


@dataclass(frozen=True)
class ForApproval:
    """What is to be approved, and what the people directory said about those who may have to."""

    subject: dict[str, Any]
    amount: Money
    categories: tuple[str, ...]
    urgency: str
    approvers: ApproverDirectory
    duty: Duty = "approver"


class ApprovalQuestion:
    """Until it is approved: by those whom the policy names, or by the authority that it was escalated to."""

    def __init__(self, case: CaseWorkflow, ask: Ask, request: ForApproval, version: int) -> None:
        self.ask = ask
        self._case, self._request, self._version = case, request, version
        self._clocks = clocks(case.policy, ask.level, request.urgency, request.amount.amount)
        self._role, self._people, self._needs = ask.role, ask.people, ask.needs
        self._escalated_from: str | None = None
        self._used = timedelta(0)
        self._heard: dict[str, str] = {}
        self._approved_by: tuple[str, ...] = ()
        self._approvals: list[DecisionRecord] = []
        self._task: Task | None = None
        self._breach: Task | None = None

    @property
    def whom(self) -> str:
        return ", ".join(self._people) or self._role

    @property
    def task(self) -> Task:
        """The question as it is asked now."""
        if self._task is None:
            raise RuntimeError("the question is not asked yet")
        return self._case.file.ledger.task(self._task.task_id)

    async def approved(self) -> Given:
        """Wait until it is approved. Raises CaseEnded when it is rejected."""
        while True:
            decision = await self._answer()
            if decision is None:
                await self._escalate()
            elif decision.action == "approve":
                return self._given()
            elif decision.action == "reject":
                raise self._case.end("rejected", decision.comment, decision.actor.person)
            else:
                await self._inform(decision)

    def answered_before_the_change(self) -> Given | None:
        """The approval that reached the case in one moment with an amendment, but before it: given for the request as
        it was. Raises CaseEnded when the answer was a rejection.
        """
        record = self._case.file.ledger.applied_to(self.task.task_id)
        if record is None:
            return None
        if record.decision.action == "reject":
            raise self._case.end("rejected", record.decision.comment, record.decision.actor.person)
        return self._given() if self._closed_by(record.decision).action == "approve" else None

    def open(self) -> Task:
        """Put the question on worklists; the caller announces it."""
        case, level = self._case, self.ask.level
        task = Task(
            task_id=case.next_task_id(f"approve-{level.name}"),
            case_id=case.file.case_id,
            kind="approval",
            slot=f"approval/{self._version}/{self.ask.key}",
            title=f"Approve: {case.file.snapshot.title}",
            why="; ".join(self.ask.reasons),
            rule=", ".join(self.ask.rules),
            role=self._role,
            people=self._people,
            facility=case.file.snapshot.facility,
            excluded=case.requesters,
            actions=("approve", "reject", "return"),
            subject={**self._request.subject, **self._heard},
            subject_version=self._version,
            opened_at=workflow.now(),
            due_at=business_time_from_now(case, timedelta(hours=self._clocks.escalate_after_hours) - self._used),
            escalated_from=self._escalated_from,
            needs=self._needs,
            approved_by=self._approved_by,
            level=level.name,
            duty=self._request.duty,
            amount=self._request.amount,
            categories=self._request.categories,
            successors=self._successors(),
        )
        self._task = task
        case.file.open_task(task)
        case.file.note(
            "approval.asked",
            f"{self.whom} asked to approve ({task.rule})" + (f", {task.needs} of them" if task.needs > 1 else ""),
            task_id=task.task_id,
            rule=task.rule,
            subject_version=task.subject_version,
            clock_rule=self._clocks.rule,
        )
        self._tell("approval.asked", task.title, f"Please answer by {task.due_at:%Y-%m-%d %H:%M} UTC.")
        return task

    def _successors(self) -> tuple[str, ...] | None:
        """Those above the superior who is asked: whoever else holds the role may have the authority for less."""
        if self.ask.level.approvers != "management-chain" or not self._people:
            return None
        chain = [each.person for each in self._request.approvers.chain if each.person not in self._case.requesters]
        return tuple(chain[chain.index(self._people[0]) + 1 :]) if self._people[0] in chain else ()

    async def announce(self, summary: str) -> None:
        """Record what was opened. When nobody may answer, the process owner is told at once."""
        case = self._case
        result = await case.announce(summary)
        for task in case.file.ledger.open_tasks():
            if task.task_id in result.unmanned and task.task_id not in case.unmanned:
                case.unmanned.add(task.task_id)
                case.file.note("approval.unmanned", f"Nobody can answer {task.title}", task_id=task.task_id)
                case.file.tell(
                    "approval.unmanned",
                    f"Nobody can approve: {case.file.snapshot.title}",
                    f"No active person but the requester may decide as {task.role} at {task.facility}. "
                    f"Give somebody the role, or wait for the escalation at {task.due_at:%Y-%m-%d %H:%M} UTC.",
                    role="process-owner",
                    task_id=task.task_id,
                )
        if result.unmanned:
            await case.announce("Tell the process owner that nobody can approve")

    # Waiting

    async def _answer(self) -> Decision | None:
        """What closed the question, or None when it is time to escalate. At the end of the chain there is no None."""
        reminders, breached, seen = 0, False, 0
        while True:
            due = self.task.due_at if not breached else None
            remind_at = self._reminder(reminders) if reminders < MAX_REMINDERS else None
            deadline = min((each for each in (due, remind_at) if each is not None), default=None)
            if await self._heard_by(deadline, seen):
                record = self._case.file.ledger.applied_to(self.task.task_id)
                if record is not None:
                    return self._closed_by(record.decision)
                seen = len(self._case.file.ledger.approvals(self.task.task_id))
                await self._case.announce(f"{seen} of {self._needs} approved")
            elif deadline == due:
                if self._next_authority() is not None:
                    return None
                breached, self._breach = True, await report_breach(self._case, self.task)
            else:
                reminders += 1
                await self._remind()

    async def _heard_by(self, deadline: datetime | None, seen: int) -> bool:
        """Whether the question was closed, or one more of several approved, before the deadline."""
        ledger, task_id = self._case.file.ledger, self.task.task_id
        return await self._case.until(
            lambda: ledger.applied_to(task_id) is not None or len(ledger.approvals(task_id)) > seen,
            remaining(deadline) if deadline is not None else None,
            f"Waiting: {self.task.title}",
        )

    def _reminder(self, reminders: int) -> datetime:
        """The next instant to remind at; what was used before the question was returned counts."""
        span = timedelta(hours=self._clocks.remind_after_hours)
        used = self._used + business_time_since(self._case, self.task.opened_at)
        return business_time_from_now(self._case, max(span * (reminders + 1) - used, timedelta(0)) or span)

    def _closed_by(self, decision: Decision) -> Decision:
        case, task = self._case, self.task
        approvals = case.file.ledger.approvals(task.task_id)
        self._approvals += approvals
        self._approved_by, self._needs = task.approved_by, max(1, self._needs - len(approvals))
        if self._breach is not None:
            case.file.cancel_task(self._breach.task_id, "answered meanwhile")
            self._breach = None
        return decision

    def _given(self) -> Given:
        return given_by(self.ask, self._approvals, self._request.amount)

    # When nobody answers, and when an answer is a question

    def _next_authority(self) -> tuple[str, tuple[str, ...]] | None:
        """The next superior of a management chain, else the role that the policy names; None at the end."""
        asked = self.task.people  # it may have been handed up the line since it was asked
        if asked and self.ask.level.approvers == "management-chain":
            chain = [each.person for each in self._request.approvers.chain if each.person not in self._case.requesters]
            if asked[0] in chain[:-1]:
                return self._role, (chain[chain.index(asked[0]) + 1],)
        role = escalation(self._case.policy, self._role, self.ask.level)
        return None if role is None else (role, ())

    async def _escalate(self) -> None:
        following = self._next_authority()
        if following is None:
            raise RuntimeError("the end of the chain does not escalate")
        was, task = self.whom, self.task
        self._approvals += self._case.file.ledger.approvals(task.task_id)
        self._approved_by = task.approved_by
        self._escalated_from, self._used, self._needs = self._role, timedelta(0), 1
        self._role, self._people = following
        self._case.file.cancel_task(task.task_id, f"escalated to {self.whom}")
        self._case.file.note("approval.escalated", f"{was} did not answer; now asked: {self.whom}", rule=task.rule)
        self.open()
        await self.announce(f"Ask {self.whom} to approve")

    async def _inform(self, returned: Decision) -> None:
        """The approver wants to know more; the clock rests until the requester answers."""
        self._used += business_time_since(self._case, self.task.opened_at)
        answer = await ask_requester(self._case, "information", returned.comment)
        self._heard = {"asked": returned.comment, "answered": answer.comment}
        self.open()
        await self.announce(f"Ask {self.whom} to approve")

    async def _remind(self) -> None:
        case, task = self._case, self.task
        case.file.note("approval.reminded", f"{self.whom} reminded", task_id=task.task_id)
        self._tell(
            "approval.reminded",
            f"Reminder: {task.title}",
            f"This waits for you since {task.opened_at:%Y-%m-%d %H:%M} UTC.",
        )
        await case.announce(f"Remind {self.whom}")

    def _tell(self, event: str, subject: str, text: str) -> None:
        task = self.task
        named = task.people
        self._case.file.tell(
            event,
            with_amount(subject, self._case.file.snapshot.amount),
            f"Why you: {task.why}. {text}",
            role=None if named else task.role,
            people=named,
            **asking(task),
            actions=list(task.actions),
        )
