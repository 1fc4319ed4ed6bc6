"""What runs at intervals for an ERP in which people work as well: what they did there is told to the cases."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from domain.erp_changes import KnownChange
from workflows.messages.erp_changes import COLLECT_ERP_CHANGES, INCIDENT_SUBJECT, CollectChangesResult
from workflows.raising_incidents import raise_incident
from workflows.scheduled_steps import scheduled_step
from workflows.steps.erp_changes import CollectChangesInput, CollectedChanges, ErpChangeSteps

MOST_PAGES = 100
_STEP_TIMEOUT = timedelta(minutes=2)


@workflow.defn(name=COLLECT_ERP_CHANGES)
class CollectErpChanges:
    """Asks the ERP for what was changed since the last time, page by page. What no case can take becomes an incident; a
    change is known only once its incident is raised: whoever dies before finds it again, and names the same incident. A
    run that ends early is gone on with by the next one, at the page where it stopped."""

    @workflow.run
    async def run(self) -> CollectChangesResult:
        changes = unknown = 0
        raised: tuple[KnownChange, ...] = ()
        for _ in range(MOST_PAGES):
            page: CollectedChanges = await scheduled_step(
                ErpChangeSteps.collect_erp_changes,
                CollectChangesInput(raised=raised),
                within=_STEP_TIMEOUT,
                summary="Read what people changed in the ERP",
            )
            for incident in page.incidents:
                await raise_incident(INCIDENT_SUBJECT, incident.text, incident.finding, incident.policy)
            changes, unknown = changes + page.changes, unknown + len(page.pending)
            raised = page.pending
            if not (page.more or page.pending):
                break
        return CollectChangesResult(changes=changes, unknown=unknown)
