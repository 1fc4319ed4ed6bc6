"""Where delegations are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.delegation import Delegation
from domain.ports.evidence import Page


class DelegationPage(Page):
    """The latest made first."""

    items: tuple[Delegation, ...]


class DelegationTakenError(ValueError):
    """The id stands for another delegation."""


class DelegationStore(Protocol):
    """Delegations stay for ever: one that is over or revoked is evidence. Instants in UTC."""

    async def add(self, delegation: Delegation) -> Delegation:
        """Keep it and return it as it is kept: adding it again is no change, whenever that is (`made_at`) and whatever
        became of it since. Raises DelegationTakenError when its id stands for another one.
        """

    async def get(self, delegation_id: str) -> Delegation | None: ...

    async def revoke(self, delegation_id: str, by: str, at: datetime) -> Delegation | None:
        """End it for good; the first revocation stands. None when there is no such delegation."""

    async def given_to(self, person: str, at: datetime) -> tuple[Delegation, ...]:
        """Those on which the person may act at this instant, the earliest end first."""

    async def given_by(self, person: str, at: datetime) -> tuple[Delegation, ...]:
        """Those that the person gave and that hold at this instant, the earliest end first."""

    async def overlapping(self, person: str, since: datetime, until: datetime) -> tuple[Delegation, ...]:
        """Those given by or to the person, not revoked, that hold at some instant from `since` until before `until`;
        the earliest beginning first.
        """

    async def page(self, person: str, cursor: str | None, limit: int) -> DelegationPage:
        """All that the person gave or received. Raises InvalidCursorError."""
