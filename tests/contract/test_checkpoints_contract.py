"""Checkpoints across cases, on the store in memory and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.evidence import MemoryEvidence
from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.pool import Pool
from adapters.signing import Ed25519Checker, Ed25519Signer
from domain.checkpoints import climbed, leaf_hash
from domain.ports.checkpoints import CheckpointStore
from domain.ports.evidence import EvidenceWriter
from tests.fixtures.evidence import CASE, START, a_journal, an_entry

OTHER = "procure-to-pay.south.REQ-2"
SIGNER = Ed25519Signer({"k1": b"1" * 32}, "k1")
LATER = START + timedelta(minutes=10)


@dataclass(frozen=True)
class Sealed:
    writer: EvidenceWriter
    checkpoints: CheckpointStore


@pytest.fixture(params=["memory", "postgres"])
def sealed(request: pytest.FixtureRequest) -> Sealed:
    if request.param == "memory":
        memory = MemoryEvidence()
        return Sealed(memory, MemoryCheckpoints(memory, SIGNER, SIGNER, limit=3))
    pool: Pool = request.getfixturevalue("evidence_pool")
    return Sealed(PostgresEvidence(pool), PostgresCheckpoints(pool, SIGNER, SIGNER, limit=3))


async def test_a_checkpoint_covers_what_changed_since_the_last_one(sealed: Sealed) -> None:
    assert await sealed.checkpoints.seal(START) is None
    await sealed.writer.record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    await sealed.writer.record(a_journal(OTHER, 1, an_entry(1)))
    first = await sealed.checkpoints.seal(START)
    assert first is not None
    assert (first.number, first.head_count, first.previous_hash, first.key_id) == (1, 2, "", "k1")
    assert await sealed.checkpoints.seal(START) is None
    await sealed.writer.record(a_journal(CASE, 2, an_entry(3)))
    second = await sealed.checkpoints.seal(LATER)
    assert second is not None
    assert (second.number, second.head_count, second.previous_hash) == (2, 1, first.hash)
    verdict = await sealed.checkpoints.verify()
    assert (verdict.checkpoints_read, verdict.last, verdict.faults) == (2, second, ())
    assert verdict.signatures_checked


async def test_a_journal_that_adds_nothing_waits_for_no_checkpoint(sealed: Sealed) -> None:
    journal = a_journal(CASE, 1, an_entry(1))
    await sealed.writer.record(journal)
    await sealed.checkpoints.seal(START)
    await sealed.writer.record(journal)
    await sealed.writer.record(a_journal(OTHER, 1))
    assert await sealed.checkpoints.seal(LATER) is None


async def test_a_checkpoint_is_bounded_and_the_next_goes_on(sealed: Sealed) -> None:
    for number in range(7):
        await sealed.writer.record(a_journal(f"procure-to-pay.north.B-{number}", 1, an_entry(1)))
    counts = []
    while (taken := await sealed.checkpoints.seal(START)) is not None:
        counts.append(taken.head_count)
    assert counts == [3, 3, 1]
    assert (await sealed.checkpoints.verify()).faults == ()


async def test_one_case_is_proven_without_the_others(sealed: Sealed) -> None:
    for case_id in (CASE, OTHER, "procure-to-pay.east.REQ-3"):
        await sealed.writer.record(a_journal(case_id, 1, an_entry(1)))
    await sealed.checkpoints.seal(START)
    await sealed.writer.record(a_journal(OTHER, 2, an_entry(2)))
    await sealed.checkpoints.seal(LATER)
    assert [proof.checkpoint.number for proof in await sealed.checkpoints.inclusions(CASE)] == [1]
    proofs = await sealed.checkpoints.inclusions(OTHER)
    assert [(proof.checkpoint.number, proof.head.position) for proof in proofs] == [(1, 1), (2, 2)]
    for proof in proofs:
        assert climbed(leaf_hash(proof.head), proof.path) == proof.checkpoint.root
    verdict = await sealed.checkpoints.verify(CASE)
    assert (verdict.checkpoints_read, verdict.faults) == (1, ())
    assert (await sealed.checkpoints.verify("procure-to-pay.north.NONE")).checkpoints_read == 0


async def test_recording_and_sealing_at_once_loses_nothing(sealed: Sealed) -> None:
    async def record(number: int) -> None:
        for seq in range(1, 6):
            await sealed.writer.record(a_journal(f"procure-to-pay.north.B-{number}", seq, an_entry(seq)))

    async def seal() -> None:
        for _ in range(10):
            await sealed.checkpoints.seal(START)

    await asyncio.gather(*(record(number) for number in range(4)), seal(), seal())
    while await sealed.checkpoints.seal(LATER) is not None:
        pass
    assert (await sealed.checkpoints.verify()).faults == ()
    for number in range(4):
        proofs = await sealed.checkpoints.inclusions(f"procure-to-pay.north.B-{number}")
        assert proofs[-1].head.position == 5


async def test_a_signature_by_an_unknown_key_is_named(evidence_pool: Pool) -> None:
    await PostgresEvidence(evidence_pool).record(a_journal(CASE, 1, an_entry(1)))
    await PostgresCheckpoints(evidence_pool, SIGNER).seal(START)
    stranger = Ed25519Checker(Ed25519Signer({"k2": b"2" * 32}, "k2").public_keys())
    faults = (await PostgresCheckpoints(evidence_pool, checker=stranger).verify()).faults
    assert [(fault.table, fault.position, fault.message) for fault in faults] == [
        ("checkpoints", 1, "it is signed with the unknown key k1")
    ]
    unchecked = await PostgresCheckpoints(evidence_pool).verify()
    assert (unchecked.signatures_checked, unchecked.faults) == (False, ())


@pytest.fixture(params=["memory", "postgres"])
def forged(request: pytest.FixtureRequest) -> tuple[Sealed, CheckpointStore]:
    """What somebody without a key makes, and the same as somebody with keys reads it."""
    if request.param == "memory":
        memory = MemoryEvidence()
        forger, checked = MemoryCheckpoints(memory), MemoryCheckpoints(memory, SIGNER, SIGNER)
        checked.taken = forger.taken
        return Sealed(memory, forger), checked
    pool: Pool = request.getfixturevalue("evidence_pool")
    return Sealed(PostgresEvidence(pool), PostgresCheckpoints(pool)), PostgresCheckpoints(pool, SIGNER, SIGNER)


async def test_checkpoints_made_anew_without_a_key_are_not_believed(forged: tuple[Sealed, CheckpointStore]) -> None:
    """Whoever rewrites everything can chain it, but not sign it."""
    made, checked = forged
    await made.writer.record(a_journal(CASE, 1, an_entry(1)))
    await made.checkpoints.seal(START)
    await made.writer.record(a_journal(OTHER, 1, an_entry(1)))
    await made.checkpoints.seal(LATER)
    expected = [("checkpoints", 2, "it is not signed, though there are keys to sign with")]
    for case_id in (None, CASE):
        verdict = await checked.verify(case_id)
        assert [(fault.table, fault.position, fault.message) for fault in verdict.faults] == expected
    assert (await made.checkpoints.verify()).faults == ()
    await made.writer.record(a_journal(CASE, 2, an_entry(2)))
    await checked.seal(LATER)
    assert (await checked.verify()).faults == (), "keys that came later vouch for what was before"
