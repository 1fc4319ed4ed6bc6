"""`domain.ports.credentials.ExclusionLists` over a folder that is filled by whoever downloads the lists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import structlog

from adapters.exclusion_lists.folder import Reading, Signature, read_folder, signature
from domain.credentials import ExclusionEntry, ListState, ScreenedPerson
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError

SYSTEM = "exclusion-lists"
LOOK_EVERY = timedelta(seconds=30)
STALE_DAYS = 45
"""The LEIE is published once a month; the month's file is there by its tenth day."""
_log = structlog.get_logger(SYSTEM)


def _now() -> datetime:
    return datetime.now(UTC)


class FolderExclusionLists:
    """`clock` gives the instant (UTC). A list older than `stale_days` is said to be stale, and used all the same.

    Files are read in a thread when they have changed. Raises TemporarilyUnavailableError when the folder cannot be
    read, ContractDriftError when a list's files cannot be used and there is no earlier list in force.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = _now, stale_days: int = STALE_DAYS) -> None:
        self._folder, self._clock, self._stale_days = folder, clock, stale_days
        self._reading = Reading()
        self._signature: Signature | None = None
        self._looked_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def health(self) -> None:
        try:
            await asyncio.to_thread(signature, self._folder)
        except OSError as error:
            raise TemporarilyUnavailableError(SYSTEM, "folder-unreadable", f"{error.strerror}") from error

    async def states(self) -> tuple[ListState, ...]:
        reading = await self._current()
        today = self._clock().date()
        general = [line for name in ("folder", "unknown") for line in reading.troubles.get(name, ())]
        return tuple(
            ListState(
                list_name=each.name,
                as_of=each.as_of,
                rows=len(each.index),
                stale=today - each.as_of > timedelta(days=self._stale_days),
                trouble="; ".join([*reading.troubles.get(each.name, ()), *general])[:1000],
            )
            for each in reading.lists.values()
        )

    async def entries_like(self, person: ScreenedPerson) -> Sequence[ExclusionEntry]:
        reading = await self._current()
        today = self._clock().date()
        return [
            entry for each in reading.lists.values() for entry in each.index.like(person) if not _is_over(entry, today)
        ]

    async def _current(self) -> Reading:
        async with self._lock:
            now = self._clock()
            if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
                await self._look()
                self._looked_at = now
        for name, troubles in self._reading.troubles.items():
            if name not in (*self._reading.lists, "unknown", "folder"):
                reason = "; ".join(troubles)[:500]
                raise ContractDriftError(SYSTEM, "list-refused", f"no list {name} can be used: {reason}")
        return self._reading

    async def _look(self) -> None:
        try:
            seen = await asyncio.to_thread(signature, self._folder)
            if seen == self._signature:
                return
            self._reading = await asyncio.to_thread(read_folder, self._folder, seen, self._reading.lists)
        except OSError as error:
            raise TemporarilyUnavailableError(SYSTEM, "folder-unreadable", f"{error.strerror}") from error
        self._signature = seen
        for name, troubles in self._reading.troubles.items():
            _log.warning("list.refused", list=name, troubles=troubles[:10], in_force=name in self._reading.lists)
        for each in self._reading.lists.values():
            _log.info("list.read", list=each.name, as_of=each.as_of.isoformat(), rows=len(each.index))


def _is_over(entry: ExclusionEntry, today: date) -> bool:
    return entry.ends_on is not None and entry.ends_on < today
