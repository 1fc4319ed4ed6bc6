"""Notices that belong to no case, on their way into the outbox in memory."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.memory.outbox import MemoryOutbox
from domain.case import Notice


class MemoryNotices:
    """Implements NoticeBoard for these channels."""

    def __init__(self, outbox: MemoryOutbox, channels: Sequence[str] = ("email",)) -> None:
        self._outbox, self._channels = outbox, tuple(channels)

    async def tell(self, notice: Notice) -> None:
        self._outbox.add(notice, self._channels)
