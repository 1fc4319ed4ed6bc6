"""Approval after the fact: an emergency order went out at once, and somebody answers for it within a clock."""

from __future__ import annotations

from typing import Any

from temporalio import workflow

from domain.decision_links import asking
from domain.exceptions import Finding
from domain.routing import Route
from domain.tasks import Task
from workflows.case import CaseWorkflow
from workflows.questions import answer_to, ask, business_hours_from_now


async def approve_afterwards(case: CaseWorkflow, routed: Route, subject: dict[str, Any]) -> None:
    """Ask for the retrospective approval; a refusal goes to compliance, and the purchase stands as it is."""
    rule = case.policy.emergency
    task = Task(
        task_id=case.next_task_id("approve-afterwards"),
        case_id=case.file.case_id,
        kind="retrospective-approval",
        slot="retrospective",
        title=f"Approve afterwards: {case.file.snapshot.title}",
        why="An emergency purchase went out before it was approved",
        rule=", ".join(("emergency", *routed.rules)),
        role=rule.retrospective_role,
        facility=case.file.snapshot.facility,
        excluded=case.requesters,
        actions=("approve", "reject"),
        subject=subject,
        duty="approver",
        amount=case.file.snapshot.amount,
        categories=case.file.snapshot.categories,
        opened_at=workflow.now(),
        due_at=business_hours_from_now(case, rule.retrospective_hours),
    )
    case.file.open_task(task)
    case.file.tell(
        "approval.asked-afterwards",
        f"{task.title} · {case.file.snapshot.amount}",
        f"{task.why}. Please answer by {task.due_at:%Y-%m-%d %H:%M} UTC.",
        role=task.role,
        **asking(task),
    )
    await case.announce("Ask for the retrospective approval")
    decision = await answer_to(case, task)
    if decision.action == "reject":
        finding = Finding(
            code="retrospective-refused",
            message=f"{decision.actor.person} refused the emergency purchase: {decision.comment}",
            evidence={"decision_id": decision.decision_id},
        )
        await ask(case, finding, "retrospective")
