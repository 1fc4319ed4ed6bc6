"""Invoices: the document comes in, and what is known of it can be read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.access import require_role, visible_case
from api.document_types import MULTIPART
from api.downloads import download
from api.gatekeeping import BearerRoute, TheActor, TheServices
from api.invoice_intake import Delivered, DocumentKeyTakenError, InvoiceIntake, NoFacilityError
from api.logs import bind
from api.paging import page_of
from api.posted_document import posted_document
from api.problems import ProblemDetail, ProblemError, conflict, invalid_parameter, not_found
from api.routes.documents import problems
from api.schemas.cases import CaseAccepted
from api.schemas.invoices import CopyView, InvoiceLineList, InvoiceView, copy_view, invoice_path, invoice_view
from api.schemas.links import case_links
from api.schemas.parameters import DEFAULT_PAGE, CaseId, Cursor, Limit
from api.services import Services
from api.waiting import IdempotencyKey
from domain.capture import CapturedDocument, InvoiceCopy, UnreadableDocumentError
from domain.facility import FacilityCode
from domain.people import Actor

MAY_POST = ("portal", "accounts-payable")
_EXTENSIONS = {"application/json": "json", "application/xml": "xml", "application/pdf": "pdf"}
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_ORIGINAL = dict.fromkeys(_EXTENSIONS, _BINARY) | {"application/json": {"schema": {"description": "As it was posted"}}}
_FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "required": ["document"],
        "additionalProperties": False,
        "properties": {"document": {"type": "string", "format": "binary"}},
    }
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Invoice-Input"}},
            "application/xml": _BINARY,
            "text/xml": _BINARY,
            "application/pdf": _BINARY,
            MULTIPART: _FORM,
        },
    }
}

router = APIRouter(route_class=BearerRoute, tags=["Invoices"])
Version = Annotated[int, Path(ge=1, le=1_000_000)]
FacilityQuery = Annotated[
    FacilityCode | None,
    Query(description="Whose invoice it is, where neither the buyer's location number nor an order tells"),
]


@router.post(
    "/v1/invoices",
    status_code=202,
    responses=problems(403, 409, body=True)
    | {202: {"headers": {"Location": {"description": "The invoice", "schema": {"type": "string"}}}}},
    openapi_extra=_BODY,
)
async def submit(
    services: TheServices,
    actor: TheActor,
    request: Request,
    response: Response,
    facility: FacilityQuery = None,
    _idempotency_key: IdempotencyKey = None,
) -> CaseAccepted:
    """Hand in an invoice or a credit note: JSON, UBL 2.1, CII, Factur-X or plain PDF, as the body or as the one file of
    a form. The document itself is the key, and stands for the `Idempotency-Key` as well: sent again, it gets the same
    answer; another document is another case, which the control of duplicates compares with those that are known.
    """
    require_role(actor, *MAY_POST)
    document = await posted_document(request)
    delivered = Delivered(
        content=document.content,
        media_type=document.media_type,
        channel="api",
        sender=actor.person,
        actor=actor,
        name=document.name,
        facility=facility,
    )
    case = await _accepted(services, delivered)
    bind(case_id=case)
    response.headers["Location"] = invoice_path(case)
    return CaseAccepted(case_id=case, links=case_links(case))


async def _accepted(services: Services, delivered: Delivered) -> str:
    try:
        return await InvoiceIntake(services, services.now()).accept(delivered)
    except UnreadableDocumentError as error:
        raise _unreadable(error) from None
    except NoFacilityError as error:
        raise _no_facility(error.facility) from None
    except DocumentKeyTakenError:
        detail = "Another document has the same case id as this one; change something in it and send it again."
        raise conflict("document-key-taken", "The key stands for another document", detail) from None


def _unreadable(error: UnreadableDocumentError) -> ProblemError:
    errors = tuple(
        ProblemDetail(place=each.place or None, code=each.rule, message=each.message) for each in error.findings
    )
    detail = f"{len(errors)} thing{'s' if len(errors) != 1 else ''} to change; nothing was kept."
    return ProblemError(422, "document-unreadable", "No invoice can be read from the document", detail, errors)


def _no_facility(named: str | None) -> ProblemError:
    if named is None:
        message = "The document names none of your facilities, by location number or by order; name one."
        return invalid_parameter("facility", "facility-required", message)
    message = f"There is no facility '{named}'; send the code of one that buys here."
    return invalid_parameter("facility", "unknown-facility", message)


@router.get("/v1/invoices/{case_id}", responses=problems(404, 422))
async def show_invoice(services: TheServices, actor: TheActor, case_id: CaseId) -> InvoiceView:
    """The invoice as it is worked on, without its lines: who says what of it, who corrected it and why, and its
    payments.
    """
    await _visible(services, actor, case_id)
    copies = await services.documents.copies(case_id)
    if not copies:
        raise not_found("invoice")
    document = await services.documents.document(copies[0].document_sha256)
    payments = await services.payments.payments_for(case_id)
    return invoice_view(copies, document, payments)


@router.get("/v1/invoices/{case_id}/lines", responses=problems(404, 422))
async def show_lines(
    services: TheServices,
    actor: TheActor,
    case_id: CaseId,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="That version; default: the last")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_PAGE,
) -> InvoiceLineList:
    """The lines of the working copy, or of an earlier version."""
    copy = await _copy(services, actor, case_id, version)
    lines, after = page_of(copy.invoice.lines, cursor, limit)
    return InvoiceLineList(case_id=case_id, version=copy.version, items=list(lines), next_cursor=after)


@router.get("/v1/invoices/{case_id}/copies/{version}", responses=problems(404, 422))
async def show_copy(services: TheServices, actor: TheActor, case_id: CaseId, version: Version) -> CopyView:
    """One version of the invoice, without its lines."""
    return copy_view(await _copy(services, actor, case_id, version))


@router.get(
    "/v1/invoices/{case_id}/document",
    response_class=Response,
    responses=problems(404, 422) | {200: {"description": "The original, byte for byte", "content": _ORIGINAL}},
)
async def show_document(services: TheServices, actor: TheActor, case_id: CaseId) -> Response:
    """The original as it came, to be saved: nothing in it is shown or run by a browser."""
    copy = await _copy(services, actor, case_id, 1)
    document = await services.documents.document(copy.document_sha256)
    content = await services.documents.content(copy.document_sha256)
    if document is None or content is None:
        raise not_found("document")
    return download(content, document.media_type, _name(case_id, document), document.sha256)


def _name(case_id: str, document: CapturedDocument) -> str:
    """The name with which it came, or that of its case; with the ending of what it is."""
    ending = f".{_EXTENSIONS[document.media_type]}"
    name = document.name or case_id
    return name if name.lower().endswith(ending) else f"{name}{ending}"


async def _visible(services: Services, actor: Actor, case_id: str) -> None:
    """Raises the 404 problem of a case that is none of the caller's, or no invoice."""
    case = await visible_case(services, actor, case_id)
    if case.process != "invoice-to-payment":
        raise not_found("invoice")


async def _copy(services: Services, actor: Actor, case_id: str, version: int | None) -> InvoiceCopy:
    await _visible(services, actor, case_id)
    copy = await services.documents.copy(case_id, version)
    if copy is None:
        raise not_found("invoice" if version is None else "version")
    return copy
