"""What runs at intervals for payments: runs are started where something is due, and the bank is listened to."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from workflows import search_attributes
from workflows.messages.payment_run import (
    COLLECT_BANK_MESSAGES,
    PROPOSE_PAYMENTS,
    WORKFLOW_NAME,
    CollectResult,
    ProposeResult,
)
from workflows.raising_incidents import raise_incident
from workflows.scheduled_steps import scheduled_step
from workflows.steps.paying import PaymentScheduleSteps
from workflows.steps.payment_inputs import CollectedPage, CollectInput, DueRuns

MOST_PAGES = 50
_STEP_TIMEOUT = timedelta(minutes=2)


@workflow.defn(name=PROPOSE_PAYMENTS)
class ProposePayments:
    """Starts a payment run for each facility and currency in which something is due."""

    @workflow.run
    async def run(self) -> ProposeResult:
        due: DueRuns = await scheduled_step(
            PaymentScheduleSteps.due_payment_runs, within=_STEP_TIMEOUT, summary="Look where something is due"
        )
        started = []
        for run in due.runs:
            try:
                await workflow.start_child_workflow(
                    WORKFLOW_NAME,
                    run,
                    id=run.case_id,
                    parent_close_policy=ParentClosePolicy.ABANDON,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=search_attributes.at_start("payment-run", run.facility, "routine"),
                    static_summary=f"Payments of {run.policy.facility.name} in {run.currency}",
                )
                started.append(run.case_id)
            except WorkflowAlreadyStartedError:
                continue
        return ProposeResult(started=tuple(started))


@workflow.defn(name=COLLECT_BANK_MESSAGES)
class CollectBankMessages:
    """Reads what the bank sent and tells the runs; what no run can deal with becomes an incident of treasury. A message
    is read to its end only once its incidents are raised: whoever dies before has it read again, and names the same
    incidents."""

    @workflow.run
    async def run(self) -> CollectResult:
        messages = facts = unknown = 0
        raised = ""
        for _ in range(MOST_PAGES):
            page: CollectedPage = await scheduled_step(
                PaymentScheduleSteps.collect_bank_messages,
                CollectInput(raised=raised),
                within=_STEP_TIMEOUT,
                summary="Read what the bank sent",
            )
            for incident in page.incidents:
                if page.policy is not None:
                    await raise_incident(incident.subject, incident.text, incident.finding, page.policy)
            messages, facts, unknown = messages + page.messages, facts + page.facts, unknown + len(page.incidents)
            raised = page.pending
            if not (page.more or page.pending):
                break
        return CollectResult(messages=messages, facts=facts, unknown=unknown)
