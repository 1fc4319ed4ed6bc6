"""Rate limits of the gateway: for each caller who is known, and for each address from which refused callers come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from fastapi import Request

from api.problems import ProblemError, is_guess
from domain.rate_limit import Rate, Throttle


class CallerLimits:
    """Counts in this process. `clock` gives seconds and never goes back; without a rate nothing is limited.

    `per_case` is for what one caller sends to one case: a case takes only so many messages in its life (10,000, by
    Temporal's own limit), and nobody may use them up.
    """

    def __init__(
        self,
        per_caller: Rate | None = None,
        refused: Rate | None = None,
        clock: Callable[[], float] = time.monotonic,
        per_case: Rate | None = None,
    ) -> None:
        self._callers = Throttle(per_caller) if per_caller else None
        self._cases = Throttle(per_case) if per_case else None
        self._refused = Throttle(refused) if refused else None
        self._clock = clock

    def before(self, request: Request) -> None:
        """Raises the 429 problem at an address from which too many callers were refused: not even their next token is
        looked at.
        """
        if self._refused is not None:
            _raise(self._refused.wait(address_of(request), self._clock()))

    def refused(self, request: Request, problem: ProblemError) -> None:
        """Count a caller whose proof did not hold. Who offers none guesses nothing, such as an open Web UI."""
        if self._refused is not None and is_guess(request, problem):
            self._refused.take(address_of(request), self._clock())

    def admitted(self, request: Request) -> None:
        """Count a request of whoever was found to ask. Raises the 429 problem when that is too often."""
        if self._callers is not None:
            _raise(self._callers.take(caller_of(request), self._clock()))
        case_id = _case_of(request)
        if self._cases is not None and request.method == "POST" and case_id is not None:
            _raise(self._cases.take(f"{caller_of(request)} {case_id}", self._clock()))


def address_of(request: Request) -> str:
    """Where the request comes from, as the server sees it: uvicorn must be told which proxy to believe."""
    return request.client.host if request.client else "unknown"


def caller_of(request: Request) -> str:
    """The person of the token or the source of the event; the address of whoever is neither."""
    actor, source = getattr(request.state, "actor", None), getattr(request.state, "event_source", None)
    if actor is not None:
        return f"person {actor.person}"
    return f"source {source.source}" if source is not None else f"address {address_of(request)}"


def _case_of(request: Request) -> str | None:
    """The case that the path names, or that of the task that it names."""
    named: str | None = request.path_params.get("case_id")
    return named or str(request.path_params.get("task_id", "")).rpartition(":")[0] or None


def _raise(wait_seconds: float) -> None:
    if wait_seconds > 0:
        raise ProblemError(
            429,
            "too-many-requests",
            "You ask too often",
            "Ask again after the seconds that Retry-After names; nothing was done.",
            headers={"Retry-After": str(math.ceil(wait_seconds))},
        )
