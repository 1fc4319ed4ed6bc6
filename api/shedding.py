"""Sheds load before it hurts: beyond so many requests at once the next are refused at the door, at next to no cost."""

from __future__ import annotations

import hashlib
from collections import Counter as Tally
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import ProblemError, response

# Whether the process lives, and is ready, is asked most urgently when it is busy.
ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz", "/metrics"})
_FULL_SECONDS, _CALLER_SECONDS = "2", "1"


@dataclass(frozen=True)
class LoadLimits:
    """Requests under way in this process: all together, and of one caller, so that nobody takes all the room. Callers
    are told apart by their token, or else by their address."""

    at_once: int
    per_caller: int


class Shedding:
    """Answers 429 with Retry-After instead of letting a request wait for its turn, before anything is read of it."""

    def __init__(self, app: ASGIApp, limits: LoadLimits, registry: CollectorRegistry) -> None:
        self._app, self._limits = app, limits
        self._under_way: Tally[str] = Tally()
        self._shed = Counter(
            "corridor_http_shed", "Requests refused because too many were under way", ["whose"], registry=registry
        )
        Gauge("corridor_http_under_way", "Requests under way", registry=registry).set_function(self._under_way.total)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            return await self._app(scope, receive, send)
        caller = _caller(scope)
        problem = self._refusal(caller)
        if problem is not None:
            return await response(problem)(scope, receive, send)
        self._under_way[caller] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way[caller] -= 1
            if not self._under_way[caller]:
                del self._under_way[caller]
        return None

    def _refusal(self, caller: str) -> ProblemError | None:
        if self._under_way.total() >= self._limits.at_once:
            self._shed.labels("all").inc()
            return _too_many("Too many requests are under way", _FULL_SECONDS)
        if self._under_way[caller] >= self._limits.per_caller:
            self._shed.labels("caller").inc()
            return _too_many("Too many of your requests are under way", _CALLER_SECONDS)
        return None


def _too_many(title: str, after_seconds: str) -> ProblemError:
    detail = "Ask again after the seconds that Retry-After names; nothing was done."
    return ProblemError(429, "too-many-under-way", title, detail, headers={"Retry-After": after_seconds})


def _caller(scope: Scope) -> str:
    """No token is kept, not even in memory: of a made-up one too, as nobody has looked at it yet."""
    token = Headers(scope=scope).get("authorization", "")
    if token:
        return hashlib.sha256(token.encode()).hexdigest()
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
