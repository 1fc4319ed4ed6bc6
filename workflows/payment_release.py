"""Who lets a payment run go: an approver whom the policy names, and from a limit a second person who releases it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from temporalio import workflow

from domain.decision_links import asking
from domain.duties import Duty
from domain.tasks import Action, Decision, Task
from workflows.questions import business_hours_from_now, remaining, report_breach

if TYPE_CHECKING:
    from workflows.payment_run import PaymentRun

MOST_SHOWN = 50


class PaymentRelease:
    """Two questions, one after the other. Whoever entered, changed or approved one of the invoices, or the account that
    it is paid to, answers neither; nor does one person answer both. Whoever started the run does not approve it."""

    def __init__(self, run: PaymentRun) -> None:
        self._run = run
        self._version = 1

    async def obtain(self) -> None:
        """Raises CaseEnded when somebody rejects."""
        rule, run = self._run.policy.payment, self._run
        run.file.show(stage="approval", next_step="A proposal is approved, then released, before any file exists")
        approved = await self._asked(rule.approver_role, "approve", "payment-approver", self._starter())
        if run.file.snapshot.amount.amount >= rule.release_from:
            await self._asked(rule.release_role, "release", "payment-releaser", (approved.actor.person,))

    def _starter(self) -> tuple[str, ...]:
        """Below the limit nobody else is asked: one person would send money alone."""
        if not workflow.patched("starters-do-not-approve"):
            return ()
        return (self._run.start.submitted_by.person,)

    async def _asked(self, role: str, action: Action, duty: Duty, besides: tuple[str, ...]) -> Decision:
        """Ask until somebody answers. A payment that is taken out meanwhile makes it another question."""
        run = self._run
        task = self._open(role, action, duty, besides)
        await run.announce(f"Ask {role} to {action} {run.file.snapshot.amount}")
        breach: Task | None = None
        while True:
            left = remaining(task.due_at) if task.due_at and breach is None else None
            answered = await run.until(partial(self._heard, task), left, f"Due: {task.title}")
            if not answered:
                breach = await report_breach(run, task)
            elif run.anything_to_take_out:
                run.file.cancel_task(task.task_id, "a payment was taken out")
                await run.take_out()
                self._version += 1
                task = self._open(role, action, duty, besides)
                await run.announce(f"Ask {role} to {action} {run.file.snapshot.amount}")
            else:
                break
        if breach is not None:
            run.file.cancel_task(breach.task_id, "answered meanwhile")
        return self._taken(task)

    def _heard(self, task: Task) -> bool:
        return self._run.file.ledger.applied_to(task.task_id) is not None or self._run.anything_to_take_out

    def _taken(self, task: Task) -> Decision:
        record = self._run.file.ledger.applied_to(task.task_id)
        if record is None:
            raise RuntimeError(f"task {task.task_id} was awaited without an answer")
        if record.decision.action == "reject":
            raise self._run.end("rejected", record.decision.comment, record.decision.actor.person)
        return record.decision

    def _open(self, role: str, action: Action, duty: Duty, besides: tuple[str, ...]) -> Task:
        run, rule = self._run, self._run.policy.payment
        excluded = (*run.proposed.excluded, *besides)
        why = f"{len(run.payments)} payment(s), {run.file.snapshot.amount}"
        task = Task(
            task_id=run.next_task_id(f"payments-{action}"),
            case_id=run.file.case_id,
            kind="approval",
            slot=f"payments/{action}",
            title=f"{action.capitalize()}: {run.file.snapshot.title}",
            why=f"{why}: the policy has {role} {action} it"
            + (f" from {rule.release_from}" if action == "release" else ""),
            rule=f"payment/{action}",
            role=role,
            facility=run.file.snapshot.facility,
            excluded=tuple(dict.fromkeys(excluded)),
            actions=(action, "reject"),
            subject=self._subject(),
            subject_version=self._version,
            opened_at=workflow.now(),
            due_at=business_hours_from_now(run, rule.approve_within_hours),
            level=f"payments-{action}",
            duty=duty,
            amount=run.file.snapshot.amount,
        )
        run.file.open_task(task)
        run.file.tell(
            "payments.asked",
            f"{task.title} · {task.amount}",
            f"{task.why}.",
            role=role,
            **asking(task),
            actions=list(task.actions),
        )
        return task

    def _subject(self) -> dict[str, Any]:
        """What whoever answers sees: enough to decide on a phone."""
        run, proposed = self._run, self._run.proposed
        payments = run.payments
        return {
            "title": run.file.snapshot.title,
            "amount": str(run.file.snapshot.amount),
            "discounts": str(proposed.discounts),
            "grouping": proposed.grouping,
            "payments": [
                {
                    "place": place,
                    "supplier": f"{each.supplier} {each.supplier_name}",
                    "account": each.account,
                    "amount": str(each.amount),
                    "discount": str(each.discount),
                    "pay_on": each.pay_on.isoformat(),
                    "invoices": list(each.numbers),
                }
                for place, each in enumerate(proposed.payments, start=1)
                if each in payments
            ][:MOST_SHOWN],
            "left_out": list(proposed.left_out[:MOST_SHOWN]),
        }
