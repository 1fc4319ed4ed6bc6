"""Holds, redactions and purges, on the store in memory and on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg
import pytest

from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.keeping import MemoryKeeper
from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.keeping import PostgresKeeper
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.pool import Pool
from adapters.postgres.reader import PostgresReader
from domain.chain import PURGED
from domain.keeping import (
    REMOVED,
    CaseRecord,
    Change,
    KeepingRefusedError,
    Order,
    hold,
    holds_in_force,
    lift_hold,
    purge,
    redact,
)
from domain.people import Actor
from domain.ports.checkpoints import CheckpointStore
from domain.ports.evidence import ChainFault, EvidenceReader, EvidenceWriter, Outbox
from domain.ports.keeping import EvidenceKeeper
from tests.fixtures.evidence import CASE, START, a_journal, a_notice, a_task, an_entry

OTHER = "procure-to-pay.south.REQ-2"
CLOSED = START + timedelta(days=30)
LATER = datetime(2034, 1, 1, tzinfo=UTC)
WHY = Order(actor=Actor(person="cleo", roles=("compliance-officer",)), reason="The law wants it", at=LATER)
SECRET = 'Mrs. "Smith"'


@dataclass(frozen=True)
class Kept:
    writer: EvidenceWriter
    reader: EvidenceReader
    outbox: Outbox
    checkpoints: CheckpointStore
    keeper: EvidenceKeeper

    async def faults(self) -> tuple[ChainFault, ...]:
        _, chain = await self.reader.verify()
        return (*chain, *(await self.checkpoints.verify()).faults)

    async def record(self, case_id: str = CASE) -> CaseRecord:
        found = await self.keeper.record_of(case_id)
        assert found is not None
        return found

    async def purge(self, case_id: str = CASE) -> Change | None:
        return await self.keeper.change(case_id, lambda case: purge(case, 7, "retention", WHY))


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        memory = MemoryEvidence()
        return Kept(memory, memory, memory.outbox, MemoryCheckpoints(memory), MemoryKeeper(memory))
    pool: Pool = request.getfixturevalue("evidence_pool")
    reader, checkpoints = PostgresReader(pool), PostgresCheckpoints(pool)
    return Kept(PostgresEvidence(pool), reader, PostgresOutbox(pool), checkpoints, PostgresKeeper(pool))


async def a_closed_case(kept: Kept, case_id: str = CASE) -> None:
    entries = (an_entry(1, summary=f"For {SECRET}", detail={"note": [f"{SECRET}!"]}), an_entry(2))
    await kept.writer.record(
        a_journal(
            case_id,
            1,
            *entries,
            tasks=(a_task(f"{case_id}:T-1", case_id, why=f"of {SECRET}", status="done"),),
            notices=(a_notice(f"{case_id}:N-1", case_id, text=f"{SECRET} waits", data={"who": SECRET}),),
            status="completed",
            closed_at=CLOSED,
            title=f"Gloves for {SECRET}",
            order_numbers=(f"PO-{case_id}",),
            suppliers=("S-1",),
        )
    )


async def test_the_record_of_a_case_is_all_that_is_kept_of_it(kept: Kept) -> None:
    assert await kept.keeper.record_of(CASE) is None
    await a_closed_case(kept)
    record = await kept.record()
    assert record.snapshot == await kept.reader.case(CASE)
    assert record.tasks == await kept.reader.tasks_of_case(CASE)
    shown = (await kept.reader.timeline(CASE, None, 10)).items
    assert tuple(row.stored() for row in record.entries) == shown
    assert not record.sealed
    await kept.checkpoints.seal(LATER)
    assert (await kept.record()).sealed


async def test_a_hold_is_recorded_and_sealed_like_any_other_fact(kept: Kept) -> None:
    await a_closed_case(kept)
    await kept.checkpoints.seal(LATER)
    await kept.keeper.change(CASE, lambda case: hold(case, "LIT-1", WHY))
    record = await kept.record()
    assert holds_in_force(record.entries) == ("LIT-1",)
    assert not record.sealed
    with pytest.raises(KeepingRefusedError, match="already-held"):
        await kept.keeper.change(CASE, lambda case: hold(case, "LIT-1", WHY))
    await kept.keeper.change(CASE, lambda case: lift_hold(case, "LIT-1", WHY))
    assert len((await kept.record()).entries) == 4
    assert await kept.faults() == ()
    assert await kept.keeper.change("procure-to-pay.north.NONE", lambda case: hold(case, "LIT-1", WHY)) is None


async def test_a_redaction_leaves_the_text_nowhere_and_the_chain_whole(kept: Kept) -> None:
    await a_closed_case(kept)
    await kept.checkpoints.seal(LATER)
    change = await kept.keeper.change(CASE, lambda case: redact(case, SECRET, WHY))
    assert change is not None
    record = await kept.record()
    assert "Smith" not in record.model_dump_json()
    assert record.snapshot is not None
    assert record.snapshot.title == f"Gloves for {REMOVED}"
    assert record.entries[0].entry().summary == f"For {REMOVED}"
    assert record.tasks[0].why == f"of {REMOVED}"
    (delivery,) = await kept.outbox.take(["email"], 10, LATER, LATER)
    assert (delivery.notice.text, delivery.notice.data) == (f"{REMOVED} waits", {"who": REMOVED})
    assert await kept.faults() == ()
    assert await kept.keeper.change(CASE, lambda case: redact(case, SECRET, WHY)) is None
    assert len((await kept.record()).entries) == 3


async def test_a_purge_leaves_the_fact_that_it_was_and_checkpoints_that_hold(kept: Kept) -> None:
    await a_closed_case(kept)
    await a_closed_case(kept, OTHER)
    with pytest.raises(KeepingRefusedError, match="not-sealed"):
        await kept.purge()
    await kept.checkpoints.seal(LATER)
    await kept.purge()
    assert await kept.reader.case(CASE) is None
    assert await kept.reader.tasks_of_case(CASE) == ()
    assert await kept.reader.case_of_order(f"PO-{CASE}") is None
    assert len(await kept.outbox.take(["email"], 10, LATER, LATER)) == 1  # the other case's
    record = await kept.record()
    assert record.snapshot is None
    assert [(row.position, row.entry().kind) for row in record.entries] == [(3, PURGED)]
    assert await kept.faults() == ()
    await kept.checkpoints.seal(LATER)
    assert await kept.faults() == ()
    assert await kept.purge() is None
    assert await kept.reader.verify(OTHER) == (2, ())


async def test_a_business_key_that_comes_back_goes_on_with_the_chain(kept: Kept) -> None:
    await a_closed_case(kept)
    await kept.checkpoints.seal(LATER)
    await kept.purge()
    await a_closed_case(kept)
    assert [row.position for row in (await kept.record()).entries] == [3, 4, 5]
    assert await kept.faults() == ()
    await kept.checkpoints.seal(LATER)
    await kept.purge()
    assert [row.position for row in (await kept.record()).entries] == [6]
    assert await kept.faults() == ()


async def test_who_was_closed_before_comes_in_pages(kept: Kept) -> None:
    for key in ("A", "B", "C"):
        await a_closed_case(kept, f"procure-to-pay.north.{key}")
    await kept.writer.record(a_journal("procure-to-pay.north.D", 1, an_entry(1)))
    ask = partial(kept.keeper.closed_before, "north", "procure-to-pay")
    assert [case[-1] for case in await ask(LATER, "", 2)] == ["A", "B"]
    assert [case[-1] for case in await ask(LATER, "procure-to-pay.north.B", 2)] == ["C"]
    assert await ask(CLOSED, "", 2) == []
    assert await kept.keeper.closed_before("south", "procure-to-pay", LATER, "", 2) == []


async def test_a_body_that_was_never_recorded_as_redacted_is_refused_by_the_table(evidence_pool: Pool) -> None:
    await PostgresEvidence(evidence_pool).record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await evidence_pool.execute("UPDATE timeline SET original_sha256 = body_hash(body), body = '{}'")
    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await evidence_pool.execute("DELETE FROM timeline")


async def test_a_tombstone_stays(evidence_pool: Pool) -> None:
    await evidence_pool.execute("INSERT INTO purged_cases VALUES ('x', 3, 'h')")
    for sql in ("DELETE FROM purged_cases", "UPDATE purged_cases SET position = 2", "TRUNCATE purged_cases"):
        with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
            await evidence_pool.execute(sql)
