"""The app: routes, problems and surroundings over the services that it is given. Nothing here opens a connection."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry
from starlette.types import Lifespan

from api import problems
from api.middleware import BodyLimit, Surroundings
from api.problems import Problem
from api.routes import (
    actions,
    audit,
    cases,
    decisions,
    delegations,
    events,
    health,
    overrides,
    policies,
    reassignments,
    reports,
    requisitions,
    tasks,
)
from api.services import DEFAULT_MAX_BODY_BYTES, Services

VERSION = "1.0.0"
_DESCRIPTION = """
Requests to buy come in, people decide, systems of record are driven, and everything can be proven.

Errors are problem documents (RFC 9457): `type` is stable, `errors` says what to change. Lists are paged by opaque
cursors. Amounts and quantities are decimal strings; instants carry their time zone. Every POST may be repeated.
"""
ROUTERS = (
    requisitions,
    cases,
    actions,
    decisions,  # before the tasks, one of which could else be called 'decisions'
    reassignments,
    tasks,
    delegations,
    overrides,
    events,
    policies,
    audit,
    reports,
    health,
)


def create_app(
    services: Services | None = None,
    *,
    lifespan: Lifespan[FastAPI] | None = None,
    metrics: CollectorRegistry | None = None,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    tracer: Tracer | None = None,
) -> FastAPI:
    """The app over `services`; without them, `lifespan` puts them into `app.state.services` before the first request.

    Metrics are counted in `metrics`, which should be the registry of the services. Without a `tracer` nothing is
    traced.
    """
    app = FastAPI(
        title="Corridor", version=VERSION, description=_DESCRIPTION.strip(), redoc_url=None, lifespan=lifespan
    )
    if services is not None:
        app.state.services = services
        metrics = metrics or services.metrics
    for each in ROUTERS:
        app.include_router(each.router)
    problems.install(app, [route for each in ROUTERS for route in each.router.routes])
    app.add_middleware(BodyLimit, limit=max_body_bytes)
    app.add_middleware(Surroundings, registry=metrics or CollectorRegistry(), tracer=tracer)

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
    return document


def _add_security(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
    for path, operations in document["paths"].items():
        if path.startswith("/v1/") and path != "/v1/events":
            for operation in operations.values():
                operation["security"] = [{"bearer": []}]
