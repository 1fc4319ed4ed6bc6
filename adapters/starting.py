"""What a process needs before it can begin may be on its way up as well: after a failure, everything starts at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

T = TypeVar("T")
PATIENCE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 4.0


async def when_up(
    name: str, open_it: Callable[[], Awaitable[T]], *away: type[Exception], patience_seconds: float = PATIENCE_SECONDS
) -> T:
    """Open something that answers with one of the errors `away` while it is not there yet: again, with growing pauses,
    for `patience_seconds`; then raises the last error. Whatever starts the process decides what comes after that.
    """
    loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE_SECONDS
    end = loop.time() + patience_seconds
    while True:
        try:
            return await open_it()
        except away as error:
            if loop.time() + pause > end:
                raise
            structlog.get_logger("start").warning("waits_for", what=name, error=str(error))
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
