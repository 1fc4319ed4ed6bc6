"""Leave to combine duties that a rule keeps apart: asked for by one person, given by another, for a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.access import visible_case
from api.acting import policy_of
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.people import serves
from api.posted import posted
from api.problems import ProblemDetail, ProblemError, conflict, forbidden, invalid_request, key_reused, not_found
from api.routes.documents import problems
from api.schemas.overrides import OverrideBody, OverrideList, OverrideView, override_view, state_of
from api.schemas.parameters import DEFAULT_PAGE, Cursor, Limit, OverrideId, PersonQuery, Word
from api.services import Services
from api.waiting import IdempotencyKey, chosen_id
from domain.people import Actor
from domain.policy.model import SegregationRule
from domain.ports.overrides import OverrideFilter, OverrideRecord, OverrideTakenError

router = APIRouter(route_class=BearerRoute, tags=["Segregation of duties"])
OVERSEERS = ("compliance-officer", "process-owner", "auditor")


@router.post("/v1/segregation-overrides", status_code=201, responses=problems(403, 404, body=True))
async def request_override(
    services: TheServices,
    actor: TheActor,
    response: Response,
    body: Annotated[OverrideBody, Depends(posted(OverrideBody))],
    idempotency_key: IdempotencyKey = None,
) -> OverrideView:
    """Ask for leave. Nothing is allowed by it until somebody else, who holds the role that the rule names, approves it.
    Sent again under its id, it gets the override as it is now.
    """
    override_id = chosen_id(body.override_id, idempotency_key)
    asked = OverrideRecord(
        **dict(body) | {"override_id": override_id}, requested_by=actor.person, requested_at=services.now()
    )
    if await services.overrides.get(override_id) is None:
        await _check(services, actor, asked)
    try:
        kept = await services.overrides.request(asked)
    except OverrideTakenError:
        raise key_reused("override") from None
    view = override_view(kept, services.now())
    response.headers["Location"] = view.links.self
    return view


@router.get("/v1/segregation-overrides", responses=problems(404, 422))
async def list_overrides(
    services: TheServices,
    actor: TheActor,
    facility: Word = None,
    person: PersonQuery = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> OverrideList:
    """Overrides at the caller's facilities, for those who oversee them; everybody else sees those about themselves."""
    if not _oversees(actor):
        if person not in (None, actor.person):
            return OverrideList(items=[], next_cursor=None)
        person = actor.person
    where = OverrideFilter(facilities=actor.facilities, facility=facility, person=person)
    page = await services.overrides.page(where, cursor, limit)
    now = services.now()
    return OverrideList(items=[override_view(each, now) for each in page.items], next_cursor=page.next_cursor)


@router.get("/v1/segregation-overrides/{override_id}", responses=problems(404, 422))
async def show_override(services: TheServices, actor: TheActor, override_id: OverrideId) -> OverrideView:
    """One override, with what it was used for."""
    return override_view(await _visible(services, actor, override_id), services.now())


@router.post("/v1/segregation-overrides/{override_id}/approve", responses=problems(403, 404, 409, 422))
async def approve_override(
    services: TheServices, actor: TheActor, override_id: OverrideId, _idempotency_key: IdempotencyKey = None
) -> OverrideView:
    """Give the leave that was asked for: from now until its end. Neither who uses it nor who asked for it may."""
    known = await _visible(services, actor, override_id)
    rule = _rule(services, known)
    if rule is None:
        raise conflict("rule-unknown", "There is nothing to override", "The policy has no such rule any more.")
    if actor.person in (known.person, known.requested_by):
        raise forbidden("own-override", "Neither who uses an override nor who asked for it approves it.")
    if not actor.has_role(rule.override_role):
        raise forbidden("role-required", f"The rule {rule.name} is overridden by the {rule.override_role} alone.")
    if known.approved_by is None:
        _require_open(known, services)
    kept = await services.overrides.approve(override_id, actor.person, services.now())
    if kept is None or kept.approved_by != actor.person:
        raise conflict("already-approved", "Somebody else has approved it", "The first approval stands.")
    return override_view(kept, services.now())


@router.post("/v1/segregation-overrides/{override_id}/end", responses=problems(403, 404, 422))
async def end_override(
    services: TheServices, actor: TheActor, override_id: OverrideId, _idempotency_key: IdempotencyKey = None
) -> OverrideView:
    """End it before its time: whom it concerns, who asked for it, who may approve it and the process owner may. The
    first end stands, and what was decided on it before counts.
    """
    known = await _visible(services, actor, override_id)
    rule = _rule(services, known)
    roles = ("process-owner", rule.override_role if rule is not None else "compliance-officer")
    concerned = actor.person in (known.person, known.requested_by, known.approved_by)
    if not concerned and not any(actor.has_role(role) for role in roles):
        raise forbidden("not-authorised", f"Those whom it concerns end it, or {' or '.join(roles)}.")
    kept = await services.overrides.end(override_id, actor.person, services.now())
    if kept is None:
        raise not_found("override")
    return override_view(kept, services.now())


async def _check(services: Services, actor: Actor, asked: OverrideRecord) -> None:
    """Raises the 404 problem of a case that the caller may not know of, the 422 problem with all faults of the rest."""
    faults = [*_faults_of_rule(services, actor, asked), *(await _faults_of_person(services, asked))]
    if asked.case_id is not None:
        case = await visible_case(services, actor, asked.case_id)
        if case.facility != asked.facility:
            message = f"The case is one of {case.facility}, where this override would not hold."
            faults.append(_fault("/case_id", "case-elsewhere", message))
    if faults:
        raise invalid_request(tuple(faults))


def _faults_of_rule(services: Services, actor: Actor, asked: OverrideRecord) -> Iterable[ProblemDetail]:
    if not actor.serves(asked.facility) or policy_of(services, asked.facility) is None:
        yield _fault("/facility", "facility-unknown", f"There is no facility {asked.facility}, or it is not yours.")
        return
    rule = _rule(services, asked)
    if rule is None:
        message = f"The policy of {asked.facility} has no rule on duties of this name."
        yield _fault("/rule", "rule-unknown", message)
    now = services.now()
    if asked.valid_until <= now:
        yield _fault("/valid_until", "in-the-past", "An override needs an end that is ahead.")
    elif rule is not None and asked.valid_until > now + timedelta(days=rule.override_max_days):
        message = f"The rule is overridden for at most {rule.override_max_days} days."
        yield _fault("/valid_until", "too-long", message)


async def _faults_of_person(services: Services, asked: OverrideRecord) -> Iterable[ProblemDetail]:
    person = await services.directory.person(asked.person)
    if person is None or not person.active:
        return [_fault("/person", "person-unknown", f"Nobody active has the id {asked.person}.")]
    if not serves(person, asked.facility):
        return [_fault("/person", "not-at-facility", f"{asked.person} does not work for {asked.facility}.")]
    return []


def _require_open(known: OverrideRecord, services: Services) -> None:
    state = state_of(known, services.now())
    if state in ("ended", "over"):
        raise _too_late(state)


def _too_late(state: str) -> ProblemError:
    return conflict(f"override-{state}", "It is too late to approve it", "Ask for a new one.")


async def _visible(services: Services, actor: Actor, override_id: str) -> OverrideRecord:
    """Raises the 404 problem when there is none, or none that the caller may know of."""
    known = await services.overrides.get(override_id)
    if known is None or not actor.serves(known.facility):
        raise not_found("override")
    rule = _rule(services, known)
    concerned = actor.person in (known.person, known.requested_by)
    if not (concerned or _oversees(actor) or (rule is not None and actor.has_role(rule.override_role))):
        raise not_found("override")
    return known


def _oversees(actor: Actor) -> bool:
    return any(actor.has_role(role) for role in OVERSEERS)


def _rule(services: Services, override: OverrideRecord) -> SegregationRule | None:
    policy = policy_of(services, override.facility)
    rules = policy.segregation if policy is not None else ()
    return next((rule for rule in rules if rule.name == override.rule), None)


def _fault(pointer: str, code: str, message: str) -> ProblemDetail:
    return ProblemDetail(pointer=pointer, code=code, message=message)
