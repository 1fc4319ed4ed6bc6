"""Numbered SQL files, applied once and in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg

from adapters.postgres.errors import translated
from domain.model import Value

MIGRATIONS = Path(__file__).parent / "migrations"

_NAME = re.compile(r"^(?P<number>\d{4})_[a-z0-9_]+\.sql$")
# Any constant does, as long as every release locks the same one; this spells 'corridor'.
_LOCK = int.from_bytes(b"corridor", "big")
_LEDGER = """
CREATE TABLE IF NOT EXISTS applied_migrations (
    name text COLLATE "C" PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """The database and the migration files contradict one another; the message says which file and what to do."""


class _Migration(Value):
    name: str
    sql: str
    sha256: str


async def migrate(dsn: str, directory: Path | None = None) -> list[str]:
    """Bring the database up to the files of `directory` (default: Corridor's own); returns the names just applied.

    Each file is one transaction. Callers that start at the same time wait for one another.
    Raises MigrationError when the files contradict what was applied before, and the errors of `domain.outside_errors`.
    """
    files = _read(directory or MIGRATIONS)
    with translated("database"):
        connection = await asyncpg.connect(dsn, timeout=30)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
            return await _apply(connection, files)
        finally:
            await connection.close(timeout=5)  # closing the session frees the lock


async def _apply(connection: asyncpg.Connection[asyncpg.Record], files: Sequence[_Migration]) -> list[str]:
    await connection.execute(_LEDGER)
    rows = await connection.fetch("SELECT name, sha256 FROM applied_migrations ORDER BY name")
    pending = _pending(files, {row["name"]: row["sha256"] for row in rows})
    for file in pending:
        async with connection.transaction():
            await connection.execute(file.sql)
            await connection.execute(
                "INSERT INTO applied_migrations (name, sha256) VALUES ($1, $2)", file.name, file.sha256
            )
    return [file.name for file in pending]


def _pending(files: Sequence[_Migration], applied: Mapping[str, str]) -> list[_Migration]:
    unknown = sorted(set(applied) - {file.name for file in files})
    if unknown:
        raise MigrationError(f"the database was migrated by a later release: {', '.join(unknown)} is not known here")
    for file in files:
        if applied.get(file.name, file.sha256) != file.sha256:
            raise MigrationError(f"{file.name} was changed after it was applied: restore it and add a new file instead")
    pending = [file for file in files if file.name not in applied]
    if pending and applied and pending[0].name < max(applied):
        raise MigrationError(f"{pending[0].name} comes before {max(applied)}, which is applied: give it a later number")
    return pending


def _read(directory: Path) -> list[_Migration]:
    files: list[_Migration] = []
    numbers: dict[str, str] = {}
    for path in sorted(directory.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not named like 0001_what_it_makes.sql")
        if match["number"] in numbers:
            raise MigrationError(f"{path.name} and {numbers[match['number']]} have the same number")
        numbers[match["number"]] = path.name
        content = path.read_bytes()
        files.append(_Migration(name=path.name, sql=content.decode(), sha256=hashlib.sha256(content).hexdigest()))
    if not files:
        raise MigrationError(f"there are no migrations in {directory}")
    return files
