"""The cases as the engine that runs them knows them, to be compared with what is shown of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from domain.case import CaseSnapshot
from domain.model import Value

RunState = Literal["running", "ended", "unknown"]


class RunningPage(Value):
    """`next_cursor` is opaque; None on the last page."""

    case_ids: tuple[str, ...]
    next_cursor: str | None = None


class RunningCases(Protocol):
    """Methods raise the errors of `domain.outside_errors` when the engine does not answer."""

    async def running(self, started_before: datetime, cursor: str | None, limit: int) -> RunningPage:
        """Cases that run and were started before the instant (UTC). The list may be some moments old."""

    async def account(self, case_id: str) -> CaseSnapshot | None:
        """How the case stands by its own account, also after it ended; None when it cannot say so.

        It cannot when the engine has forgotten it, when no worker is there, or when its account cannot be read.
        """

    async def state(self, case_id: str) -> RunState:
        """Whether the case runs. 'unknown' when the engine never heard of it, or has forgotten it."""
