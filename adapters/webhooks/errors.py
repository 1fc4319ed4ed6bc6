"""What a subscriber's answer means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError

# Request Timeout, Too Early, Too Many Requests: 4xx by number, passing by meaning.
_PASSING = (408, 425, 429)


def classify(system: str, status: int) -> OutsideError | None:
    """None for 2xx. A redirect counts as refused: it would lead the notice where no operator has sent it."""
    if 200 <= status < 300:
        return None
    if status >= 500 or status in _PASSING:
        return TemporarilyUnavailableError(system, f"http-{status}", f"answered {status}")
    return RefusedError(system, f"http-{status}", f"answered {status}")


@contextmanager
def translated(system: str) -> Iterator[None]:
    """Raise a transport failure inside as TemporarilyUnavailableError."""
    try:
        yield
    except httpx.HTTPError as error:
        raise TemporarilyUnavailableError(system, "unreachable", f"{type(error).__name__}: {error}") from error
