"""Suggestions beside what people decided, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_json
from domain.ports.assistant import RecordedSuggestion, SuggestionKind
from domain.suggesting import is_decision, outcome

SYSTEM = "decision-memory"
_RECORD = """
INSERT INTO suggestions (suggestion_id, case_id, kind, facility, decided, outcome, decided_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
ON CONFLICT (suggestion_id) DO NOTHING RETURNING true
"""
_RECENT = """
SELECT body::text FROM suggestions WHERE kind = $1 AND facility = $2 AND decided
ORDER BY decided_at DESC, suggestion_id DESC LIMIT $3
"""
_AGREEMENT = "SELECT outcome, count(*) AS times FROM suggestions WHERE kind = $1 GROUP BY outcome"


class PostgresDecisions:
    """Implements DecisionMemory; raises the errors of `domain.outside_errors`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record(self, record: RecordedSuggestion) -> bool:
        with translated(SYSTEM):
            kept = await self._pool.fetchval(
                _RECORD,
                record.suggestion_id,
                record.case_id,
                record.question.kind,
                record.question.facility,
                is_decision(record),
                outcome(record),
                record.at,
                record.model_dump_json(),
            )
        return kept is True

    async def recent(self, kind: SuggestionKind, facility: str, limit: int) -> tuple[RecordedSuggestion, ...]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_RECENT, kind, facility, limit)
        return tuple(from_json(RecordedSuggestion, row["body"], SYSTEM) for row in rows)

    async def agreement(self, kind: SuggestionKind) -> Mapping[str, int]:
        with translated(SYSTEM):
            rows = await self._pool.fetch(_AGREEMENT, kind)
        return {"agreed": 0, "differed": 0, "unanswered": 0} | {row["outcome"]: row["times"] for row in rows}
