"""What runs at intervals over everybody who works here: its names, what it starts from, and what it answers."""

from __future__ import annotations

from domain.model import Value

END_ACCESS = "EndAccess"


class RescreenStart(Value):
    """Where a run goes on, and what it has counted so far; the first one starts from nothing."""

    cursor: str | None = None
    screened: int = 0
    raised: int = 0


class RescreenResult(Value):
    """How many workers were screened, and how many incidents that had not been raised before."""

    screened: int = 0
    raised: int = 0


class EndAccessResult(Value):
    """How many entitlements were ended, how many could not be, and how many of those that could not be now were."""

    ended: int = 0
    failed: int = 0
    recovered: int = 0
