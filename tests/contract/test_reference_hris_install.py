"""The reference HRIS installs and loads at any time again, keeps its history, and guards its tables."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from adapters.hris.reference.adapter import ReferenceHris
from adapters.hris.reference.install import held_positions, hire_summaries, install, seed
from adapters.memory.hris import MemoryHris
from adapters.reference_files import load_hris
from adapters.sql_system import Limits
from domain.outside_errors import ContractDriftError, TemporarilyUnavailableError
from tests.fixtures.postgres import PostgresTestServer
from tests.fixtures.purchasing import TODAY
from tests.fixtures.small_hris import START, draft, hire, small_hris


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_starts_side_by_side_install_and_load_once(postgres_server: PostgresTestServer) -> None:
    dsn = await postgres_server.create_database("hris")
    await asyncio.gather(*(install(dsn) for _ in range(3)))
    assert sorted(await asyncio.gather(*(seed(dsn, small_hris()) for _ in range(3)))) == [False, False, True]
    await install(dsn)
    assert await hire_summaries(dsn) == ()
    assert await held_positions(dsn) == {"P-9": "wid-100007"}


async def test_a_changed_load_keeps_what_hires_moved(reference_hris_dsn: str) -> None:
    system = small_hris()
    positions = tuple(each.model_copy(update={"title": "Nurse", "open": False}) for each in system.positions)
    changed = system.model_copy(update={"positions": positions})
    memory = MemoryHris(system)
    async with ReferenceHris.connect(reference_hris_dsn) as reference:
        for hris in (memory, reference):
            await hris.prepare(draft())
            await hris.revive("wid-100001", draft("hire.H-2", position="P-2"))
        memory.load(changed)
        assert await seed(reference_hris_dsn, changed)
        for number in ("P-1", "P-2", "P-3", "P-9"):
            asked = hire(position=number)
            assert await memory.reference(asked) == await reference.reference(asked)
        revived = await reference.worker("wid-100001")
        assert revived == await memory.worker("wid-100001")
        assert revived is not None
        assert revived.status == "prehire"
        for hris in (memory, reference):
            await hris.rescind("hire.H-1", "offer withdrawn")
            position = (await hris.reference(hire())).position
            assert position is not None
            assert (position.open, position.filled_by, position.title) == (False, "", "Nurse")


async def test_every_state_of_a_worker_stays_in_the_history(reference_hris_dsn: str) -> None:
    memory = MemoryHris(small_hris())
    async with ReferenceHris.connect(reference_hris_dsn) as reference:
        for hris in (memory, reference):
            await hris.revive("wid-100001", draft())
            await hris.change("hire.H-1", draft(title="Charge Nurse"))
            await hris.change("hire.H-1", draft(title="Charge Nurse"))
            await hris.begin("hire.H-1", START)
            await hris.begin("hire.H-1", START)
            await hris.rescind("hire.H-1", "wrong person")
    connection = await asyncpg.connect(reference_hris_dsn)
    try:
        rows = await connection.fetch(
            "SELECT lower(status) AS status, kept ->> 'title' AS title FROM hris.worker_history "
            "WHERE worker_id = 'wid-100001' ORDER BY entry"
        )
    finally:
        await connection.close()
    kept = [(row["status"], row["title"]) for row in rows]
    assert kept == [(each.status, each.title) for each in memory.history("wid-100001")]
    assert [status for status, _ in kept] == ["ended", "prehire", "prehire", "active", "ended"]
    (summary,) = await hire_summaries(reference_hris_dsn)
    assert (summary.revived, summary.rescinded, summary.entries, summary.begun_on) == (True, True, 3, START)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hris.worker SET worker_number = worker_number || 'X' WHERE worker_id = 'wid-100001'",
        "UPDATE hris.worker SET status = 'ACTIVE' WHERE status = 'ENDED'",
        "UPDATE hris.worker SET status = 'ENDED' WHERE worker_id = 'wid-100002'",
        "UPDATE hris.worker SET deletion_due_on = '2027-01-01' WHERE status = 'ACTIVE'",
        "UPDATE hris.worker SET end_on = start_on - 1",
        "UPDATE hris.position SET holder = 'wid-100007'",
        "UPDATE hris.position SET filled = true WHERE holder IS NULL",
        "UPDATE hris.worker_history SET status = 'ACTIVE'",
        "DELETE FROM hris.worker_history",
        "INSERT INTO hris.hire (external_id) VALUES ('nobody')",
    ],
)
async def test_the_tables_refuse_what_no_function_would_write(reference_hris_dsn: str, statement: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await execute(reference_hris_dsn, statement)


async def test_a_locked_worker_is_waited_for_a_while_and_not_touched(reference_hris_dsn: str) -> None:
    holder = await asyncpg.connect(reference_hris_dsn)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM hris.worker WHERE worker_id = 'wid-100001' FOR UPDATE")
            async with ReferenceHris.connect(reference_hris_dsn, Limits(statement=0.4, answer=5)) as hris:
                with pytest.raises(TemporarilyUnavailableError) as caught:
                    await hris.revive("wid-100001", draft())
                assert (caught.value.system, caught.value.code) == ("hris", "locked")
    finally:
        await holder.close()
    async with ReferenceHris.connect(reference_hris_dsn) as hris:
        assert await hris.find("hire.H-1") is None


async def test_an_unknown_function_or_answer_is_drift_and_tells_no_values(reference_hris_dsn: str) -> None:
    await execute(reference_hris_dsn, "DROP FUNCTION hris.begin(jsonb)")
    await execute(
        reference_hris_dsn,
        "CREATE OR REPLACE FUNCTION hris.read_worker(request jsonb) RETURNS jsonb LANGUAGE sql STABLE AS "
        """$$ SELECT '{"worker_id": "wid-1", "family": "Secret"}'::jsonb $$""",
    )
    async with ReferenceHris.connect(reference_hris_dsn) as hris:
        with pytest.raises(ContractDriftError) as unknown:
            await hris.begin("hire.H-1", START)
        with pytest.raises(ContractDriftError) as differs:
            await hris.worker("wid-1")
    assert (unknown.value.code, differs.value.code) == ("interface-unknown", "answer-unknown")
    assert "Secret" not in differs.value.message


async def test_nothing_answers_where_nothing_runs(tmp_path: Path) -> None:
    async with ReferenceHris.connect(f"postgresql://postgres@/hris?host={tmp_path}") as hris:
        with pytest.raises(TemporarilyUnavailableError):
            await hris.health()


async def test_the_reference_health_system_loads_and_reads_the_same_as_in_memory(
    postgres_server: PostgresTestServer,
) -> None:
    system = load_hris(Path("examples"), TODAY)
    dsn = await postgres_server.create_database("hris")
    await install(dsn)
    assert await seed(dsn, system)
    memory = MemoryHris(system)
    async with ReferenceHris.connect(dsn) as reference:
        assert await reference.active(None, 500) == await memory.active(None, 500)
        for position in system.positions:
            asked = hire(position=position.number, facility=position.facility, manager="b.archer")
            assert await reference.reference(asked) == await memory.reference(asked)
        for known in system.workers:
            name = known.record.name
            asked = hire(family=name.family, given=name.given, birth_date=known.record.birth_date)
            found = await reference.candidates(asked)
            assert found == await memory.candidates(asked)
            assert known.record in found
