"""HR files: what became of each that was left in the folder, and the release of one that a person had to look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from api.access import KNOW_PERSONS, require_role
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.logs import security
from api.posted import posted
from api.problems import conflict, forbidden, not_found
from api.routes.documents import problems
from api.schemas.hire_files import (
    HireFileList,
    HireFileRowList,
    HireFileView,
    ReleaseBody,
    hire_file_row,
    hire_file_view,
)
from api.schemas.parameters import DEFAULT_PAGE, Cursor, Limit
from api.waiting import IdempotencyKey
from domain.people import Actor
from domain.ports.hire_files import HireFileRecord

READERS = tuple(sorted(KNOW_PERSONS))
FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
LineCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,9}$", description="The `next_cursor` of the page before")]

router = APIRouter(route_class=BearerRoute, tags=["Hires"])


@router.get("/v1/hire-files", responses=problems(403, 422))
async def list_hire_files(
    services: TheServices, actor: TheActor, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> HireFileList:
    """HR files with their counts and the rows that were not taken, the latest first; a page may be shorter than asked
    for where files are those of other facilities.
    """
    require_role(actor, *READERS)
    found = await services.hire_files.files(limit + 1, cursor or "")
    page = found[:limit]
    items = [hire_file_view(each, actor.serves) for each in page if _visible(actor, each)]
    return HireFileList(items=items, next_cursor=page[-1].file_id if len(found) > limit else None)


@router.get("/v1/hire-files/{file_id}", responses=problems(403, 404, 422))
async def show_hire_file(services: TheServices, actor: TheActor, file_id: FileId) -> HireFileView:
    """What became of one HR file."""
    require_role(actor, *READERS)
    record = await services.hire_files.file(file_id)
    if record is None or not _visible(actor, record):
        raise not_found("hire-file")
    return hire_file_view(record, actor.serves)


@router.get("/v1/hire-files/{file_id}/rows", responses=problems(403, 404, 422))
async def list_hire_file_rows(
    services: TheServices, actor: TheActor, file_id: FileId, cursor: LineCursor = None, limit: Limit = DEFAULT_PAGE
) -> HireFileRowList:
    """What each row of an HR file did that did anything, with its case, and all faults of each that was refused."""
    require_role(actor, *READERS)
    record = await services.hire_files.file(file_id)
    if record is None or not _visible(actor, record):
        raise not_found("hire-file")
    shown = None if "*" in actor.facilities else actor.facilities
    found = await services.hire_files.fates(file_id, shown, limit + 1, int(cursor or 0))
    page = found[:limit]
    more = str(page[-1].line) if len(found) > limit else None
    return HireFileRowList(items=[hire_file_row(each) for each in page], next_cursor=more)


@router.post("/v1/hire-files/{file_id}/release", responses=problems(403, 404, 409, body=True))
async def release_hire_file(
    services: TheServices,
    actor: TheActor,
    file_id: FileId,
    body: Annotated[ReleaseBody, Depends(posted(ReleaseBody))],
    _idempotency_key: IdempotencyKey = None,
) -> HireFileView:
    """Have a file taken that was held, because it ends, or no longer lists, more hires than is likely. Whoever releases
    it must work for all facilities that it is of. What is missing in it ends by no means.
    """
    require_role(actor, "human-resources")
    record = await services.hire_files.file(file_id)
    if record is None or not _visible(actor, record):
        raise not_found("hire-file")
    if not actor.serves(record.scope or "*"):
        raise forbidden("facility-required", "A file of all facilities is released by those who serve them all.")
    released = await services.hire_files.release(file_id, actor.person, body.reason, services.now())
    if released is None:
        record = await services.hire_files.file(file_id)
        if record is None or record.released_by != actor.person:
            raise conflict("hire-file-not-held", "The file is not held", "Only a held file can be released.")
        return hire_file_view(record, actor.serves)
    security.info("hire_file.released", person=actor.person, file_id=file_id)
    return hire_file_view(released, actor.serves)


def _visible(actor: Actor, record: HireFileRecord) -> bool:
    """A file of all facilities is for everybody who works with HR files; its rows are not."""
    return not record.scope or actor.serves(record.scope)
