"""Whoever changes a timeline behind the store's back is found out."""

from __future__ import annotations

import asyncpg
import pytest

from adapters.postgres import chain
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.pool import Pool
from adapters.postgres.reader import PostgresReader
from domain.outside_errors import ContractDriftError
from tests.fixtures.evidence import CASE, a_journal, an_entry

OTHER = "procure-to-pay.south.REQ-2"
_REHASH = "UPDATE timeline SET hash = entry_hash(timeline) WHERE case_id = $1"
_SWAP = """
UPDATE timeline SET position = -position WHERE case_id = $1 AND position IN (2, 3);
UPDATE timeline SET position = 5 + position WHERE case_id = $1 AND position < 0;
"""
_INSERT = """
UPDATE timeline SET position = position + 100 WHERE case_id = $1 AND position >= 3;
UPDATE timeline SET position = position - 99 WHERE case_id = $1 AND position >= 103;
INSERT INTO timeline (case_id, position, seq, body, previous_hash, hash)
SELECT case_id, 3, 99, replace(body, '"seq":2', '"seq":99'), hash,
       entry_hash(scheme, hash, case_id, body_hash(replace(body, '"seq":2', '"seq":99')), now())
FROM timeline WHERE case_id = $1 AND position = 2;
"""
_APPEND = """
INSERT INTO timeline (case_id, position, seq, body, previous_hash, hash)
SELECT case_id, 6, 99, '{"seq":99}', hash, entry_hash(scheme, hash, case_id, body_hash('{"seq":99}'), now())
FROM timeline WHERE case_id = $1 AND position = 5;
"""
_REPLACE_LAST = "UPDATE timeline SET body = replace(body, 'Fact', 'Tale') WHERE case_id = $1 AND position = 5;"
_REPLACE_SECOND = "UPDATE timeline SET body = '{\"seq\":2}' WHERE case_id = $1 AND position = 2;"
_UNRECORDED_REDACTION = """
UPDATE timeline SET original_sha256 = body_hash(body), body = replace(body, 'Fact', 'Tale')
WHERE case_id = $1 AND position = 2;
"""
_NO_ENTRY = "UPDATE timeline SET body = 'x' WHERE case_id = $1;"


@pytest.fixture
async def recorded(evidence_pool: Pool) -> Pool:
    writer = PostgresEvidence(evidence_pool)
    for case_id in (CASE, OTHER):
        await writer.record(a_journal(case_id, 1, *(an_entry(seq) for seq in range(1, 6))))
    return evidence_pool


async def _tamper(pool: Pool, sql: str) -> None:
    """As a superuser would who knows that there are triggers and foreign keys."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(sql.replace("$1", f"'{CASE}'"))


@pytest.mark.parametrize(
    "sql",
    ["UPDATE timeline SET seq = seq + 10", "DELETE FROM timeline", "TRUNCATE timeline", "TRUNCATE timeline CASCADE"],
)
async def test_a_timeline_is_only_ever_added_to(recorded: Pool, sql: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await recorded.execute(sql)
    assert await PostgresReader(recorded).verify() == (10, ())


@pytest.mark.parametrize(
    ("sql", "position", "reason"),
    [
        ("UPDATE timeline SET body = replace(body, 'Fact', 'Tale') WHERE case_id = $1 AND position = 2", 2, "content"),
        ("UPDATE timeline SET hash = md5(hash) WHERE case_id = $1 AND position = 2", 2, "content"),
        ("UPDATE timeline SET recorded_at = recorded_at + interval '1 microsecond' WHERE case_id = $1", 1, "instant"),
        ("UPDATE timeline SET scheme = 1 WHERE case_id = $1 AND position = 3", 3, "content"),
        (_UNRECORDED_REDACTION, 2, "without a recorded redaction"),
        (_REPLACE_LAST + _REHASH, 5, "not recorded by the store"),
        (
            _REPLACE_SECOND + _REHASH,
            3,
            "does not follow",
        ),
        ("UPDATE timeline SET previous_hash = '' WHERE case_id = $1 AND position = 4", 4, "does not follow"),
        ("UPDATE timeline SET seq = 77 WHERE case_id = $1 AND position = 4", 4, "sequence number"),
        (_NO_ENTRY + _REHASH, 1, "no entry"),
        ("DELETE FROM timeline WHERE case_id = $1 AND position = 1", 2, "entries 1 to 1 are missing"),
        ("DELETE FROM timeline WHERE case_id = $1 AND position IN (2, 3)", 4, "entries 2 to 3 are missing"),
        ("DELETE FROM timeline WHERE case_id = $1 AND position >= 4", 3, "entries 4 to 5 are missing"),
        ("DELETE FROM timeline WHERE case_id = $1", 1, "all entries are missing"),
        ("DELETE FROM cases WHERE case_id = $1", 1, "case is missing"),
        (_SWAP, 2, "does not follow"),
        (_INSERT, 4, "does not follow"),
        (_APPEND, 6, "not recorded by the store"),
    ],
)
async def test_tampering_is_found_with_its_place_and_reason(
    recorded: Pool, sql: str, position: int, reason: str
) -> None:
    await _tamper(recorded, sql)
    reader = PostgresReader(recorded)
    _, faults = await reader.verify(CASE)
    assert faults
    assert (faults[0].case_id, faults[0].position) == (CASE, position)
    assert reason in faults[0].message
    assert await reader.verify(OTHER) == (5, ())
    _, everywhere = await reader.verify()
    assert everywhere == faults


async def test_all_cases_are_read_in_batches(recorded: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_CASES_PER_BATCH", 2)
    writer = PostgresEvidence(recorded)
    for number in range(6):
        await writer.record(a_journal(f"procure-to-pay.north.B-{number}", 1, an_entry(1)))
    assert await PostgresReader(recorded).verify() == (16, ())
    await _tamper(recorded, "DELETE FROM timeline WHERE case_id = $1 OR case_id LIKE '%B-5'")
    _, faults = await PostgresReader(recorded).verify()
    assert [fault.case_id for fault in faults] == ["procure-to-pay.north.B-5", CASE]


async def test_what_is_wrong_everywhere_is_listed_up_to_a_bound(
    recorded: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "MAX_FAULTS", 3)
    await _tamper(recorded, "UPDATE timeline SET hash = 'x'")
    entries_read, faults = await PostgresReader(recorded).verify()
    assert (entries_read, len(faults)) == (10, 3)


async def test_an_entry_that_cannot_be_read_is_a_drift_without_its_content(recorded: Pool) -> None:
    await _tamper(recorded, "UPDATE timeline SET body = '{\"secret\": 1}' WHERE case_id = $1")
    with pytest.raises(ContractDriftError, match="a stored TimelineEntry has") as caught:
        await PostgresReader(recorded).timeline(CASE, None, 10)
    assert "secret" not in str(caught.value)
