"""How often somebody may ask: the generic cell rate algorithm (ITU-T I.371), one number for each caller."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from domain.model import Value

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_WRITTEN = re.compile(rf"\s*([1-9][0-9]{{0,8}})\s*/\s*({'|'.join(_SECONDS)})\s*")
MAX_CALLERS = 50_000


class Rate(Value):
    """`count` requests in each `seconds`; so many may come at once."""

    count: Annotated[int, Field(ge=1)]
    seconds: Annotated[int, Field(ge=1)]


def parse_rate(text: str) -> Rate:
    """Read '600/minute'. Raises ValueError that says how a rate is written."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"write a rate as a number, a slash and one of {', '.join(_SECONDS)}: 600/minute")
    return Rate(count=int(found[1]), seconds=_SECONDS[found[2]])


def _rate(given: Any) -> Any:
    return parse_rate(given) if isinstance(given, str) else given


WrittenRate = Annotated[Rate, BeforeValidator(_rate)]


class Throttle:
    """Counts what each caller asks. Instants are seconds of any clock that never goes back.

    It remembers at most MAX_CALLERS, of whom those are forgotten first who could ask freely anyhow: a flood of made-up
    callers costs bounded memory.
    """

    def __init__(self, rate: Rate) -> None:
        self._interval, self._burst = rate.seconds / rate.count, float(rate.seconds)
        self._free_at: dict[str, float] = {}  # when all that the caller has asked is paid off

    def wait(self, caller: str, now: float) -> float:
        """Seconds until the caller may ask again; 0 when they may ask now. Nothing is counted."""
        # A millionth of a request forgives what floating point adds up to.
        over = self._free_at.get(caller, now) + self._interval * (1 - 1e-6) - now - self._burst
        return max(0.0, over)

    def take(self, caller: str, now: float) -> float:
        """Count a request if it is within the rate; what `wait` said before."""
        wait = self.wait(caller, now)
        if wait == 0:
            self._free_at[caller] = max(self._free_at.get(caller, now), now) + self._interval
            if len(self._free_at) > MAX_CALLERS:
                self._forget(now)
        return wait

    def _forget(self, now: float) -> None:
        self._free_at = {caller: at for caller, at in self._free_at.items() if at > now}
        while len(self._free_at) > MAX_CALLERS:
            del self._free_at[next(iter(self._free_at))]
