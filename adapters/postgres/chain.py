"""Proof that the timelines are as they were recorded: every hash chain read again, inside the database."""

from __future__ import annotations

from adapters.postgres.pool import Pool
from domain.ports.evidence import ChainFault

_CASES_PER_BATCH = 1000
_BATCH_TIMEOUT_SECONDS = 300
_BEYOND_ALL = "\U0010ffff"

_NEXT_BOUND = "SELECT case_id FROM cases WHERE case_id >= $1 ORDER BY case_id OFFSET $2 LIMIT 1"

# One statement sees entries and heads at one instant. What an entry says is compared with what its neighbour and its
# own content say; the head tells what is missing at the end. The last row carries the number of entries read.
_FAULTS = """
WITH judged AS (
    SELECT entries.case_id, entries.position, CASE
        WHEN position <> before + 1 THEN format('entries %s to %s are missing', before + 1, position - 1)
        WHEN previous_hash <> hash_before THEN 'it does not follow the entry before it'
        WHEN hash <> entry_hash(previous_hash, case_id, body) THEN 'its content was changed'
        WHEN body IS NOT JSON OBJECT THEN 'its content is no entry'
        WHEN (body::json ->> 'seq') IS DISTINCT FROM seq::text THEN 'its sequence number was changed'
        WHEN cases.case_id IS NULL THEN 'its case is missing'
        WHEN is_last AND position < chain_position
            THEN format('entries %s to %s are missing', position + 1, chain_position)
        WHEN position > chain_position OR is_last AND hash <> chain_hash THEN 'it was not recorded by the store'
    END AS fault
    FROM (
        SELECT case_id, position, seq, body, previous_hash, hash,
               lag(position, 1, 0) OVER chain AS before,
               lag(hash, 1, '') OVER chain AS hash_before,
               lead(position) OVER chain IS NULL AS is_last
        FROM timeline
        WHERE case_id >= $1 AND case_id < $2
        WINDOW chain AS (PARTITION BY case_id ORDER BY position)
    ) AS entries LEFT JOIN cases USING (case_id)
), faults AS (
    SELECT case_id, position, fault FROM judged WHERE fault IS NOT NULL
    UNION ALL
    SELECT case_id, 1, 'all entries are missing' FROM cases
    WHERE case_id >= $1 AND case_id < $2 AND chain_position > 0
          AND NOT EXISTS (SELECT FROM timeline WHERE timeline.case_id = cases.case_id)
    ORDER BY case_id, position
)
SELECT case_id, position, fault FROM faults
UNION ALL
SELECT NULL, count(*), NULL FROM judged
"""


async def verify_chains(pool: Pool, case_id: str | None) -> tuple[int, tuple[ChainFault, ...]]:
    """Number of entries read, and every fault. All cases are read in batches, so that no statement runs for long."""
    if case_id is not None:
        return await _verify_range(pool, case_id, case_id + "\x01")
    total, faults, lower = 0, list[ChainFault](), ""
    while lower != _BEYOND_ALL:
        upper = await pool.fetchval(_NEXT_BOUND, lower, _CASES_PER_BATCH) or _BEYOND_ALL
        count, found = await _verify_range(pool, lower, upper)
        total, lower = total + count, upper
        faults.extend(found)
    return total, tuple(faults)


async def _verify_range(pool: Pool, lower: str, upper: str) -> tuple[int, tuple[ChainFault, ...]]:
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = '{_BATCH_TIMEOUT_SECONDS}s'")
        rows = await connection.fetch(_FAULTS, lower, upper, timeout=_BATCH_TIMEOUT_SECONDS + 5)
    faults = (
        ChainFault(case_id=row["case_id"], position=row["position"], message=row["fault"])
        for row in rows
        if row["case_id"] is not None
    )
    return int(rows[-1]["position"]), tuple(faults)
