"""What the gateway does by itself, beside answering."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Protocol

from api.logs import log


class Watch(Protocol):
    @property
    def every(self) -> timedelta:
        """How long to wait before each look."""

    async def look(self) -> object:
        """One look, and what follows from it."""


async def look_for_ever(watch: Watch) -> None:
    """Nothing but a cancellation ends it: what a look raises is logged, and the next one follows."""
    while True:
        await asyncio.sleep(watch.every.total_seconds())
        try:
            await watch.look()
        except Exception:
            log.exception("watch.failed", watch=type(watch).__name__)


def follow(watch: Watch, resources: AsyncExitStack) -> None:
    """Look at intervals until the resources are closed."""
    task = asyncio.create_task(look_for_ever(watch), name=type(watch).__name__)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    resources.push_async_callback(stop)
