"""The outbox in PostgreSQL: relays in several processes share it without waiting for one another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from adapters.paging import bounded
from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from domain.case import Notice
from domain.ports.evidence import Delivery, ParkedDelivery

# A lease is a delivery that is not due before the lease ends: a relay that dies gives back what it held on its own.
_TAKE = """
WITH due AS (
    SELECT notice_id, channel FROM deliveries
    WHERE state = 'waiting' AND channel = ANY ($1::text[]) AND again_at <= $2
    ORDER BY again_at, position LIMIT $3
    FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE deliveries SET again_at = $4 FROM due
    WHERE deliveries.notice_id = due.notice_id AND deliveries.channel = due.channel
    RETURNING deliveries.notice_id, deliveries.channel, deliveries.tries
)
SELECT notices.body::text AS body, taken.channel, taken.tries
FROM taken JOIN notices USING (notice_id) ORDER BY notices.position, taken.channel
"""
_SENT = """
UPDATE deliveries SET state = 'sent', proof = $4, error = NULL, changed_at = $3
WHERE notice_id = $1 AND channel = $2 AND state <> 'sent'
"""
_FAILED = """
UPDATE deliveries SET tries = tries + 1, error = $4, again_at = $5, changed_at = $3
WHERE notice_id = $1 AND channel = $2 AND state = 'waiting'
"""
_PARK = """
UPDATE deliveries SET state = 'parked', tries = tries + 1, error = $4, changed_at = $3
WHERE notice_id = $1 AND channel = $2 AND state = 'waiting'
"""
_PARKED = """
SELECT notice_id, case_id, channel, tries, error FROM deliveries JOIN notices USING (notice_id)
WHERE state = 'parked' ORDER BY deliveries.position, channel LIMIT $1
"""


class PostgresOutbox:
    """Implements the Outbox port; raises the errors of `domain.outside_errors`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(
        self, channels: Sequence[str], limit: int, now: datetime, lease_until: datetime
    ) -> tuple[Delivery, ...]:
        rows = await self._fetch(_TAKE, list(channels), now, bounded(limit), lease_until)
        return tuple(
            Delivery(notice=Notice.model_validate_json(row["body"]), channel=row["channel"], tries=row["tries"])
            for row in rows
        )

    async def sent(self, notice_id: str, channel: str, at: datetime, proof: str) -> None:
        await self._fetch(_SENT, notice_id, channel, at, proof)

    async def failed(self, notice_id: str, channel: str, at: datetime, error: str, again_at: datetime) -> None:
        await self._fetch(_FAILED, notice_id, channel, at, error, again_at)

    async def park(self, notice_id: str, channel: str, at: datetime, error: str) -> None:
        await self._fetch(_PARK, notice_id, channel, at, error)

    async def parked(self, limit: int) -> tuple[ParkedDelivery, ...]:
        return tuple(ParkedDelivery(**row) for row in await self._fetch(_PARKED, bounded(limit)))

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        with translated(SYSTEM):
            return await self._pool.fetch(sql, *arguments)
