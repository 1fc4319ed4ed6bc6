"""The evidence, for those who check."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import require_role, visible_case
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.problems import forbidden
from api.routes.documents import problems
from api.schemas.audit import AuditTrail, AuditVerdict, LastCheckpoint
from api.schemas.parameters import DEFAULT_PAGE, CaseId, Cursor, Limit

router = APIRouter(route_class=BearerRoute, tags=["Audit"])
_AUDITORS = ("auditor", "compliance-officer", "process-owner")
_CASE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


# Before the route with a case id in its place, which would take 'verify' for one.
@router.get("/v1/audit/verify", responses=problems(403, 404, 422))
async def verify(
    services: TheServices,
    actor: TheActor,
    case_id: Annotated[str | None, Query(min_length=1, max_length=160, pattern=_CASE_PATTERN)] = None,
) -> AuditVerdict:
    """Whether the evidence of a case holds or, for those who serve all facilities, of every case: the hash chains, the
    checkpoints, and the one against the other. A fault names the table and the row.
    """
    require_role(actor, *_AUDITORS)
    if case_id is not None:
        await visible_case(services, actor, case_id)
    elif "*" not in actor.facilities:
        raise forbidden("facility-required", "Name a case: only who serves all facilities may check everything.")
    entries_read, faults = await services.reader.verify(case_id)
    sealed = await services.checkpoints.verify(case_id)
    return AuditVerdict(
        intact=not faults and not sealed.faults,
        entries_read=entries_read,
        checkpoints_read=sealed.checkpoints_read,
        last_checkpoint=LastCheckpoint.model_validate(sealed.last.model_dump()) if sealed.last else None,
        signatures_checked=sealed.signatures_checked,
        faults=[*faults, *sealed.faults],
    )


@router.get("/v1/audit/{case_id}", responses=problems(403, 404, 422))
async def trail(
    services: TheServices, actor: TheActor, case_id: CaseId, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> AuditTrail:
    """The timeline of a case with the hashes that chain it."""
    require_role(actor, *_AUDITORS)
    await visible_case(services, actor, case_id)
    page = await services.reader.timeline(case_id, cursor, limit)
    return AuditTrail(case_id=case_id, items=list(page.items), next_cursor=page.next_cursor)
