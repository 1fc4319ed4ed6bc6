"""Errors as RFC 9457 problem documents: a stable `type`, what happened, and what to change."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from api.logs import log, security
from domain.faults import Fault
from domain.outside_errors import OutsideError
from domain.ports.evidence import InvalidCursorError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:corridor:problem:"
MAX_ERRORS = 100
RETRY_AFTER_SECONDS = "2"
_REFUSALS = {401: "caller.unknown", 403: "caller.forbidden", 429: "caller.too_often"}


class ProblemDetail(BaseModel):
    """One thing to change: `pointer` is a JSON pointer (RFC 6901) into the body, `parameter` names a query parameter,
    path segment or header, `place` leads to it in a document (XPath, JSON pointer, or page), where `code` is the rule.
    """

    pointer: str | None = None
    parameter: str | None = None
    place: str | None = None
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457. `type` is stable and safe to program against; `detail` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:corridor:problem:invalid-request"])
    title: str
    status: int
    detail: str = ""
    instance: str | None = None
    errors: list[ProblemDetail] = []


class ProblemError(HTTPException):
    """Raised anywhere below a route; becomes the response. `extra` are further members of the document.

    An HTTPException, because FastAPI hides every other error that comes up while it reads a body.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str = "",
        errors: tuple[ProblemDetail, ...] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.slug, self.title, self.errors, self.extra = slug, title, errors, extra or {}

    def __str__(self) -> str:
        return f"{self.status_code} {self.slug}: {self.detail or self.title}"


def document_of(problem: ProblemError) -> Problem:
    return Problem(
        type=TYPE_PREFIX + problem.slug,
        title=problem.title,
        status=problem.status_code,
        detail=problem.detail,
        errors=list(problem.errors[:MAX_ERRORS]),
        **dict(problem.extra),
    )


def response(problem: ProblemError) -> JSONResponse:
    content = document_of(problem).model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, problem.status_code, problem.headers, MEDIA_TYPE)


def at_body(faults: Iterable[Fault], prefix: str = "") -> tuple[ProblemDetail, ...]:
    return tuple(
        ProblemDetail(pointer=prefix + fault.pointer, code=fault.code, message=fault.message) for fault in faults
    )


def invalid_request(errors: tuple[ProblemDetail, ...]) -> ProblemError:
    detail = f"{len(errors)} thing{'s' if len(errors) != 1 else ''} to change; nothing was done."
    return ProblemError(422, "invalid-request", "The request cannot be accepted", detail, errors)


def invalid_parameter(parameter: str, code: str, message: str) -> ProblemError:
    return invalid_request((ProblemDetail(parameter=parameter, code=code, message=message),))


def not_found(what: str = "resource") -> ProblemError:
    """The same words for what does not exist and for what the caller may not know of."""
    return ProblemError(404, f"{what}-not-found", f"There is no such {what}, or it is not yours to see")


def forbidden(slug: str, detail: str) -> ProblemError:
    return ProblemError(403, slug, "You may not do this", detail)


def conflict(slug: str, title: str, detail: str = "", **extra: Any) -> ProblemError:
    return ProblemError(409, slug, title, detail, extra=extra)


def key_reused(what: str) -> ProblemError:
    return ProblemError(
        422,
        "idempotency-key-reused",
        "The key was used for another request",
        f"This {what} id already stands for another {what}. Repeat that one unchanged, or choose a new id.",
    )


def unavailable(detail: str) -> ProblemError:
    headers = {"Retry-After": RETRY_AFTER_SECONDS}
    return ProblemError(503, "unavailable", "Try again in a moment", detail, headers=headers)


def pointer_of(location: Iterable[object]) -> str:
    """A JSON pointer from the places that pydantic names."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make each error of the app, of FastAPI and of Starlette a problem document. `routes` are those of its routers."""
    app.state.all_routes = [route for route in routes if isinstance(route, Route)]
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(InvalidCursorError, _on_cursor)
    app.add_exception_handler(OutsideError, _on_outside_error)


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 (narrows the type that Starlette's registry leaves open)
    note_refusal(request, error)
    return response(error)


def is_guess(request: Request, problem: ProblemError) -> bool:
    """Whether a caller was refused who offered a token or a signature, by header, by form, or in a link's address."""
    if "token" in request.path_params:
        return problem.status_code == HTTPStatus.NOT_FOUND
    offered = any(name in request.headers for name in ("authorization", "webhook-signature"))
    return problem.status_code == HTTPStatus.UNAUTHORIZED and (offered or "error=" in str(problem.headers))


def note_refusal(request: Request, problem: ProblemError) -> None:
    """One line for each caller who was refused. A reason names rules and roles, never a token or what was sent."""
    if problem.status_code not in _REFUSALS:
        return
    actor, source = getattr(request.state, "actor", None), getattr(request.state, "event_source", None)
    found = {
        "person": actor.person if actor else None,
        "issuer": actor.issuer if actor else None,
        "source": source.source if source else None,
        "address": request.client.host if request.client else None,
    }
    # Who offers no proof has only not signed in yet, as each page of an open Web UI shows again and again.
    unproven = problem.status_code == HTTPStatus.UNAUTHORIZED and not is_guess(request, problem)
    security.log(
        logging.INFO if unproven else logging.WARNING,
        _REFUSALS[problem.status_code],
        reason=problem.detail,
        code=problem.slug,
        method=request.method,
        route=getattr(request.scope.get("route"), "path", "unmatched"),
        **{name: value for name, value in found.items() if value is not None},
    )


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 (as above)
    return response(invalid_request(tuple(_detail(each) for each in error.errors())))


def _detail(error: Mapping[str, Any]) -> ProblemDetail:
    place, *rest = error["loc"] or ("body",)
    if place == "body":
        return ProblemDetail(pointer=pointer_of(rest), code=error["type"], message=error["msg"])
    return ProblemDetail(parameter=".".join(map(str, rest)), code=error["type"], message=error["msg"])


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 (as above)
    status = HTTPStatus(error.status_code)
    slug = status.phrase.lower().replace(" ", "-")
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _methods_at(request)
    return response(ProblemError(status, slug, status.phrase, str(error.detail), headers=headers))


def _methods_at(request: Request) -> str:
    """All methods of a path: Starlette names those of its first route alone."""
    routes: Sequence[Route] = request.app.state.all_routes
    first = next((route for route in routes if route.matches(request.scope)[0] is not Match.NONE), None)
    same = (route.methods or set() for route in routes if first is not None and route.path == first.path)
    return ", ".join(sorted(set[str]().union(*same)))


async def _on_cursor(_: Request, error: Exception) -> JSONResponse:
    return response(invalid_parameter("cursor", "cursor-unknown", f"{error}; start again without a cursor"))


async def _on_outside_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OutsideError)  # noqa: S101 (as above)
    log.warning("outside_system_failed", system=error.system, code=error.code)
    return response(unavailable(f"{error.system} does not answer as it should; nothing was done."))
