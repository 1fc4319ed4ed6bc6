"""What the policy would say, and where it applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends

from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.intake import Intake
from api.posted import posted
from api.previewing import approver_directory, questions
from api.problems import ProblemDetail, invalid_request
from api.routes.documents import problems
from api.schemas.policies import Preview, PreviewBody, PreviewLevel, PreviewQuestion
from api.waiting import IdempotencyKey
from domain.facility import Facility
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import FrozenPolicy
from domain.requisition import Requisition, Urgency
from domain.routing import RequestFacts, Route, RoutedLevel, explain, route

router = APIRouter(route_class=BearerRoute, tags=["Policies"])


@router.post("/v1/policies/preview", responses=problems(body=True))
async def preview(
    services: TheServices,
    actor: TheActor,
    body: Annotated[PreviewBody, Depends(posted(PreviewBody))],
    _idempotency_key: IdempotencyKey = None,
) -> Preview:
    """Who would have to approve this request today, by name, and why each of them. Nothing is kept."""
    outline = _outline(body)
    prefix = "" if body.requisition is None else "/requisition"
    policy = Intake(services, actor, services.now()).policy(outline.facility, prefix)
    if outline.amount.currency != policy.facility.currency:
        raise _other_currency(body, policy)
    directory = await approver_directory(services, policy, outline.requesters[0] if outline.requesters else None)
    facts = RequestFacts(
        amount=outline.amount,
        categories=outline.categories,
        urgency=outline.urgency,
        cost_centres=outline.cost_centres,
        requester_level=directory.requester_level,
    )
    found = route(policy, facts)
    asked = await questions(services, policy, found, directory, outline.amount, outline.requesters)
    return _answer(policy, outline, found, asked)


@dataclass
class _Outline:
    """What routing looks at."""

    facility: str
    amount: Money
    categories: tuple[str, ...]
    urgency: Urgency
    cost_centres: tuple[str, ...] = ()
    requesters: tuple[str, ...] = ()
    unpriced: tuple[int, ...] = ()


def _outline(body: PreviewBody) -> _Outline:
    if body.requisition is not None:
        return _outline_of(body.requisition)
    if body.facility is None or body.amount is None:
        raise RuntimeError("the body's own validation lets neither be absent here")
    requesters = (body.requester,) if body.requester is not None else ()
    return _Outline(body.facility, body.amount, body.categories, body.urgency, body.cost_centres, requesters)


def _outline_of(requisition: Requisition) -> _Outline:
    prices = [(line.unit_price, line.quantity.value) for line in requisition.lines if line.unit_price is not None]
    try:
        amount = Money.total((price.times(count).rounded() for price, count in prices), requisition.currency)
    except (CurrencyMismatchError, ArithmeticError, ValueError):
        message = f"Send every price in {requisition.currency}, and amounts that a purchase can have."
        fault = ProblemDetail(pointer="/requisition/lines", code="amounts-unusable", message=message)
        raise invalid_request((fault,)) from None
    behalf = requisition.on_behalf_of
    return _Outline(
        facility=requisition.facility,
        amount=amount,
        categories=tuple(sorted({line.category for line in requisition.lines if line.category})),
        urgency=requisition.urgency,
        cost_centres=tuple(sorted({share.cost_centre for line in requisition.lines for share in line.costs})),
        requesters=(requisition.requester, *((behalf,) if behalf is not None else ())),
        unpriced=tuple(line.line for line in requisition.lines if line.unit_price is None),
    )


def _other_currency(body: PreviewBody, policy: FrozenPolicy) -> Exception:
    pointer = "/amount/currency" if body.requisition is None else "/requisition/currency"
    message = f"{policy.facility.name} buys in {policy.facility.currency}; send amounts in {policy.facility.currency}."
    return invalid_request((ProblemDetail(pointer=pointer, code="currency-mismatch", message=message),))


def _answer(policy: FrozenPolicy, outline: _Outline, found: Route, asked: list[list[PreviewQuestion]]) -> Preview:
    at_once = outline.urgency == "emergency" and outline.amount.amount <= policy.emergency.cap
    return Preview(
        facility=policy.facility.code,
        policy_version=policy.version,
        policy_sha256=policy.sha256,
        effective_from=policy.effective_from,
        amount=outline.amount,
        categories=list(outline.categories),
        levels=[_level(place, routed) for place, routed in enumerate(found.levels, start=1)],
        rules=list(found.rules),
        explanation=explain(found),
        stages=asked,
        retrospective_role=policy.emergency.retrospective_role if at_once else None,
        unpriced_lines=list(outline.unpriced),
    )


def _level(place: int, routed: RoutedLevel) -> PreviewLevel:
    level = routed.level
    return PreviewLevel(
        place=place,
        name=level.name,
        role=level.role,
        rules=list(routed.rules),
        reasons=list(routed.reasons),
        remind_after_hours=level.remind_after_hours,
        escalate_after_hours=level.escalate_after_hours,
        escalate_to=level.escalate_to,
    )


@router.get("/v1/facilities", responses=problems(), tags=["Facilities"])
async def list_facilities(services: TheServices, actor: TheActor) -> list[Facility]:
    """The facilities that the caller's token covers, with their time zones and business calendars."""
    return [facility for facility in services.policies.facilities() if actor.serves(facility.code)]
