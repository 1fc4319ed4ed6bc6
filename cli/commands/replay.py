"""`corridor replay`: would the cases that are running go on under the code that is checked out here?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from temporalio.client import Client

from cli.gateway_client import AsJson, show, table_of
from cli.settle import exit_settled
from cli.temporal_client import Address, Keys, with_temporal

if TYPE_CHECKING:
    from cli.replaying import Replayed

BROKEN = 1
ADVICE = """
These cases would stand still under this code until it can go on with them. Before it is deployed:
  - put what changed behind workflow.patched("what-changed") and keep the old branch, or
  - make it another process under a new name, and let these cases end under the old one.
How, step by step: docs/releasing.md"""


def replay(
    address: Address = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only cases of this process, such as ProcureToPay; repeatable.")
    ] = None,
    closed_since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Also cases that closed since the start of this day (UTC)."),
    ] = None,
    query: Annotated[
        str | None, typer.Option(help="Which cases, as a visibility query of Temporal, in place of the open ones.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many cases, those that started last.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many histories are fetched ahead.")] = 4,
    keys: Keys = None,
    as_json: AsJson = False,
) -> None:
    """Replay the open cases of a running server against this code, before it is deployed.

    Exit 0 when all of them go on, 1 when some would get stuck, 2 when the server does not answer or the keys cannot be
    read.

    Example: corridor replay --type ProcureToPay --type InvoiceToPayment
    """
    from cli.processes import LONG_NAMES, SHORT_NAMES  # noqa: PLC0415 - every other command would pay for them
    from cli.replaying import query_of  # noqa: PLC0415 - for the same reason

    known = (*LONG_NAMES, *SHORT_NAMES)
    for each in types or ():
        if each not in known:
            raise typer.BadParameter(f"{each} is none of {', '.join(known)}", param_hint="--type")
    wanted = query or query_of(types or known, closed_since)

    async def work(client: Client) -> int:
        return await replay_and_tell(client, wanted, limit, at_once, as_json)

    exit_settled(asyncio.run(with_temporal(address, keys, work)))


async def replay_and_tell(client: Client, query: str, limit: int | None, at_once: int, as_json: bool) -> int:
    """Broken cases alone are kept, however many are replayed. Returns the exit code; raises RPCError."""
    from cli.replaying import replay_cases  # noqa: PLC0415 - every other command would pay for what a worker needs

    replayed, broken = 0, []
    async for each in replay_cases(client, query, limit, at_once):
        replayed += 1
        if each.failure:
            broken.append(each)
    _tell(replayed, broken, as_json)
    return BROKEN if broken else 0


def _tell(replayed: int, broken: Sequence[Replayed], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"replayed": replayed, "broken": [asdict(each) for each in broken]}, indent=2))
        return
    if broken:
        rows = [(each.case_id, each.type, str(each.events), each.failure or "") for each in broken]
        show(None, as_json=False, table=table_of(("case", "process", "events", "would get stuck, because"), rows))
    typer.echo(f"{replayed} case(s) replayed, {len(broken)} would get stuck.")
    if broken:
        typer.echo(ADVICE)
