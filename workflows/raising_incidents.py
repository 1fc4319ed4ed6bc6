"""Starting an incident from a process that runs at intervals."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from domain.exceptions import Finding
from domain.policy.model import FrozenPolicy
from workflows import search_attributes
from workflows.messages.incident import WORKFLOW_NAME, IncidentInput, incident_case_id


async def raise_incident(subject: str, text: str, finding: Finding, policy: FrozenPolicy) -> None:
    """One case for `subject` and `text`, for the people of the policy's facility."""
    facility = policy.facility.code
    case = incident_case_id(facility, subject, text)
    await start_incident(
        IncidentInput(case_id=case, facility=facility, finding=finding, policy=policy, submitted_at=workflow.now())
    )


async def start_incident(given: IncidentInput) -> bool:
    """Whether it is new: what runs already, or ran before, is asked once."""
    try:
        await workflow.start_child_workflow(
            WORKFLOW_NAME,
            given,
            id=given.case_id,
            parent_close_policy=ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=search_attributes.at_start("housekeeping", given.facility, "urgent"),
            static_summary=given.finding.message[:200],
        )
    except WorkflowAlreadyStartedError:
        return False
    return True
