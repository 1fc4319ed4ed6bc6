"""Proof that the timelines are as they were recorded: every hash chain read again, inside the database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg

from adapters.postgres.pool import Pool
from domain.ports.evidence import MAX_FAULTS, ChainFault

_CASES_PER_BATCH = 1000
_BATCH_TIMEOUT_SECONDS = 300
_BEYOND_ALL = "\U0010ffff"

_NEXT_BOUND = "SELECT case_id FROM cases WHERE case_id >= $1 ORDER BY case_id OFFSET $2 LIMIT 1"

# One statement sees entries and heads at one instant. What an entry says is compared with what its neighbour and its
# own content say; the head tells what is missing at the end. Where a case was purged, its chain begins with the entry
# that says so. The last row carries the number of entries read. The domain's chain_faults says the same of a list.
_FAULTS = """
WITH judged AS (
    SELECT entries.case_id, entries.position, CASE
        WHEN position <> before + 1 THEN format('entries %s to %s are missing', before + 1, position - 1)
        WHEN previous_hash <> hash_before THEN 'it does not follow the entry before it'
        WHEN NOT sound THEN 'its content or its instant was changed'
        WHEN NOT explained THEN 'its content was replaced without a recorded redaction'
        WHEN body IS NOT JSON OBJECT THEN 'its content is no entry'
        WHEN (body::json ->> 'seq') IS DISTINCT FROM seq::text THEN 'its sequence number was changed'
        WHEN coalesce(chain_position, purged_at) IS NULL THEN 'its case is missing'
        WHEN is_last AND position < coalesce(chain_position, purged_at)
            THEN format('entries %s to %s are missing', position + 1, coalesce(chain_position, purged_at))
        WHEN position > coalesce(chain_position, purged_at) OR is_last AND hash <> coalesce(chain_hash, purged_hash)
            THEN 'it was not recorded by the store'
        WHEN position = purged_at AND (hash <> purged_hash OR (body::json ->> 'kind') <> 'evidence.purged')
            THEN 'entries before it are missing, and it records no purge'
    END AS fault
    FROM (
        SELECT case_id, entry.position, seq, body, previous_hash, entry.hash,
               entry.hash = entry_hash(entry) AND scheme IN (1, 2) AS sound,
               original_sha256 IS NULL OR redaction_is_recorded(entry) AS explained,
               lag(entry.position, 1, coalesce(purged.position - 1, 0)) OVER chain AS before,
               lag(entry.hash, 1, CASE WHEN purged.position IS NULL THEN '' ELSE previous_hash END) OVER chain
                   AS hash_before,
               lead(entry.position) OVER chain IS NULL AS is_last,
               purged.position AS purged_at, purged.hash AS purged_hash
        FROM timeline AS entry LEFT JOIN purged_cases AS purged USING (case_id)
        WHERE case_id >= $1 AND case_id < $2
        WINDOW chain AS (PARTITION BY case_id ORDER BY entry.position)
    ) AS entries LEFT JOIN cases USING (case_id)
), faults AS (
    SELECT 'timeline' AS place, case_id, position, fault FROM judged WHERE fault IS NOT NULL
    UNION ALL
    SELECT 'timeline', case_id, 1, 'all entries are missing' FROM (
        SELECT case_id FROM cases WHERE case_id >= $1 AND case_id < $2 AND chain_position > 0
        UNION
        SELECT case_id FROM purged_cases WHERE case_id >= $1 AND case_id < $2
    ) AS known WHERE NOT EXISTS (SELECT FROM timeline WHERE timeline.case_id = known.case_id)
    UNION ALL
    SELECT 'cases', case_id, version, 'its columns and its snapshot say different things' FROM cases
    WHERE case_id >= $1 AND case_id < $2
          AND (case_id, version::text, facility, stage, status, requester) IS DISTINCT FROM
              (snapshot ->> 'case_id', snapshot ->> 'version', snapshot ->> 'facility', snapshot ->> 'stage',
               snapshot ->> 'status', snapshot ->> 'requester')
    ORDER BY case_id, position
)
SELECT place, case_id, position, fault FROM faults
UNION ALL
SELECT NULL, NULL, count(*), NULL FROM judged
"""


async def verify_chains(pool: Pool, case_id: str | None) -> tuple[int, tuple[ChainFault, ...]]:
    """Number of entries read, and the faults. All cases are read in batches, so that no statement runs for long."""
    total, faults = 0, list[ChainFault]()
    async for rows in judged(pool, _FAULTS, case_id):
        total += int(rows[-1]["position"])
        faults += [fault_of(row) for row in rows if row["case_id"] is not None][: MAX_FAULTS - len(faults)]
    return total, tuple(faults)


async def judged(pool: Pool, sql: str, case_id: str | None) -> AsyncIterator[list[asyncpg.Record]]:
    """The rows of a statement over a range of case ids, batch after batch, or over one case."""
    if case_id is not None:
        yield await _in_range(pool, sql, case_id, case_id + "\x01")
        return
    lower = ""
    while lower != _BEYOND_ALL:
        upper = await pool.fetchval(_NEXT_BOUND, lower, _CASES_PER_BATCH) or _BEYOND_ALL
        yield await _in_range(pool, sql, lower, upper)
        lower = upper


def fault_of(row: asyncpg.Record) -> ChainFault:
    return ChainFault(table=row["place"], case_id=row["case_id"], position=row["position"], message=row["fault"])


async def _in_range(pool: Pool, sql: str, lower: str, upper: str) -> list[asyncpg.Record]:
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = '{_BATCH_TIMEOUT_SECONDS}s'")
        return await connection.fetch(sql, lower, upper, timeout=_BATCH_TIMEOUT_SECONDS + 5)
