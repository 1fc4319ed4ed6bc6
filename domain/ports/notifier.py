"""Telling people and subscribed systems."""

from typing import Protocol

from domain.case import Notice


class Notifier(Protocol):
    """One channel, such as e-mail or webhooks."""

    @property
    def channel(self) -> str: ...

    async def send(self, notice: Notice) -> str:
        """Deliver to all whom the notice concerns; returns what proves it. Raises `domain.outside_errors`."""
