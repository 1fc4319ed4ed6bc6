"""Many of a kind in one request: each is treated as if it had come alone, and the answer says what became of each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

from api.problems import Problem, ProblemError, document_of, unavailable
from domain.outside_errors import OutsideError

SIDE_BY_SIDE = 8

T = TypeVar("T")
R = TypeVar("R")


async def each_of(items: Sequence[T], seconds: float, handle: Callable[[T, float], Awaitable[R]]) -> list[R]:
    """Handle all items, some side by side, and wait no longer than `seconds` for all of them together: `handle` is told
    what is left of that.
    """
    loop = asyncio.get_running_loop()
    deadline, gate = loop.time() + seconds, asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(item: T) -> R:
        async with gate:
            return await handle(item, max(0.0, deadline - loop.time()))

    return list(await asyncio.gather(*(one(item) for item in items)))


async def outcome_of(call: Awaitable[R | None]) -> tuple[R | None, Problem | None]:
    """What the call for one item gives, or the problem that it would have been answered with."""
    try:
        return await call, None
    except ProblemError as problem:
        return None, document_of(problem)
    except OutsideError as error:
        return None, document_of(unavailable(f"{error.system} does not answer as it should; nothing was done."))


def status_of(record: object | None, problem: Problem | None) -> Literal["applied", "pending", "refused"]:
    if problem is not None:
        return "refused"
    return "pending" if record is None else "applied"


def id_of_part(whole: str, part: str) -> str:
    """The id of one of many, the same whenever the whole is sent again."""
    return hashlib.sha256(f"{whole}\n{part}".encode()).hexdigest()
