"""What runs at intervals over everybody who works here: they are screened again, and access ends on its last day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

from domain.policy.model import FrozenPolicy
from workflows.case import OWN_STORE_RETRIES
from workflows.messages.hire_to_provision import RESCREEN_WORKFORCE
from workflows.messages.incident import CLEARED, Clearance, IncidentInput
from workflows.messages.workforce import END_ACCESS, EndAccessResult, RescreenResult, RescreenStart
from workflows.raising_incidents import start_incident
from workflows.steps.workforce import (
    EndAccessInput,
    EndedPage,
    RescreenedPage,
    RescreenInput,
    WorkforceIncident,
    WorkforceSteps,
)

PAGES_PER_RUN = 100
"""After so many pages the run goes on as a new one, so that a history stays short."""
MOST_PAGES = 100
_STEP_TIMEOUT = timedelta(minutes=5)
_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""Patience with a target that does not answer, before somebody is told."""


@workflow.defn(name=RESCREEN_WORKFORCE)
class RescreenWorkforce:
    """Screens everybody who works here or is about to, page by page. What nobody has cleared becomes an incident of the
    facility's compliance officer, once."""

    @workflow.run
    async def run(self, start: RescreenStart | None = None) -> RescreenResult:
        known = start or RescreenStart()
        cursor, screened, raised = known.cursor, known.screened, known.raised
        pages = 0
        while True:
            page: RescreenedPage = await workflow.execute_activity_method(
                WorkforceSteps.rescreen_page,
                RescreenInput(cursor=cursor),
                start_to_close_timeout=_STEP_TIMEOUT,
                retry_policy=OWN_STORE_RETRIES,
                summary="Screen workers again",
            )
            for incident in page.incidents:
                raised += await _raise(incident, page.policies)
            screened, cursor = screened + page.screened, page.next_cursor
            if cursor is None:
                return RescreenResult(screened=screened, raised=raised)
            pages += 1
            if pages == PAGES_PER_RUN:
                workflow.continue_as_new(RescreenStart(cursor=cursor, screened=screened, raised=raised))


@workflow.defn(name=END_ACCESS)
class EndAccess:
    """Takes back access whose last day has passed. What cannot be taken back is an incident of integration support, and
    tried again by the next run."""

    @workflow.run
    async def run(self) -> EndAccessResult:
        ended = recovered = tries = 0
        for _ in range(MOST_PAGES):
            page: EndedPage = await workflow.execute_activity_method(
                WorkforceSteps.end_access_page,
                EndAccessInput(patient=tries < len(_PAUSES)),
                start_to_close_timeout=_STEP_TIMEOUT,
                retry_policy=OWN_STORE_RETRIES,
                summary="Take back access whose last day has passed",
            )
            for incident in page.incidents:
                await _raise(incident, page.policies)
            for case in page.recovered:
                await _clear(case)
            ended, recovered = ended + page.ended, recovered + len(page.recovered)
            if page.waiting:
                await workflow.sleep(_PAUSES[tries], summary="A target does not answer")
                tries += 1
            elif not page.more or not page.ended:
                break
        return EndAccessResult(ended=ended, failed=page.failed, recovered=recovered)


async def _raise(incident: WorkforceIncident, policies: Mapping[str, FrozenPolicy]) -> bool:
    """Whether it is new."""
    return await start_incident(
        IncidentInput(
            case_id=incident.case_id,
            facility=incident.facility,
            finding=incident.finding,
            policy=policies[incident.facility],
            submitted_at=workflow.now(),
            hits=incident.hits,
            worker_id=incident.worker_id,
        )
    )


async def _clear(case: str) -> None:
    handle = workflow.get_external_workflow_handle(case)
    try:
        await handle.signal(CLEARED, Clearance(reason="the access is taken back by now"))
    except FailureError:  # it was closed meanwhile
        workflow.logger.info("incident.closed-already", extra={"case_id": case})
