"""Delegations in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from adapters.paging import Cursor, CursorReader, bounded
from domain.delegation import Delegation
from domain.ports.delegations import DelegationPage, DelegationTakenError


class MemoryDelegations:
    """Implements DelegationStore."""

    def __init__(self) -> None:
        self._all: dict[str, Delegation] = {}

    async def add(self, delegation: Delegation) -> Delegation:
        made = delegation.model_copy(update={"revoked_at": None, "revoked_by": None})
        kept = self._all.setdefault(made.delegation_id, made)
        since = {"made_at": made.made_at, "revoked_at": None, "revoked_by": None}
        if kept.model_copy(update=since) != made:
            raise DelegationTakenError(made.delegation_id)
        return kept

    async def get(self, delegation_id: str) -> Delegation | None:
        return self._all.get(delegation_id)

    async def revoke(self, delegation_id: str, by: str, at: datetime) -> Delegation | None:
        kept = self._all.get(delegation_id)
        if kept is not None and kept.revoked_at is None:
            kept = self._all[delegation_id] = kept.model_copy(update={"revoked_at": at, "revoked_by": by})
        return kept

    async def given_to(self, person: str, at: datetime) -> tuple[Delegation, ...]:
        return self._ending_first(each for each in self._valid(at) if each.delegate == person)

    async def given_by(self, person: str, at: datetime) -> tuple[Delegation, ...]:
        return self._ending_first(each for each in self._valid(at) if each.delegator == person)

    async def overlapping(self, person: str, since: datetime, until: datetime) -> tuple[Delegation, ...]:
        found = [
            each
            for each in self._all.values()
            if person in (each.delegator, each.delegate)
            and each.revoked_at is None
            and each.valid_until > since
            and each.valid_from < until
        ]
        return tuple(sorted(found, key=lambda each: (each.valid_from, each.delegation_id)))

    async def page(self, person: str, cursor: str | None, limit: int) -> DelegationPage:
        after = None
        if cursor is not None:
            key = CursorReader(cursor, "delegations")
            after = (key.instant(), key.text())
        size = bounded(limit)
        theirs = [each for each in self._all.values() if person in (each.delegator, each.delegate)]
        found = sorted((each for each in theirs if after is None or _made(each) < after), key=_made, reverse=True)
        following = str(Cursor("delegations", *_made(found[size - 1]))) if len(found) > size else None
        return DelegationPage(items=tuple(found[:size]), next_cursor=following)

    def _valid(self, at: datetime) -> list[Delegation]:
        standing = (each for each in self._all.values() if each.revoked_at is None)
        return [each for each in standing if each.valid_from <= at < each.valid_until]

    @staticmethod
    def _ending_first(found: Iterable[Delegation]) -> tuple[Delegation, ...]:
        return tuple(sorted(found, key=lambda each: (each.valid_until, each.delegation_id)))


def _made(delegation: Delegation) -> tuple[datetime, str]:
    return (delegation.made_at, delegation.delegation_id)
