"""What the policy would say, and where it applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends

from api.approvers import approvers_of
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.intake import Intake
from api.people import active_person
from api.posted import posted
from api.problems import ProblemDetail, invalid_request
from api.routes.documents import problems
from api.schemas.policies import Preview, PreviewBody, preview_level
from api.waiting import IdempotencyKey
from domain.facility import Facility
from domain.money import CurrencyMismatchError, Money
from domain.policy.model import FrozenPolicy
from domain.policy.preview import Preview as Previewed
from domain.policy.preview import preview_of
from domain.requisition import Requisition
from domain.routing import RequestFacts

router = APIRouter(route_class=BearerRoute, tags=["Policies"])


@router.post("/v1/policies/preview", responses=problems(body=True))
async def preview(
    services: TheServices,
    actor: TheActor,
    body: Annotated[PreviewBody, Depends(posted(PreviewBody))],
    _idempotency_key: IdempotencyKey = None,
) -> Preview:
    """Who would have to approve this request today, and why each of them. Nothing is kept."""
    outline = _outline(body)
    prefix = "" if body.requisition is None else "/requisition"
    policy = Intake(services, actor, services.now()).policy(outline.facility, prefix)
    if outline.amount.currency != policy.facility.currency:
        raise _other_currency(body, policy)
    if body.requester is not None:
        await active_person(services, body.requester, "/requester")
    approvers = await approvers_of(services, policy, outline.requester)
    facts = RequestFacts(
        amount=outline.amount,
        categories=outline.categories,
        urgency=outline.urgency,
        cost_centres=outline.cost_centres,
        risks=body.risks,
        requester_level=approvers.requester_level,
    )
    return _answer(preview_of(policy, facts, approvers, outline.requester, outline.on_behalf_of), outline.unpriced)


@dataclass(frozen=True)
class _Outline:
    """What routing looks at."""

    facility: str
    amount: Money
    categories: tuple[str, ...]
    urgency: str
    cost_centres: tuple[str, ...]
    requester: str | None
    on_behalf_of: str | None = None
    unpriced: tuple[int, ...] = ()


def _outline(body: PreviewBody) -> _Outline:
    if body.requisition is not None:
        return _outline_of(body.requisition)
    if body.facility is None or body.amount is None:
        raise RuntimeError("the body's own validation lets neither be absent here")
    return _Outline(body.facility, body.amount, body.categories, body.urgency, body.cost_centres, body.requester)


def _outline_of(requisition: Requisition) -> _Outline:
    prices = [(line.unit_price, line.quantity.value) for line in requisition.lines if line.unit_price is not None]
    try:
        amount = Money.total((price.times(count).rounded() for price, count in prices), requisition.currency)
    except (CurrencyMismatchError, ArithmeticError, ValueError):
        message = f"Send every price in {requisition.currency}, and amounts that a purchase can have."
        fault = ProblemDetail(pointer="/requisition/lines", code="amounts-unusable", message=message)
        raise invalid_request((fault,)) from None
    return _Outline(
        facility=requisition.facility,
        amount=amount,
        categories=tuple(sorted({line.category for line in requisition.lines if line.category})),
        urgency=requisition.urgency,
        cost_centres=tuple(sorted({share.cost_centre for line in requisition.lines for share in line.costs})),
        requester=requisition.requester,
        on_behalf_of=requisition.on_behalf_of,
        unpriced=tuple(line.line for line in requisition.lines if line.unit_price is None),
    )


def _other_currency(body: PreviewBody, policy: FrozenPolicy) -> Exception:
    pointer = "/amount/currency" if body.requisition is None else "/requisition/currency"
    message = f"{policy.facility.name} buys in {policy.facility.currency}; send amounts in {policy.facility.currency}."
    return invalid_request((ProblemDetail(pointer=pointer, code="currency-mismatch", message=message),))


def _answer(previewed: Previewed, unpriced: Sequence[int]) -> Preview:
    return Preview(
        facility=previewed.facility,
        policy_version=previewed.policy_version,
        policy_sha256=previewed.policy_sha256,
        effective_from=previewed.effective_from,
        amount=previewed.amount,
        categories=list(previewed.categories),
        levels=[preview_level(level) for level in previewed.levels],
        rules=list(previewed.rules),
        explanation=list(previewed.words),
        retrospective_role=previewed.retrospective,
        unpriced_lines=list(unpriced),
    )


@router.get("/v1/facilities", responses=problems(), tags=["Facilities"])
async def list_facilities(services: TheServices, actor: TheActor) -> list[Facility]:
    """The facilities that the caller's token covers, with their time zones and business calendars."""
    return [facility for facility in services.policies.facilities() if actor.serves(facility.code)]
