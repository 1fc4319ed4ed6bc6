"""Recorded requests in PostgreSQL, read through a cursor of the server: the whole period never stands in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from pydantic import ValidationError

from adapters.postgres.errors import translated
from adapters.postgres.evidence import SYSTEM
from adapters.postgres.pool import Pool
from domain.outside_errors import ContractDriftError
from domain.ports.recorded import RecordedRequest

ROWS_AT_ONCE = 1000
_STATEMENT_TIMEOUT = "120s"
"""The first rows of a long period come only once all of it is sorted."""

_PERIOD = "cases.process = 'procure-to-pay' AND cases.submitted_at >= $1 AND cases.submitted_at < $2"
_COUNT = f"SELECT count(*) FROM cases WHERE {_PERIOD}"  # noqa: S608 - the condition is the constant above
# Put together by the server, so that the many fields of a snapshot that no rule looks at stay there.
_REQUESTS = f"""
SELECT cases.case_id, jsonb_strip_nulls(jsonb_build_object(
    'case_id', cases.case_id,
    'facility', cases.facility,
    'submitted_at', cases.submitted_at,
    'policy_version', cases.snapshot -> 'policy_version',
    'facts', jsonb_build_object(
        'amount', cases.snapshot -> 'amount',
        'categories', cases.snapshot -> 'categories',
        'urgency', cases.snapshot -> 'urgency',
        'cost_centres', cases.snapshot -> 'cost_centres'
    ),
    'answers', (
        SELECT jsonb_agg(jsonb_build_object(
            'role', tasks.body -> 'role',
            'level', tasks.body -> 'level',
            'asked_at', tasks.body -> 'opened_at',
            'answered_at', tasks.body -> 'closed_at'
        ) ORDER BY tasks.opened_at, tasks.task_id)
        FROM tasks
        WHERE tasks.case_id = cases.case_id AND tasks.status = 'done'
              AND tasks.body ->> 'kind' = 'approval' AND tasks.body ->> 'closed_at' IS NOT NULL
    )
))::text AS request
FROM cases WHERE {_PERIOD}
ORDER BY cases.submitted_at, cases.case_id
"""  # noqa: S608 - as above


class PostgresRecordedRequests:
    """Implements the port on the tables of cases and tasks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, since: datetime, until: datetime) -> int:
        with translated(SYSTEM):
            return int(await self._pool.fetchval(_COUNT, since, until))

    async def requests(self, since: datetime, until: datetime) -> AsyncIterator[RecordedRequest]:
        with translated(SYSTEM):
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                await connection.execute(f"SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT}'")
                async for row in connection.cursor(_REQUESTS, since, until, prefetch=ROWS_AT_ONCE, timeout=130):
                    yield _read(row["case_id"], row["request"])


def _read(case_id: str, text: str) -> RecordedRequest:
    try:
        return RecordedRequest.model_validate_json(text)
    except ValidationError as error:
        faults = error.error_count()  # their number only: their text would carry what is stored
        raise ContractDriftError(SYSTEM, "unreadable", f"{case_id} as recorded has {faults} faults") from None
