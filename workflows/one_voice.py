"""What the branches of a case have to say at one moment is said in one step, once all of them have gone as far as they
can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from temporalio import workflow

from workflows.steps.inputs import AnnounceResult

STILL_PASSES = 2
"""A branch that goes on because of what another one did does so in the pass after it."""
LONGEST_SUMMARY = 200
"""Characters that the Web UI shows of a step without folding; the server takes twice as many."""


class OneVoice:
    """`state` is what changes whenever a branch does something. `speak` is told what is to be said, which is nothing
    when somebody only wants to have it looked whether there is something to record."""

    def __init__(
        self, state: Callable[[], object], speak: Callable[[Sequence[str]], Awaitable[AnnounceResult]]
    ) -> None:
        self._state, self._speak = state, speak
        self._words: list[str] = []
        self._moment: asyncio.Task[AnnounceResult] | None = None
        self._speaking = 0

    async def say(self, words: str) -> AnnounceResult:
        """Wait until it is said."""
        self._words.append(words)
        return await self.look()

    def look(self) -> asyncio.Task[AnnounceResult]:
        """Have it looked, at the end of this moment, what there is to say or to record."""
        if self._moment is None:
            self._moment = asyncio.create_task(self._end_of_moment())
        return self._moment

    async def silence(self) -> None:
        """Wait until all is said."""
        if self._speaking or self._moment is not None:
            await workflow.wait_condition(lambda: not self._speaking and self._moment is None)

    async def _end_of_moment(self) -> AnnounceResult:
        await self._stillness()
        self._moment, words = None, tuple(dict.fromkeys(self._words))
        self._words.clear()
        self._speaking += 1
        try:
            return await self._speak(words)
        finally:
            self._speaking -= 1

    async def _stillness(self) -> None:
        """Until nothing happens any more. A condition that holds is looked at after all that can run has run."""
        passes, before = 0, self._state()
        while passes < STILL_PASSES:
            await workflow.wait_condition(lambda: True)
            now = self._state()
            passes, before = (passes + 1 if now == before else 0), now


def in_short(words: Sequence[str]) -> str:
    """All of it where there is room, or else the first, and how many more there are."""
    together = "; ".join(words)
    if len(together) <= LONGEST_SUMMARY:
        return together
    more = f" and {len(words) - 1} more" if len(words) > 1 else ""
    return words[0][: LONGEST_SUMMARY - len(more)] + more
