"""A channel in memory: what was sent is there to be looked at."""

from __future__ import annotations

from domain.case import Notice


class MemoryNotifier:
    """`sent` holds every notice in order of sending. `fail_next` are errors to be raised first, one per sending."""

    def __init__(self, channel: str = "email") -> None:
        self.channel = channel
        self.sent: list[Notice] = []
        self.fail_next: list[Exception] = []

    async def send(self, notice: Notice) -> str:
        if self.fail_next:
            raise self.fail_next.pop(0)
        self.sent.append(notice)
        return f"kept in memory as number {len(self.sent)}"
