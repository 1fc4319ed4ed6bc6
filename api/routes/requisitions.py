"""Intake of purchases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.access import require_linkable
from api.gatekeeping import TheActor, TheServices
from api.intake import Intake
from api.intake_route import IntakeRoute, accepted
from api.logs import bind
from api.posted import Posted, documented
from api.problems import ProblemError, conflict, unavailable
from api.routes.documents import problems
from api.schemas.cases import CaseAccepted
from api.schemas.links import case_path
from api.services import Services
from api.starting import CaseExistsError
from api.waiting import IdempotencyKey
from domain.case import case_id, fingerprint
from domain.requisition import Requisition
from workflows.messages.procure_to_pay import PurchaseInput

router = APIRouter(route_class=IntakeRoute, tags=["Requisitions"])
_document = documented(Requisition)


@router.post(
    "/v1/requisitions",
    status_code=202,
    response_model=CaseAccepted,
    responses=problems(409, body=True)
    | {202: {"headers": {"Location": {"description": "The case", "schema": {"type": "string"}}}}},
)
async def submit(
    services: TheServices,
    actor: TheActor,
    document: Annotated[Posted, Depends(_document)],
    _idempotency_key: IdempotencyKey = None,
) -> Response:
    """Ask to buy. The business key is the facility with the requisition's number, and stands for the
    `Idempotency-Key` as well: the same request gets the same answer, another body under the same key gets 409.
    """
    now = services.now()
    requisition, policy = Intake(services, actor, now).accept(document)
    case = case_id("procure-to-pay", requisition.facility, requisition.number)
    bind(case_id=case)
    # Defaults are left out, so that a release which adds a field does not turn a repeat into another request.
    sha256 = fingerprint(requisition.model_dump(mode="json", exclude_defaults=True))
    known = await services.reader.case(case)
    if known is None:
        await require_linkable(services, actor, requisition.linked_cases, "/linked_cases")
        request = PurchaseInput(
            case_id=case,
            requisition=requisition,
            policy=policy.of_process("procure-to-pay"),
            submitted_at=now,
            submitted_by=actor,
            request_sha256=sha256,
        )
        await _start(services, request)
    elif known.request_sha256 != sha256:
        raise _taken(case)
    return accepted(case, case_path(case))


async def _start(services: Services, request: PurchaseInput) -> None:
    try:
        await services.cases.start(request)
    except CaseExistsError:
        if await _fingerprint(services, request.case_id) != request.request_sha256:
            raise _taken(request.case_id) from None


async def _fingerprint(services: Services, case: str) -> str:
    """Of the request that started the case: by the case itself, or, when it is gone by retention, by its evidence."""
    known = await services.cases.fingerprint(case)
    if known is not None:
        return known
    recorded = await services.reader.case(case)
    if recorded is None:
        raise unavailable("A case with this number is being recorded.")
    return recorded.request_sha256


def _taken(case: str) -> ProblemError:
    return conflict(
        "business-key-taken",
        "The number stands for another request",
        "Another requisition has this number at this facility. Amend that case, or send a new number.",
        case_id=case,
    )
