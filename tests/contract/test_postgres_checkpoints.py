"""Whoever rewrites history as a superuser is found out by the checkpoints."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.pool import Pool
from adapters.postgres.reader import PostgresReader
from adapters.signing import Ed25519Signer
from domain.ports.evidence import ChainFault
from tests.fixtures.evidence import CASE, START, a_journal, an_entry

OTHER = "procure-to-pay.south.REQ-2"
SIGNER = Ed25519Signer({"k1": b"1" * 32}, "k1")

_EVERYWHERE = """
DELETE FROM timeline WHERE case_id = $1; DELETE FROM cases WHERE case_id = $1;
DELETE FROM tasks WHERE case_id = $1; DELETE FROM notices WHERE case_id = $1;
"""
# Tells another story from the second entry on, with a chain and a head that fit it.
_REWRITE = """
DO $do$
DECLARE entry timeline; previous text;
BEGIN
    UPDATE timeline SET body = replace(body, 'Fact', 'Tale') WHERE case_id = $1 AND position >= 2;
    FOR entry IN SELECT * FROM timeline WHERE case_id = $1 ORDER BY position LOOP
        entry.previous_hash := coalesce(previous, '');
        entry.hash := entry_hash(entry);
        UPDATE timeline SET previous_hash = entry.previous_hash, hash = entry.hash
        WHERE case_id = $1 AND position = entry.position;
        previous := entry.hash;
    END LOOP;
    UPDATE cases SET chain_hash = previous WHERE case_id = $1;
END $do$;
"""
_FORGED = "UPDATE checkpoints SET root = md5('x') || md5('y') WHERE number = 2"
_NO_SIGNATURE = "UPDATE checkpoints SET signature = 'AAAA' WHERE number = 3"
_FORGED_TOMBSTONE = """
DELETE FROM timeline WHERE case_id = $1;
INSERT INTO timeline (case_id, position, seq, body, previous_hash, hash, recorded_at)
VALUES ($1, 9, -1, '{"kind":"evidence.purged","seq":-1}', '', entry_hash(2::smallint, '', $1,
        body_hash('{"kind":"evidence.purged","seq":-1}'), now()), now());
DELETE FROM cases WHERE case_id = $1;
INSERT INTO purged_cases SELECT case_id, position, hash FROM timeline WHERE case_id = $1;
"""


@pytest.fixture
async def sealed(evidence_pool: Pool) -> Pool:
    """Two cases of five entries, and three checkpoints: over both, over one, over the other."""
    writer = PostgresEvidence(evidence_pool)
    checkpoints = PostgresCheckpoints(evidence_pool, SIGNER)
    for case_id in (CASE, OTHER):
        await writer.record(a_journal(case_id, 1, *(an_entry(seq) for seq in range(1, 4))))
    await checkpoints.seal(START)
    for minutes, case_id in ((10, CASE), (20, OTHER)):
        await writer.record(a_journal(case_id, 2, an_entry(4), an_entry(5)))
        await checkpoints.seal(START + timedelta(minutes=minutes))
    return evidence_pool


async def _tamper(pool: Pool, sql: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(sql.replace("$1", f"'{CASE}'"))


async def _faults(pool: Pool, case_id: str | None = None) -> list[ChainFault]:
    _, chain = await PostgresReader(pool).verify(case_id)
    verdict = await PostgresCheckpoints(pool, checker=SIGNER).verify(case_id)
    return [*chain, *verdict.faults]


async def test_what_nobody_touched_holds(sealed: Pool) -> None:
    assert await _faults(sealed) == []
    assert await _faults(sealed, CASE) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE checkpoints SET taken_at = now()",
        "DELETE FROM checkpoints",
        "TRUNCATE checkpoints CASCADE",
        "UPDATE checkpoint_heads SET position = 1",
        "DELETE FROM checkpoint_heads",
        "TRUNCATE checkpoint_heads",
    ],
)
async def test_checkpoints_are_only_ever_added_to(sealed: Pool, sql: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await sealed.execute(sql)


@pytest.mark.parametrize(
    ("sql", "table", "case_id", "position", "reason"),
    [
        (_EVERYWHERE, "timeline", CASE, 3, "checkpoint 1 holds is missing"),
        (_REWRITE, "timeline", CASE, 3, "checkpoint 1 holds another entry"),
        ("DELETE FROM checkpoints WHERE number = 2", "checkpoints", "", 3, "checkpoints 2 to 2 are missing"),
        ("DELETE FROM checkpoints WHERE number = 1", "checkpoints", "", 2, "checkpoints 1 to 1 are missing"),
        (_FORGED, "checkpoints", "", 2, "it was changed"),
        ("UPDATE checkpoints SET taken_at = now() WHERE number = 3", "checkpoints", "", 3, "it was changed"),
        (_NO_SIGNATURE, "checkpoints", "", 3, "signature does not fit"),
        ("UPDATE checkpoints SET number = 4 WHERE number = 3", "checkpoints", "", 4, "checkpoints 3 to 3 are missing"),
        ("UPDATE checkpoint_heads SET position = 4 WHERE number = 1", "checkpoints", "", 1, "heads were changed"),
        ("DELETE FROM checkpoint_heads WHERE number = 2", "checkpoints", "", 2, "the heads of 0 are there"),
        (
            "DELETE FROM checkpoints WHERE number = 3; DELETE FROM checkpoint_heads WHERE number = 3",
            "cases",
            OTHER,
            5,
            "does not wait for the next",
        ),
        (_FORGED_TOMBSTONE, "purged_cases", CASE, 9, "without having been in a checkpoint"),
        ("UPDATE cases SET status = 'completed' WHERE case_id = $1", "cases", CASE, 2, "say different things"),
        (
            "INSERT INTO unsealed_cases VALUES ('procure-to-pay.north.GONE')",
            "unsealed_cases",
            "procure-to-pay.north.GONE",
            0,
            "its case is missing",
        ),
    ],
)
async def test_tampering_is_found_with_its_row_and_reason(
    sealed: Pool, sql: str, table: str, case_id: str, position: int, reason: str
) -> None:
    await _tamper(sealed, sql)
    found = [
        fault
        for fault in await _faults(sealed)
        if (fault.table, fault.case_id, fault.position) == (table, case_id, position)
    ]
    assert any(reason in fault.message for fault in found), await _faults(sealed)


async def test_a_case_alone_is_checked_against_its_checkpoints(sealed: Pool) -> None:
    await _tamper(sealed, _REWRITE)
    assert [(fault.position, fault.message) for fault in await _faults(sealed, CASE)] == [
        (3, "checkpoint 1 holds another entry here"),
        (5, "checkpoint 2 holds another entry here"),
    ]
    assert await _faults(sealed, OTHER) == []


async def test_entries_from_before_checkpoints_existed_go_on_under_their_own_scheme(evidence_pool: Pool) -> None:
    await PostgresEvidence(evidence_pool).record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    await _tamper(
        evidence_pool,
        _REWRITE.replace(
            "UPDATE timeline SET body = replace(body, 'Fact', 'Tale')", "UPDATE timeline SET scheme = 1"
        ).replace(" AND position >= 2", ""),
    )
    await PostgresEvidence(evidence_pool).record(a_journal(CASE, 2, an_entry(3)))
    assert await _faults(evidence_pool) == []
    await PostgresCheckpoints(evidence_pool, SIGNER).seal(START)
    assert await _faults(evidence_pool) == []
    assert [row["scheme"] for row in await evidence_pool.fetch("SELECT scheme FROM timeline ORDER BY position")] == [
        1,
        1,
        2,
    ]
