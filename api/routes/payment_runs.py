"""Payment runs: asked for outside their schedule, and what each of them pays."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.access import require_role, visible_case
from api.downloads import download
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.intake import Intake
from api.logs import bind, security
from api.paging import page_of
from api.payment_run_start import RunAsked, start_run
from api.posted import posted
from api.problems import not_found
from api.routes.documents import problems
from api.schemas.cases import CaseAccepted
from api.schemas.links import case_links
from api.schemas.parameters import DEFAULT_PAGE, CaseId, Cursor, Limit
from api.schemas.payments import (
    PaymentRunBody,
    PaymentRunLinks,
    PaymentRunView,
    payment_run_path,
    payment_view,
)
from api.services import Services
from api.waiting import IdempotencyKey
from domain.money import Money
from domain.people import Actor

MAY_START = ("treasury", "accounts-payable")
MAY_READ_FILES = ("treasury", "auditor")

router = APIRouter(route_class=BearerRoute, tags=["Payments"])
MessageIdPath = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]


@router.post(
    "/v1/payment-runs",
    status_code=202,
    responses=problems(403, 409, body=True)
    | {202: {"headers": {"Location": {"description": "The payment run", "schema": {"type": "string"}}}}},
)
async def start(
    services: TheServices,
    actor: TheActor,
    response: Response,
    body: Annotated[PaymentRunBody, Depends(posted(PaymentRunBody))],
    idempotency_key: IdempotencyKey = None,
) -> CaseAccepted:
    """Propose what is due at a facility now, beside the schedule. An invoice belongs to one run at most, so that runs
    may overlap. The same `Idempotency-Key` of the same person, on the same day or the next, gets the same run; without
    one, each request is a run of its own.
    """
    require_role(actor, *MAY_START)
    now = services.now()
    policy = Intake(services, actor, now).policy(body.facility)
    currency = body.currency or policy.facility.currency
    case = await start_run(services, RunAsked(actor, policy, currency, now, idempotency_key))
    bind(case_id=case)
    response.headers["Location"] = payment_run_path(case)
    return CaseAccepted(case_id=case, links=case_links(case))


@router.get("/v1/payment-runs/{case_id}", responses=problems(404, 422))
async def show(
    services: TheServices, actor: TheActor, case_id: CaseId, cursor: Cursor = None, limit: Limit = DEFAULT_PAGE
) -> PaymentRunView:
    """What the run pays, by payment: to whom, to which account (masked), for which invoices, and how far it is."""
    facility = await _visible(services, actor, case_id)
    payments = await services.payments.payments_of(case_id)
    shown, after = page_of(payments, cursor, limit)
    path = payment_run_path(case_id)
    return PaymentRunView(
        case_id=case_id,
        facility=facility,
        count=len(payments),
        total=Money.total((each.amount for each in payments), payments[0].amount.currency) if payments else None,
        states=dict(Counter(each.state for each in payments)),
        payments=[payment_view(each) for each in shown],
        next_cursor=after,
        links=PaymentRunLinks(self=path, case=f"/v1/cases/{case_id}", file=f"{path}/file/{{message_id}}"),
    )


@router.get(
    "/v1/payment-runs/{case_id}/file/{message_id}",
    response_class=Response,
    responses=problems(403, 404, 422)
    | {
        200: {
            "description": "The file as it goes to the bank",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def show_file(services: TheServices, actor: TheActor, case_id: CaseId, message_id: MessageIdPath) -> Response:
    """A payment file of the run, byte for byte, with whole bank numbers: for treasury and auditors only."""
    require_role(actor, *MAY_READ_FILES)
    await _visible(services, actor, case_id)
    found = await services.payments.file(message_id)
    if found is None or await services.payments.run_of(message_id) != case_id:
        raise not_found("file")
    name, content = found
    security.info("payment_file.read", person=actor.person, case_id=case_id, message_id=message_id)
    return download(content.encode(), "application/octet-stream", name)


async def _visible(services: Services, actor: Actor, case_id: str) -> str:
    """The facility of the run. Raises the 404 problem of a case that is none of the caller's, or no payment run."""
    case = await visible_case(services, actor, case_id)
    if case.process != "payment-run":
        raise not_found("payment-run")
    return case.facility
