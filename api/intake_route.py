"""The route of what is posted most: FastAPI describes it, and keeps out of its way."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request, Response

from api.gatekeeping import BearerRoute, Handler, actor_of, services_of
from api.posted import posted_document
from api.schemas.cases import CaseAccepted
from api.schemas.links import case_links
from api.waiting import require_fit_key


class IntakeRoute(BearerRoute):
    """A bearer route whose endpoint takes `services`, `actor` and the `document` that was posted, and gives a response.

    To FastAPI the endpoint looks as any other, and so it is described. But it is called as written here: to find out
    what an endpoint takes, anew for each request, costs FastAPI as much as all checks of a requisition.
    """

    def unguarded(self) -> Handler:
        endpoint = self.endpoint

        async def answer(request: Request) -> Response:
            require_fit_key(request.headers.get("idempotency-key"))
            document = await posted_document(request)
            answered: Response = await endpoint(
                services=services_of(request), actor=actor_of(request), document=document
            )
            return answered

        return answer


def accepted(case_id: str, location: str) -> Response:
    """202: what was sent has become the case, or had before."""
    content = CaseAccepted(case_id=case_id, links=case_links(case_id)).model_dump_json()
    return Response(content, HTTPStatus.ACCEPTED, {"Location": location}, "application/json")
