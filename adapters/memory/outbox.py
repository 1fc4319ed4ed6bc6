"""The outbox in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapters.paging import bounded
from domain.case import Notice
from domain.ports.evidence import Delivery, ParkedDelivery


@dataclass(slots=True)
class _Row:
    notice: Notice
    channel: str
    state: Literal["waiting", "sent", "parked"] = "waiting"
    again_at: datetime | None = None
    tries: int = 0
    error: str = ""
    proof: str = ""
    changed_at: datetime | None = None


class MemoryOutbox:
    """`add` is what the evidence writer calls; the rest is the Outbox port."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], _Row] = {}
        self._waiting: dict[tuple[str, str], _Row] = {}
        self._known: set[str] = set()

    def notices(self) -> list[Notice]:
        """All that was ever kept, in order of keeping."""
        return list({row.notice.notice_id: row.notice for row in self._rows.values()}.values())

    def add(self, notice: Notice, channels: Sequence[str]) -> None:
        """Keep a notice for each channel, once for its id."""
        if notice.notice_id in self._known:
            return
        self._known.add(notice.notice_id)
        for channel in sorted(set(channels)):
            row = _Row(notice, channel)
            self._rows[notice.notice_id, channel] = self._waiting[notice.notice_id, channel] = row

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        """Put `by` in the place of `text` in what the case's notices say."""
        for row in self._rows.values():
            if row.notice.case_id == case_id:
                data = json.loads(json.dumps(row.notice.data).replace(json.dumps(text)[1:-1], by))
                said = {"subject": row.notice.subject.replace(text, by), "text": row.notice.text.replace(text, by)}
                row.notice = row.notice.model_copy(update={**said, "data": data})

    def forget(self, case_id: str) -> None:
        """Remove the case's notices, sent or not."""
        for key in [key for key, row in self._rows.items() if row.notice.case_id == case_id]:
            self._known.discard(key[0])
            self._waiting.pop(key, None)
            del self._rows[key]

    async def take(
        self, channels: Sequence[str], limit: int, now: datetime, lease_until: datetime
    ) -> tuple[Delivery, ...]:
        taken: list[Delivery] = []
        for row in self._waiting.values():
            if len(taken) == bounded(limit):
                break
            if row.channel in channels and (row.again_at is None or row.again_at <= now):
                row.again_at = lease_until
                taken.append(Delivery(notice=row.notice, channel=row.channel, tries=row.tries))
        return tuple(taken)

    async def sent(self, notice_id: str, channel: str, at: datetime, proof: str) -> None:
        row = self._rows[notice_id, channel]
        row.state, row.proof, row.error, row.changed_at = "sent", proof, "", at
        self._waiting.pop((notice_id, channel), None)

    async def failed(self, notice_id: str, channel: str, at: datetime, error: str, again_at: datetime) -> None:
        row = self._waiting.get((notice_id, channel))
        if row is not None:
            row.tries, row.error, row.again_at, row.changed_at = row.tries + 1, error, again_at, at

    async def park(self, notice_id: str, channel: str, at: datetime, error: str) -> None:
        row = self._waiting.pop((notice_id, channel), None)
        if row is not None:
            row.state, row.tries, row.error, row.changed_at = "parked", row.tries + 1, error, at

    async def parked(self, limit: int) -> tuple[ParkedDelivery, ...]:
        refused = [row for row in self._rows.values() if row.state == "parked"]
        return tuple(
            ParkedDelivery(
                notice_id=row.notice.notice_id,
                case_id=row.notice.case_id,
                channel=row.channel,
                tries=row.tries,
                error=row.error,
            )
            for row in refused[: bounded(limit)]
        )
