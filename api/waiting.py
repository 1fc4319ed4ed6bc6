"""`Prefer: wait=N` (RFC 7240) and `Idempotency-Key`: how long a caller waits, and how a repeat is known as one."""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Header

from api.case_client import NoAnswerYetError
from api.problems import invalid_parameter, unavailable

DEFAULT_WAIT_SECONDS = 2
MAX_WAIT_SECONDS = 30
MAX_KEY_LENGTH = 255
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.5
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?=$|[,;\s])", re.IGNORECASE)
_FIT_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")

T = TypeVar("T")

Prefer = Annotated[
    str | None,
    Header(
        description=f"`wait=N`: wait up to N seconds (at most {MAX_WAIT_SECONDS}) for the outcome. Default 2.",
        max_length=200,
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Makes a repeat of this request harmless. Where the body carries an id as well, both must agree.",
        max_length=MAX_KEY_LENGTH,
    ),
]


def require_fit_key(header: str | None) -> None:
    """Raises the 422 problem for an `Idempotency-Key` that is too long."""
    if header is not None and len(header) > MAX_KEY_LENGTH:
        message = f"String should have at most {MAX_KEY_LENGTH} characters"
        raise invalid_parameter("Idempotency-Key", "string_too_long", message)


def wait_seconds(prefer: str | None) -> int:
    """Preferences that make no sense are ignored, as RFC 7240 has it."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), MAX_WAIT_SECONDS) if found else DEFAULT_WAIT_SECONDS


def chosen_id(in_body: str | None, header: str | None) -> str:
    """The id under which a decision or action is known: the body's, else the header's, else a new one.

    A header that is no fit id (quoted, spaced, long) stands for its SHA-256. Raises the 422 problem when body and
    header disagree.
    """
    key = (header or "").strip().strip('"')
    if not key:
        return in_body or uuid.uuid4().hex
    from_header = key if _FIT_ID.match(key) else hashlib.sha256(key.encode()).hexdigest()
    if in_body is not None and in_body != from_header:
        raise invalid_parameter("Idempotency-Key", "differs-from-body", "The body names another id than the header.")
    return from_header


async def before(record: Awaitable[T | None]) -> T | None:
    """What the case knows of a request that may be a repeat. Raises the 503 problem when it does not answer just now:
    nobody may be told that they came too late with what the case has taken already."""
    try:
        return await record
    except NoAnswerYetError:
        raise unavailable("The case does not answer just now. Send the same again, under the same id.") from None


async def outcome(ask: Callable[[timedelta], Awaitable[T | None]], seconds: float) -> T | None:
    """Ask until there is an answer or the time is up; None when it is not known by then."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, _FIRST_PAUSE_SECONDS
    while (left := deadline - loop.time()) > 0:
        try:
            answer = await ask(timedelta(seconds=left))
        except NoAnswerYetError:
            answer = None
        if answer is not None:
            return answer
        await asyncio.sleep(min(pause, max(deadline - loop.time(), 0)))
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    return None
