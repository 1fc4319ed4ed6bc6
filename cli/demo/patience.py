"""How long the demonstration waits for what goes on without it: for as long as something moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Patience:
    """Ends once nothing new was seen for `still_seconds`, and `longest_seconds` after it began in any case.

    A fixed time would be too long for what is stuck and too short for a machine that has other work as well.
    """

    def __init__(self, still_seconds: float, longest_seconds: float) -> None:
        self._clock = asyncio.get_running_loop().time
        self._still, self._end = still_seconds, self._clock() + longest_seconds
        self._seen: dict[Hashable, object] = {}
        self._limits: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Any number may wait at once; what one of them sees is new to all. Raises TimeoutError."""
        async with asyncio.timeout_at(self._next_end()) as limit:
            self._limits.add(limit)
            try:
                yield
            finally:
                self._limits.discard(limit)

    def saw(self, what: Hashable, state: object) -> None:
        """How it stands with one thing; when that is new, everybody waits on."""
        if what in self._seen and self._seen[what] == state:
            return
        self._seen[what] = state
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(self._next_end())

    def _next_end(self) -> float:
        return min(self._clock() + self._still, self._end)
