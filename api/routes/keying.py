"""The page beside the original on which a person keys an invoice."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from api.access import sees_task, visible_case
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.keying_pages import Keying, keying_page
from api.problems import not_found
from api.routes.documents import problems
from api.schemas.parameters import CaseId
from domain.policy.model import CaptureRule

router = APIRouter(route_class=BearerRoute, tags=["Invoices"])


@router.get("/v1/invoices/{case_id}/page", response_class=HTMLResponse, responses=problems(404, 422))
async def show_page(services: TheServices, actor: TheActor, case_id: CaseId) -> Response:
    """The invoice for people: what was read, the doubtful first, with its places on the original, what is asked, and
    the body of each answer. A portal opens it with the token of its caller; there are no scripts in it.
    """
    case = await visible_case(services, actor, case_id)
    copy = await services.documents.copy(case_id)
    if case.process != "invoice-to-payment" or copy is None:
        raise not_found("invoice")
    known = [task for task in await services.reader.tasks_of_case(case_id) if task.status == "open"]
    tasks = [task for task in known if await sees_task(services, actor, task)]
    policy = services.policies.effective(case.facility, services.now().date())
    threshold = (policy.capture if policy is not None else CaptureRule()).confidence
    return keying_page(Keying(copy, tasks, threshold))
