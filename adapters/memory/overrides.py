"""Overrides of the segregation of duties in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapters.paging import Cursor, CursorReader, bounded
from domain.duties import SegregationOverride
from domain.ports.overrides import OverrideFilter, OverridePage, OverrideRecord, OverrideTakenError, OverrideUse

_NOT_YET = {"approved_by": None, "approved_at": None, "ended_by": None, "ended_at": None, "uses": ()}


class MemoryOverrides:
    """Implements SegregationOverrides."""

    def __init__(self) -> None:
        self._all: dict[str, OverrideRecord] = {}

    async def request(self, asked: OverrideRecord) -> OverrideRecord:
        new = asked.model_copy(update=_NOT_YET)
        kept = self._all.setdefault(new.override_id, new)
        if kept.model_copy(update={**_NOT_YET, "requested_at": new.requested_at}) != new:
            raise OverrideTakenError(new.override_id)
        return kept

    async def get(self, override_id: str) -> OverrideRecord | None:
        return self._all.get(override_id)

    async def approve(self, override_id: str, by: str, at: datetime) -> OverrideRecord | None:
        kept = self._all.get(override_id)
        if kept is not None and kept.approved_by is None and kept.ended_by is None:
            kept = self._all[override_id] = kept.model_copy(update={"approved_by": by, "approved_at": at})
        return kept

    async def end(self, override_id: str, by: str, at: datetime) -> OverrideRecord | None:
        kept = self._all.get(override_id)
        if kept is not None and kept.ended_by is None:
            kept = self._all[override_id] = kept.model_copy(update={"ended_by": by, "ended_at": at})
        return kept

    async def active_for(self, people: Sequence[str], facility: str, at: datetime) -> tuple[SegregationOverride, ...]:
        found = (each for each in self._all.values() if each.person in people and each.facility == facility)
        granted = [each.granted() for each in found if each.holds_at(at)]
        return tuple(sorted((each for each in granted if each is not None), key=lambda each: each.override_id))

    async def used(self, override_id: str, use: OverrideUse) -> None:
        kept = self._all[override_id]
        if all(known.decision_id != use.decision_id for known in kept.uses):
            uses = sorted((*kept.uses, use), key=lambda each: (each.at, each.decision_id))
            self._all[override_id] = kept.model_copy(update={"uses": tuple(uses)})

    async def page(self, where: OverrideFilter, cursor: str | None, limit: int) -> OverridePage:
        after = None
        if cursor is not None:
            key = CursorReader(cursor, "segregation-overrides")
            after = (key.instant(), key.text())
        size = bounded(limit)
        met = (each for each in self._all.values() if _meets(each, where))
        found = sorted((each for each in met if after is None or _asked(each) < after), key=_asked, reverse=True)
        following = str(Cursor("segregation-overrides", *_asked(found[size - 1]))) if len(found) > size else None
        return OverridePage(items=tuple(found[:size]), next_cursor=following)


def _asked(record: OverrideRecord) -> tuple[datetime, str]:
    return (record.requested_at, record.override_id)


def _meets(record: OverrideRecord, where: OverrideFilter) -> bool:
    begins, ends = where.requested_from, where.requested_until
    return (
        ("*" in where.facilities or record.facility in where.facilities)
        and where.facility in (None, record.facility)
        and where.person in (None, record.person)
        and (begins is None or record.requested_at >= begins)
        and (ends is None or record.requested_at < ends)
    )
