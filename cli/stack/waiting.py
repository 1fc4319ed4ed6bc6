"""Waiting for what announces itself to nobody, such as the end of a process that is not our child."""

import asyncio
from collections.abc import Callable

POLL_SECONDS = 0.05


async def wait_until(condition: Callable[[], bool], limit_seconds: float) -> bool:
    """Look until the condition holds; False when the time limit is over first."""
    try:
        async with asyncio.timeout(limit_seconds):
            while not condition():  # noqa: ASYNC110 - the kernel sends no event for it
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        return False
    return True
