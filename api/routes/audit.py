"""The evidence, for those who check."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.access import AUDITORS, require_role, visible_case
from api.bundle import Evidence, packed
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.logs import log
from api.problems import ProblemError, forbidden, not_found
from api.routes.documents import problems
from api.schemas.audit import AuditTrail, AuditVerdict, LastCheckpoint, PublicKeys
from api.schemas.parameters import DEFAULT_PAGE, CaseId, Cursor, Limit
from api.services import Services
from domain.case import parse_case_id
from domain.people import Actor

router = APIRouter(route_class=BearerRoute, tags=["Audit"])
_CASE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bundle, as a zip file",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


# Before the routes with a case id in their place, which would take 'verify' and 'keys' for one.
@router.get("/v1/audit/verify", responses=problems(403, 404, 422))
async def verify(
    services: TheServices,
    actor: TheActor,
    case_id: Annotated[str | None, Query(min_length=1, max_length=160, pattern=_CASE_PATTERN)] = None,
) -> AuditVerdict:
    """Whether the evidence of a case holds or, for those who serve all facilities, of every case: the hash chains, the
    checkpoints, and the one against the other. A fault names the table and the row.
    """
    require_role(actor, *AUDITORS)
    if case_id is not None:
        await require_case(services, actor, case_id)
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


@router.get("/v1/audit/keys", responses=problems(403))
async def keys(services: TheServices, actor: TheActor) -> PublicKeys:
    """The public keys with which a bundle's signatures are checked, got in another way than in the bundle."""
    require_role(actor, *AUDITORS)
    found = services.checkpoints.public_keys()
    return PublicKeys(keys={key_id: base64.b64encode(key).decode() for key_id, key in found.items()})


@router.get("/v1/audit/{case_id}", responses=problems(403, 404, 422))
async def trail(
    services: TheServices, actor: TheActor, case_id: CaseId, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> AuditTrail:
    """The timeline of a case with the hashes that chain it. Of a purged case, the entry that says that it was."""
    require_role(actor, *AUDITORS)
    await require_case(services, actor, case_id)
    page = await services.reader.timeline(case_id, cursor, limit)
    return AuditTrail(case_id=case_id, items=list(page.items), next_cursor=page.next_cursor)


@router.get("/v1/audit/{case_id}/export", response_class=Response, responses=problems(403, 404, 422) | _ZIP)
async def export(services: TheServices, actor: TheActor, case_id: CaseId) -> Response:
    """The whole evidence of a case as a bundle that anybody can check without Corridor."""
    require_role(actor, *AUDITORS)
    await require_case(services, actor, case_id)
    record = await services.keeper.record_of(case_id)
    if record is None:
        raise not_found("case")
    evidence = Evidence(
        record=record,
        # Checkpoints that were taken since would cover entries that the record does not have.
        inclusions=[
            each
            for each in await services.checkpoints.inclusions(case_id)
            if not record.entries or each.head.position <= record.entries[-1].position
        ],
        public_keys=services.checkpoints.public_keys(),
        exported_at=services.now(),
        exported_by=actor.person,
    )
    log.info("evidence.exported", case_id=case_id, person=actor.person)
    headers = {"Content-Disposition": f'attachment; filename="{case_id}.zip"'}
    return Response(packed(evidence), media_type="application/zip", headers=headers)


async def require_case(services: Services, actor: Actor, case_id: str) -> None:
    """Raises the 404 problem unless the caller may see the case or, when it was purged, serves its facility."""
    try:
        await visible_case(services, actor, case_id)
    except ProblemError as problem:
        key = parse_case_id(case_id)
        if problem.status_code != 404 or key is None or not actor.serves(key.facility):
            raise
        record = await services.keeper.record_of(case_id)
        if record is None or record.tombstone is None:
            raise
