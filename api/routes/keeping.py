"""The few changes that may be made to recorded evidence: holds, redactions, purges. Each is itself recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, get_args

from fastapi import APIRouter, Depends

from adapters.paging import Cursor, CursorReader
from api.access import require_facility, require_role, visible_case
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.logs import log
from api.posted import posted
from api.problems import ProblemDetail, ProblemError, conflict, forbidden, invalid_request, not_found
from api.routes.documents import problems
from api.schemas.audit import HoldBody, KeepingOutcome, KeptCase, PurgeBody, PurgeOutcome, RedactBody
from api.schemas.parameters import CaseId
from api.services import Services
from domain.case import Process
from domain.chain import HOLD_LIFTED
from domain.keeping import (
    CaseRecord,
    Change,
    KeepingRefusal,
    KeepingRefusedError,
    Order,
    hold,
    holds_in_force,
    latest_close,
    lift_hold,
    purge,
    purge_refusal,
    redact,
)
from domain.people import Actor

router = APIRouter(route_class=BearerRoute, tags=["Audit"])

_KEEPER = "compliance-officer"
_LOOKED_AT = 200
_PAGE = 50
_REASONS: dict[KeepingRefusal, str] = {
    "already-held": "The case is held for this matter already.",
    "not-held": "The case is not held for this matter.",
    "held": "The case is held.",
    "case-open": "The case is not closed.",
    "too-young": "The case is to be kept for longer.",
    "not-sealed": "The last entries of the case are not covered by a checkpoint yet.",
}
_INVALID: dict[KeepingRefusal, tuple[str, str]] = {
    "text-too-short": ("/text", "Send at least three characters that are no blanks."),
    "text-in-record": ("/reason", "The reason is recorded: say why without repeating the text."),
}


@router.post("/v1/purges", responses=problems(403, 404, body=True))
async def purge_cases(
    services: TheServices, actor: TheActor, body: Annotated[PurgeBody, Depends(posted(PurgeBody))]
) -> PurgeOutcome:
    """Remove closed cases whose time to be kept is over, by the retention rule that is effective now at their
    facility. Cases that are held, open, or not covered by a checkpoint stay. Of each purged case the entry that says so
    remains.
    """
    require_role(actor, _KEEPER)
    require_facility(actor, body.facility)
    return await _Purge(services, actor, body).run()


@router.post("/v1/audit/{case_id}/hold", responses=problems(403, 404, 409, body=True))
async def hold_case(
    services: TheServices, actor: TheActor, case_id: CaseId, body: Annotated[HoldBody, Depends(posted(HoldBody))]
) -> KeepingOutcome:
    """Keep the case whatever its age, until the hold is lifted. Repeated, it records nothing more."""
    await _require_keeper(services, actor, case_id)
    order = _order(services, actor, body.reason)
    return await _change(services, case_id, lambda case: _unless_held(case, body.matter, order))


@router.post("/v1/audit/{case_id}/lift-hold", responses=problems(403, 404, 409, body=True))
async def lift_hold_of_case(
    services: TheServices, actor: TheActor, case_id: CaseId, body: Annotated[HoldBody, Depends(posted(HoldBody))]
) -> KeepingOutcome:
    """End the hold for this matter; holds for others stay. Repeated, it records nothing more."""
    await _require_keeper(services, actor, case_id, own=False)
    order = _order(services, actor, body.reason)
    return await _change(services, case_id, lambda case: _unless_lifted(case, body.matter, order))


@router.post("/v1/audit/{case_id}/redact", responses=problems(403, 404, 409, body=True))
async def redact_case(
    services: TheServices, actor: TheActor, case_id: CaseId, body: Annotated[RedactBody, Depends(posted(RedactBody))]
) -> KeepingOutcome:
    """Remove a text from the timeline, the tasks and the notices of a case. The chain still holds, and a new entry
    says who removed text, where and why. A text that is nowhere changes nothing.
    """
    await _require_keeper(services, actor, case_id, own=False)
    order = _order(services, actor, body.reason)
    return await _change(services, case_id, lambda case: redact(case, body.text, order))


async def _require_keeper(services: Services, actor: Actor, case_id: str, *, own: bool = True) -> None:
    require_role(actor, _KEEPER)
    case = await visible_case(services, actor, case_id)
    if not own and case.requester == actor.person:
        raise forbidden("own-case", "Somebody else must do this: the case is your own request.")


def _order(services: Services, actor: Actor, reason: str) -> Order:
    return Order(actor=actor, reason=reason, at=services.now())


def _unless_held(case: CaseRecord, matter: str, order: Order) -> Change | None:
    return None if matter in holds_in_force(case.entries) else hold(case, matter, order)


def _unless_lifted(case: CaseRecord, matter: str, order: Order) -> Change | None:
    if matter not in holds_in_force(case.entries) and _was_lifted(case, matter):
        return None
    return lift_hold(case, matter, order)


def _was_lifted(case: CaseRecord, matter: str) -> bool:
    entries = (row.entry() for row in case.entries)
    return any(entry.kind == HOLD_LIFTED and entry.detail.get("matter") == matter for entry in entries)


async def _change(services: Services, case_id: str, decide: Callable[[CaseRecord], Change | None]) -> KeepingOutcome:
    try:
        change = await services.keeper.change(case_id, decide)
    except KeepingRefusedError as error:
        raise _refused(error.because) from None
    record = await services.keeper.record_of(case_id)
    if record is None:
        raise not_found("case")  # the case has begun and recorded nothing yet
    recorded = None
    if change is not None:
        fact = change.facts[0]
        recorded = next(row for row in record.entries if row.seq == fact.seq).stored()
        log.info(fact.kind, case_id=case_id, person=fact.actor, position=recorded.position)
    return KeepingOutcome(case_id=case_id, recorded=recorded, holds=list(holds_in_force(record.entries)))


def _refused(because: KeepingRefusal) -> ProblemError:
    if because in _INVALID:
        pointer, message = _INVALID[because]
        return invalid_request((ProblemDetail(pointer=pointer, code=because, message=message),))
    return conflict(because, "The evidence is not changed", _REASONS[because], because=because)


class _Purge:
    """One bounded walk through the closed cases of the caller's facilities: by facility, process and case id."""

    def __init__(self, services: Services, actor: Actor, body: PurgeBody) -> None:
        self._services, self._body = services, body
        self._order = _order(services, actor, body.reason)
        self._purged: list[str] = []
        self._kept: list[KeptCase] = []
        self._left = _LOOKED_AT
        codes = sorted(place.code for place in services.policies.facilities())
        wanted = [code for code in codes if actor.serves(code) and body.facility in (None, code)]
        self._stretches = [(code, process) for code in wanted for process in sorted(get_args(Process))]

    async def run(self) -> PurgeOutcome:
        start, after = self._start()
        following = None
        for facility, process in self._stretches:
            if (facility, process) < start:
                continue
            following = await self._stretch(facility, process, after if (facility, process) == start else "")
            if following is not None:
                break
        return PurgeOutcome(dry_run=self._body.dry_run, purged=self._purged, kept=self._kept, next_cursor=following)

    def _start(self) -> tuple[tuple[str, str], str]:
        if self._body.cursor is None:
            return ("", ""), ""
        key = CursorReader(self._body.cursor, "purge")
        return (key.text(), key.text()), key.text()

    async def _stretch(self, facility: str, process: str, after: str) -> str | None:
        """Go through one facility's cases of one process; where to go on when enough were looked at."""
        now = self._order.at
        policy = self._services.policies.effective(facility, now.date())
        if policy is None:
            return None
        years = policy.retention.of(process)
        rule = f"retention: {years} years after closing (policy {policy.version})"
        # A day more than the rule says: the exact day is looked at case by case.
        instant = latest_close(now, years) + timedelta(days=1)
        while page := await self._services.keeper.closed_before(facility, process, instant, after, _PAGE):
            for case_id in page:
                if self._left == 0:
                    return str(Cursor("purge", facility, process, after))
                self._left -= 1
                await self._one(case_id, years, rule)
                after = case_id
        return None

    async def _one(self, case_id: str, years: int, rule: str) -> None:
        try:
            if self._body.dry_run:
                await self._look(case_id, years)
            else:
                await self._services.keeper.change(case_id, lambda case: purge(case, years, rule, self._order))
        except KeepingRefusedError as error:
            if error.because != "too-young":
                self._kept.append(KeptCase(case_id=case_id, because=error.because))
            return
        self._purged.append(case_id)
        if not self._body.dry_run:
            log.info("evidence.purged", case_id=case_id, person=self._order.actor.person, rule=rule)

    async def _look(self, case_id: str, years: int) -> None:
        record = await self._services.keeper.record_of(case_id)
        because = purge_refusal(record, years, self._order.at) if record else "case-open"
        if because is not None:
            raise KeepingRefusedError(because)
