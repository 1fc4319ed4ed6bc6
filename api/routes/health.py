"""For those who operate the gateway. Nothing here needs a token, and nothing here tells about a case."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.gatekeeping import TheServices
from api.logs import log
from api.problems import ProblemError
from api.routes.documents import problems
from api.security import unauthenticated

router = APIRouter(tags=["Operation"])
PROBE_SECONDS = 3


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(Health):
    """What was asked, and answered."""

    checked: list[str]


@router.get("/healthz")
async def live() -> Health:
    """Whether the process answers at all."""
    return Health()


@router.get("/readyz", responses=problems(guarded=False))
async def ready(services: TheServices) -> Readiness:
    """Whether everything answers that a request needs; 503 names what does not."""
    answers = await asyncio.gather(*(_works(name, probe) for name, probe in services.probes.items()))
    down = [name for name, works in zip(services.probes, answers, strict=True) if not works]
    if down:
        raise ProblemError(503, "not-ready", "Not ready", f"Does not answer: {', '.join(down)}.", extra={"down": down})
    return Readiness(checked=list(services.probes))


async def _works(name: str, probe: Callable[[], Awaitable[None]]) -> bool:
    try:
        await asyncio.wait_for(probe(), PROBE_SECONDS)
    except Exception as error:
        log.warning("probe_failed", system=name, error=type(error).__name__)
        return False
    return True


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(guarded=True)},
)
async def metrics(services: TheServices, request: Request) -> Response:
    """Prometheus text format; with the token of CORRIDOR_METRICS_TOKEN, where one is set."""
    expected = services.metrics_token
    if expected is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, expected.get_secret_value().encode()):
            raise unauthenticated(None)
    return Response(generate_latest(services.metrics), media_type=CONTENT_TYPE_LATEST)
