"""Writing evidence: everything of a journal in one statement, which is one transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence

from adapters.postgres.errors import translated
from adapters.postgres.pool import Pool
from domain.case import Journal, canonical_json

SYSTEM = "evidence-store"

# PostgreSQL's text cannot hold U+0000. A person's comment must not keep a case from being recorded, so it is shown as
# the replacement character. The pattern skips an escaped backslash that happens to be followed by 'u0000'.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class PostgresEvidence:
    """`channels` are those on which notices are to be sent, by the names of their notifiers."""

    def __init__(self, pool: Pool, channels: Sequence[str] = ("email",)) -> None:
        self._pool = pool
        self._channels = list(channels)

    async def record(self, journal: Journal) -> None:
        """Write the journal, whole or not at all. Raises the errors of `domain.outside_errors`."""
        with translated(SYSTEM):
            await self._pool.execute(
                "SELECT record_journal($1::jsonb, $2, $3, $4::jsonb[], $5::jsonb[], $6)",
                storable(journal.snapshot.model_dump_json()),
                [entry.seq for entry in journal.entries],
                [storable(canonical_json(entry.model_dump(mode="json"))) for entry in journal.entries],
                [storable(task.model_dump_json()) for task in journal.tasks],
                [storable(notice.model_dump_json()) for notice in journal.notices],
                self._channels,
            )


def storable(json_text: str) -> str:
    """JSON that PostgreSQL's text can hold."""
    return _NUL.sub("\\1\ufffd", json_text) if "\\u0000" in json_text else json_text
