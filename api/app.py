"""The app: routes, problems and surroundings over the services that it is given. Nothing here opens a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry
from starlette.types import Lifespan

from api import problems
from api.limits import CallerLimits
from api.middleware import BodyLimit, CodecCors, Surroundings
from api.openapi_links import add_links
from api.posted_document import FORM_BYTES
from api.problems import Problem
from api.routes import (
    actions,
    audit,
    cases,
    codec,
    decision_links,
    decisions,
    delegations,
    events,
    health,
    hire_files,
    hire_reports,
    hires,
    invoice_reports,
    invoices,
    keeping,
    keying,
    overrides,
    payment_runs,
    policies,
    reassignments,
    reports,
    requisitions,
    tasks,
)
from api.services import DEFAULT_MAX_BODY_BYTES, Services
from api.shedding import LoadLimits, Shedding
from domain.capture import MAX_DOCUMENT_BYTES

VERSION = "1.0.0"
_DESCRIPTION = """
Requests to buy come in, people decide, systems of record are driven, and everything can be proven.

Errors are problem documents (RFC 9457): `type` is stable, `errors` says what to change. Lists are paged by opaque
cursors. Amounts and quantities are decimal strings; instants carry their time zone. Every POST may be repeated.
"""
ROUTERS = (
    requisitions,
    invoices,
    hires,
    hire_files,
    keying,
    payment_runs,
    cases,
    actions,
    decisions,  # before the tasks, one of which could else be called 'decisions'
    reassignments,
    tasks,
    decision_links,
    delegations,
    overrides,
    events,
    policies,
    audit,
    keeping,
    reports,
    invoice_reports,
    hire_reports,
    health,
)

# What proves the caller there is a signature in the request itself.
_OWN_PROOF = frozenset({"/v1/events", decision_links.PATH})

# `Surroundings` traces requests by their route. FastAPI's own spans would carry whole addresses: ids of cases, and the
# links in mails by which people decide.
_NO_SECOND_TRACE: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def create_app(
    services: Services | None = None,
    *,
    lifespan: Lifespan[FastAPI] | None = None,
    metrics: CollectorRegistry | None = None,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    tracer: Tracer | None = None,
    limits: CallerLimits | None = None,
    load: LoadLimits | None = None,
    web_ui_origins: Sequence[str] = (),
    docs: bool = True,
    tls: bool = False,
) -> FastAPI:
    """The app over `services`; without them, `lifespan` puts them into `app.state.services` before the first request.

    Metrics are counted in `metrics`, which should be the registry of the services. Without a `tracer` nothing is
    traced, without `limits` nobody is slowed down, without `load` any number is served at once. Pages from
    `web_ui_origins` may ask the codec endpoint. Without `docs` nothing describes the API; with `tls` browsers are told
    never to come without it.
    """
    app = FastAPI(
        title="Corridor",
        version=VERSION,
        description=_DESCRIPTION.strip(),
        docs_url="/docs" if docs else None,
        openapi_url="/openapi.json" if docs else None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry=_NO_SECOND_TRACE,
    )
    app.state.limits = limits or CallerLimits()
    if services is not None:
        app.state.services = services
        metrics = metrics or services.metrics
    for each in ROUTERS:
        app.include_router(each.router)
    app.include_router(codec.router)  # Temporal's protocol and a page for people: no part of the described API
    problems.install(app, [route for each in (*ROUTERS, codec) for route in each.router.routes])
    app.add_middleware(BodyLimit, limit=max_body_bytes, documents={"/v1/invoices": MAX_DOCUMENT_BYTES + FORM_BYTES})
    app.add_middleware(CodecCors, origins=web_ui_origins)
    registry = metrics or CollectorRegistry()
    if load is not None:
        app.add_middleware(Shedding, limits=load, registry=registry)
    app.add_middleware(Surroundings, registry=registry, tracer=tracer, tls=tls)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # how FastAPI documents to extend its OpenAPI
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, servers=[{"url": "/"}]
    )
    schemas = document["components"]["schemas"]
    own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(own.pop("$defs", {}))
    schemas["Problem"] = own
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own error shape, which never leaves here
        schemas.pop(name, None)
    _add_security(document)
    add_links(document)
    return document


def _add_security(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
    for path, operations in document["paths"].items():
        if path.startswith("/v1/") and path not in _OWN_PROOF:
            for operation in operations.values():
                operation["security"] = [{"bearer": []}]
