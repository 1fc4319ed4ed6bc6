"""What becomes of standings, registers and clearings when their case is purged or redacted, on both stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from adapters.memory.access_register import MemoryAccessRegister
from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.hire_register import MemoryHireRegister
from adapters.memory.hire_standings import MemoryHireStandings
from adapters.memory.keeping import MemoryKeeper
from adapters.memory.screening_records import MemoryScreeningRecords
from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.keeping import PostgresKeeper
from adapters.postgres.pool import Pool
from domain.hire_plan import Blocker, ItemStanding, Readiness
from domain.keeping import Order, purge, redact
from domain.people import Actor
from domain.ports.checkpoints import CheckpointStore
from domain.ports.evidence import EvidenceWriter
from domain.ports.keeping import EvidenceKeeper
from tests.fixtures.evidence import START as JOURNAL_START
from tests.fixtures.evidence import a_journal, an_entry
from tests.fixtures.hire_stores import (
    NOW,
    START,
    HireStores,
    a_hire_entry,
    a_standing,
    an_account,
    an_entitlement,
    hire_case,
    postgres_hire_stores,
)

WHY = Order(
    actor=Actor(person="cleo", roles=("compliance-officer",)),
    reason="The law wants it",
    at=datetime(2034, 1, 1, tzinfo=UTC),
)
SECRET = "Jane was ill"


@dataclass(frozen=True)
class House:
    stores: HireStores
    writer: EvidenceWriter
    checkpoints: CheckpointStore
    keeper: EvidenceKeeper
    memory: MemoryScreeningRecords | None = None
    pool: Pool | None = None

    async def clearing(self, key: str) -> tuple[str, str]:
        """Who cleared it, and why."""
        if self.memory is not None:
            return self.memory.clearings[key].by, self.memory.clearings[key].reason
        assert self.pool is not None
        row = await self.pool.fetchrow("SELECT cleared_by, reason FROM screening_clearances WHERE key = $1", key)
        assert row is not None
        return row["cleared_by"], row["reason"]


def _memory() -> House:
    evidence, screening = MemoryEvidence(), MemoryScreeningRecords()
    access, register, standings = MemoryAccessRegister(), MemoryHireRegister(), MemoryHireStandings()
    keeper = MemoryKeeper(evidence, beside=(access, register, standings, screening))
    stores = HireStores(access, register, standings, screening)
    return House(stores, evidence, MemoryCheckpoints(evidence), keeper, memory=screening)


def _postgres(pool: Pool) -> House:
    checkpoints, keeper = PostgresCheckpoints(pool), PostgresKeeper(pool)
    return House(postgres_hire_stores(pool), PostgresEvidence(pool), checkpoints, keeper, pool=pool)


@pytest.fixture(params=["memory", "postgres"])
def empty_house(request: pytest.FixtureRequest) -> House:
    return _memory() if request.param == "memory" else _postgres(request.getfixturevalue("hires_pool"))


@pytest.fixture
async def house(empty_house: House) -> House:
    """Two closed and sealed hires, with an account, what they were granted, a clearing and a standing each."""
    for number in (1, 2):
        await _fill(empty_house, number)
    await empty_house.checkpoints.seal(JOURNAL_START + timedelta(days=31))
    return empty_house


async def _fill(house: House, number: int) -> None:
    stores, case, worker = house.stores, hire_case(number), f"W-{number}"
    await stores.register.enter(a_hire_entry(number, "k"))
    await stores.access.claim_name(an_account(number))
    for name in ("held", "revoked"):
        await stores.access.grant(an_entitlement(name, worker_id=worker, case_id=case, reason=f"As {SECRET} before"))
    await stores.access.revoke(worker, "identity", "revoked", case, "hal")
    await stores.screening.clear(f"hit-{number}", "cleo", f"{SECRET}, not her", case, NOW)
    standing = ItemStanding(key="badge", state="done", note=f"late: {SECRET}")
    blocker = Blocker(key="badge", title="Badge", who="facilities", due_on=START, usual_days=1, why=f"{SECRET}.")
    readiness = Readiness(state="not-ready", blockers=(blocker,))
    await stores.standings.record(
        a_standing(number, standings=(standing, ItemStanding(key="mailbox")), readiness=readiness)
    )
    closed = {"process": "hire-to-provision", "status": "completed", "closed_at": JOURNAL_START + timedelta(days=30)}
    await house.writer.record(a_journal(case, 1, an_entry(1, summary=SECRET), **closed))


async def test_a_purge_takes_the_standing_and_leaves_what_is_held(house: House) -> None:
    one, stores = hire_case(1), house.stores
    assert await house.keeper.change(one, lambda case: purge(case, 7, "retention", WHY))
    assert await stores.standings.standing(one) is None
    assert await stores.standings.standing(hire_case(2)) is not None
    assert [each.entitlement for each in await stores.access.held("W-1")] == ["held"]
    assert await stores.access.account_of("identity", "W-1") == an_account(1)
    assert await stores.screening.cleared(["hit-1", "hit-2"]) == {"hit-1", "hit-2"}
    assert await house.clearing("hit-1") == ("", "")
    assert (await house.clearing("hit-2"))[0] == "cleo"
    assert await stores.register.enter(a_hire_entry(3, "k")) == (a_hire_entry(2, "k"),)


async def test_a_redaction_reaches_every_reason_and_note_of_the_case(house: House) -> None:
    one, stores = hire_case(1), house.stores
    assert await house.keeper.change(one, lambda case: redact(case, SECRET, WHY))
    shown = await stores.standings.standing(one)
    assert shown is not None
    assert [each.note for each in shown.standings] == ["late: [redacted]", ""]
    assert [each.why for each in shown.readiness.blockers] == ["[redacted]."]
    assert [each.reason for each in await stores.access.held("W-1")] == ["As [redacted] before"]
    assert await house.clearing("hit-1") == ("cleo", "[redacted], not her")
    other = await stores.standings.standing(hire_case(2))
    assert other is not None
    assert other.standings[0].note == f"late: {SECRET}"
    assert [each.reason for each in await stores.access.held("W-2")] == [f"As {SECRET} before"]
