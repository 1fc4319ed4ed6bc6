"""Notices that belong to no case, on their way into the outbox in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from domain.case import Notice

_TELL = """
WITH told AS (
    INSERT INTO notices (notice_id, case_id, body) VALUES ($1, $2, $3::jsonb)
    ON CONFLICT (notice_id) DO NOTHING RETURNING notice_id, position
)
INSERT INTO deliveries (notice_id, channel, position)
SELECT DISTINCT told.notice_id, channel, told.position FROM told, unnest($4::text[]) AS channel
"""


class PostgresNotices:
    """Implements NoticeBoard for these channels; raises the errors of `domain.outside_errors`."""

    def __init__(self, pool: Pool, channels: Sequence[str] = ("email",)) -> None:
        self._pool, self._channels = pool, list(channels)

    async def tell(self, notice: Notice) -> None:
        with translated(SYSTEM):
            await self._pool.execute(_TELL, notice.notice_id, notice.case_id, notice.model_dump_json(), self._channels)
