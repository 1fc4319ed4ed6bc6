"""What Tryton said a moment ago, so that cases side by side do not ask it the same."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_MOST = 2000


class Remembered(Generic[K, V]):
    """Answers by key, for `seconds`; 0 remembers nothing. What Tryton did not know is asked for again each time.
    `clock` counts seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: dict[K, tuple[float, V]] = {}

    async def of(self, keys: Iterable[K], ask: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> dict[K, V]:
        """The answers that there are; `ask` is given the keys that nobody asked for lately, and is not called when
        there are none."""
        now, wanted = self._clock(), list(dict.fromkeys(keys))
        found = {key: self._kept[key][1] for key in wanted if key in self._kept and self._kept[key][0] > now}
        missing = [key for key in wanted if key not in found]
        if missing:
            told = await ask(missing)
            self.keep(told)
            found |= told
        return found

    def keep(self, told: Mapping[K, V]) -> None:
        """Remember what was asked for elsewhere."""
        if not self._seconds:
            return
        now = self._clock()
        if len(self._kept) > _MOST:
            self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > now}
        self._kept |= {key: (now + self._seconds, value) for key, value in told.items()}
