"""`corridor setup`: what a deployment needs before the worker and the gateway start."""

import asyncio
import os
from typing import Annotated

import typer
from rich.console import Console

from cli.composition import MIGRATIONS, search_attributes
from cli.deployment import TemporalServer
from cli.settle import exit_settled

FAILED = 1


def setup(
    retention_days: Annotated[
        int, typer.Option(min=1, envvar="CORRIDOR_RETENTION_DAYS", help="How long closed cases stay in Temporal.")
    ] = 30,
) -> None:
    """Make the Temporal namespace, register the search attributes and migrate the databases.

    It can be run again at any time and adds only what is missing.

    Example: TEMPORAL_ADDRESS=temporal:7233 CORRIDOR_DATABASE_DSN=postgresql://... corridor setup
    """
    console = Console(soft_wrap=True, highlight=False)
    missing = sorted({migration.variable for migration in MIGRATIONS} - set(os.environ))
    if missing:
        console.print(f"Not set: {', '.join(missing)}. docs/deployment.md says what they are.")
        exit_settled(FAILED)
    exit_settled(asyncio.run(_setup(console, retention_days)))


async def _setup(console: Console, retention_days: int) -> int:
    server = await TemporalServer.connect()
    made = await server.ensure_namespace(retention_days)
    console.print(f"Namespace {server.client.namespace}: {'made' if made else 'present'}")
    added = await server.ensure_search_attributes(search_attributes())
    console.print(f"Search attributes: {', '.join(added) or 'all present'}")
    for migration in MIGRATIONS:
        await migration.run(os.environ[migration.variable])
        console.print(f"{migration.name}: done")
    return 0
