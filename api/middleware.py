"""What surrounds every request: an id, a size limit, security headers, one log line and the metrics."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from fastapi.responses import JSONResponse
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Tracer
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import log
from api.problems import ProblemError, response

REQUEST_ID = "x-request-id"
_CALLER_GONE = 499  # nobody is there to read it: what web servers write into their logs
_GOOD_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
# Only where TLS is certain: a browser that has seen it once refuses to come without for a year.
_TLS = {"strict-transport-security": "max-age=31536000"}
# The pages that show the OpenAPI load their scripts from FastAPI's usual place.
_DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "frame-ancestors 'none'"
)


class BodyLimit:
    """Refuses bodies above `limit` bytes with 413, whether they announce their length or come in chunks. `documents`
    are paths that take whole documents, with limits of their own.
    """

    def __init__(self, app: ASGIApp, limit: int, documents: Mapping[str, int] | None = None) -> None:
        self._app, self._limit, self._documents = app, limit, documents or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._documents.get(scope["path"], self._limit)
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced[:20]) > limit:
            return await response(_too_large(limit))(scope, receive, send)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _too_large(limit)
            return message

        return await self._app(scope, counted, send)


def _too_large(limit: int) -> ProblemError:
    detail = f"Send at most {limit} bytes; refer to large documents by attachments."
    return ProblemError(413, "body-too-large", "The body is too large", detail, headers={"Connection": "close"})


class CodecCors:
    """Lets pages of the Web UI, and no others, read what the codec endpoint answers (Fetch Standard, CORS)."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_methods=["POST"],
            allow_headers=["authorization", "content-type", "x-namespace"],
            allow_credentials=True,
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"] == "/codec/decode"
        await (self._open if asked else self._app)(scope, receive, send)


class Surroundings:
    """Outermost: whatever happens inside, the answer carries its headers, is counted and logged once."""

    def __init__(
        self, app: ASGIApp, registry: CollectorRegistry, tracer: Tracer | None = None, tls: bool = False
    ) -> None:
        self._app, self._tracer, self._tls = app, tracer, tls
        self._seconds = Histogram(
            "corridor_http_request_seconds",
            "Time to answer, by route",
            ["method", "route"],
            registry=registry,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        self._answers = Counter(
            "corridor_http_answers", "Answers, by route and status", ["method", "route", "status"], registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GOOD_ID.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                secured = _SECURITY | (_TLS if self._tls or scope["scheme"] == "https" else {})
                _dress(MutableHeaders(scope=message), request_id, scope["path"], secured)
            await send(message)

        try:
            await self._traced(scope, receive, dressed)
        except ClientDisconnect:
            status = status or _CALLER_GONE
            log.info("caller_gone")
        except Exception:
            log.exception("request_failed")
            if status:
                raise  # the answer has begun: the server can only cut the connection
            await _broken()(scope, receive, dressed)
        finally:
            self._account(scope, status, time.perf_counter() - started)

    async def _traced(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Inside a span that continues the caller's trace, so that the case's own spans hang below the request."""
        if self._tracer is None:
            return await self._app(scope, receive, send)
        parent = extract(dict(Headers(scope=scope)))
        with self._tracer.start_as_current_span("http.request", context=parent, kind=SpanKind.SERVER) as span:
            try:
                await self._app(scope, receive, send)
            finally:
                span.update_name(f"{_method(scope)} {_route(scope)}")
        return None

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = _method(scope), _route(scope)
        self._seconds.labels(method, route).observe(seconds)
        self._answers.labels(method, route, str(status)).inc()
        log.info("answered", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))


def _dress(headers: MutableHeaders, request_id: str, path: str, secured: Mapping[str, str]) -> None:
    headers[REQUEST_ID] = request_id
    for name, value in secured.items():
        headers.setdefault(name, value)
    if path.startswith("/docs"):
        headers["content-security-policy"] = _DOCS_POLICY


def _broken() -> JSONResponse:
    detail = "The error is recorded under the request id. Repeating the request unchanged is harmless."
    return response(ProblemError(500, "internal-error", "Something broke on our side", detail))


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS") else "other"


def _route(scope: Scope) -> str:
    """The template of the path, so that ids make no new time series and show in no log line."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))
