"""Migrations are applied once, in order, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from adapters.postgres.migrate import MIGRATIONS, MigrationError, migrate
from domain.outside_errors import TemporarilyUnavailableError
from tests.fixtures.postgres import PostgresTestServer


@pytest.fixture
async def dsn(postgres_server: PostgresTestServer) -> str:
    return await postgres_server.create_database("migrations")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (n integer); INSERT INTO first VALUES (1);")
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE second AS SELECT n + 1 AS n FROM first;")
    yield tmp_path


async def _value(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_files_are_applied_once_and_in_order(dsn: str, folder: Path) -> None:
    assert await migrate(dsn, folder) == ["0001_first.sql", "0002_second.sql"]
    assert await migrate(dsn, folder) == []
    (folder / "0010_third.sql").write_text("INSERT INTO second VALUES (3);")
    assert await migrate(dsn, folder) == ["0010_third.sql"]
    assert await _value(dsn, "SELECT sum(n) FROM second") == 5
    assert await _value(dsn, "SELECT count(*) FROM applied_migrations WHERE length(sha256) = 64") == 3


async def test_callers_at_the_same_time_apply_each_file_once(dsn: str, folder: Path) -> None:
    applied = await asyncio.gather(*(migrate(dsn, folder) for _ in range(5)))
    assert sorted(name for names in applied for name in names) == ["0001_first.sql", "0002_second.sql"]


async def test_a_file_that_fails_leaves_nothing_of_itself(dsn: str, folder: Path) -> None:
    (folder / "0003_broken.sql").write_text("CREATE TABLE third (n integer); SELECT 1 / 0;")
    with suppress(Exception):
        await migrate(dsn, folder)
    assert await _value(dsn, "SELECT to_regclass('second')::text") == "second"
    assert await _value(dsn, "SELECT to_regclass('third')::text") is None
    (folder / "0003_broken.sql").write_text("CREATE TABLE third (n integer);")
    assert await migrate(dsn, folder) == ["0003_broken.sql"]


async def test_a_changed_file_is_named(dsn: str, folder: Path) -> None:
    await migrate(dsn, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE first (n bigint);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was changed after it was applied"):
        await migrate(dsn, folder)


async def test_a_file_of_a_later_release_is_named(dsn: str, folder: Path) -> None:
    await migrate(dsn, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"later release: 0002_second\.sql"):
        await migrate(dsn, folder)


async def test_a_file_that_comes_too_late_is_named(dsn: str, folder: Path) -> None:
    (folder / "0005_fifth.sql").write_text("SELECT 1;")
    await migrate(dsn, folder)
    (folder / "0004_fourth.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=r"0004_fourth\.sql comes before 0005_fifth\.sql"):
        await migrate(dsn, folder)


@pytest.mark.parametrize("name", ["second.sql", "0002_again.sql"])
async def test_names_must_order_the_files(dsn: str, folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError, match=name):
        await migrate(dsn, folder)


async def test_an_empty_folder_is_a_mistake(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="no migrations"):
        await migrate(dsn, tmp_path)


async def test_a_server_that_is_not_there_is_a_passing_fault(tmp_path: Path) -> None:
    with pytest.raises(TemporarilyUnavailableError) as caught:
        await migrate(f"postgresql://postgres@/postgres?host={tmp_path}")
    assert caught.value.code == "unreachable"


async def test_corridors_own_migrations_apply(dsn: str) -> None:
    assert await migrate(dsn) == sorted(path.name for path in MIGRATIONS.glob("*.sql"))
