"""`corridor release`: which version of the workers gets the cases of a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from temporalio.client import Client

from cli.gateway_client import AsJson, show, table_of
from cli.settle import exit_settled
from cli.temporal_client import Address, Keys, with_temporal

if TYPE_CHECKING:
    from cli.releases import Deployment, Held, Standing

app = typer.Typer(help="Versions of the workers: ramp one up, make it current, roll back.", no_args_is_help=True)

HELD_BACK = 1
Build = Annotated[str, typer.Argument(metavar="BUILD_ID", help="What CORRIDOR_BUILD_ID says to the workers of it.")]
Name = Annotated[str, typer.Option("--deployment", envvar="CORRIDOR_DEPLOYMENT", help="What all workers are together.")]
NAME = "corridor"


@app.callback()
def release() -> None:
    """Versions of the workers: ramp one up, make it current, roll back."""


@app.command()
def status(address: Address = None, keys: Keys = None, name: Name = NAME, as_json: AsJson = False) -> None:
    """Show the versions that the server knows, and which of them gets cases.

    Example: corridor release status
    """

    async def work(deployment: Deployment) -> int:
        standing = await deployment.standing()
        show(asdict(standing), as_json, table_of(("version", "is", "new cases"), _rows(standing)))
        return 0

    _run(work, address, keys, name)


@app.command()
def ramp(
    build_id: Build,
    percent: Annotated[float, typer.Argument(min=0, max=100, help="Of the cases; 0 takes it back.")],
    address: Address = None,
    keys: Keys = None,
    name: Name = NAME,
) -> None:
    """Let a part of the cases run under a version: of the new ones, and of the long ones that may move.

    Example: corridor release ramp 2026-12 10
    """

    async def work(deployment: Deployment) -> int:
        settled = await deployment.ramp(build_id, percent)
        return _done(f"{percent:g} % of the cases go to {build_id}.", settled)

    _run(work, address, keys, name)


@app.command()
def current(build_id: Build, address: Address = None, keys: Keys = None, name: Name = NAME) -> None:
    """Let all new cases, and all long ones that may move, run under a version. '' stands for workers without one.

    Example: corridor release current 2026-12
    """

    async def work(deployment: Deployment) -> int:
        settled = await deployment.make_current(build_id)
        return _done(f"{build_id or 'Workers without a version'} is current.", settled)

    _run(work, address, keys, name)


@app.command()
def rollback(build_id: Build, address: Address = None, keys: Keys = None, name: Name = NAME) -> None:
    """Go back to a version, and hold the cases that cannot. Run it with the code of that version checked out.

    Cases that went through a patch which that version does not know stay with the version that they last ran under: let
    its workers run until `corridor release free` lets them go.

    Example: corridor release rollback 2026-11
    """

    async def work(deployment: Deployment) -> int:
        held = await deployment.roll_back(build_id)
        _tell_held(held)
        return _done(f"{build_id} is current; {len(held)} case(s) are held.", await deployment.settled())

    _run(work, address, keys, name)


@app.command()
def free(address: Address = None, keys: Keys = None, name: Name = NAME) -> None:
    """Let held cases move again, as far as the code that is checked out here, and is current, can go on with them.

    Exit 1 when some stay held.

    Example: corridor release free
    """

    async def work(deployment: Deployment) -> int:
        freed, kept = await deployment.free()
        _tell_held(kept)
        typer.echo(f"{freed} case(s) may move again, {len(kept)} stay held.")
        return HELD_BACK if kept else 0

    _run(work, address, keys, name)


def _run(work: Callable[[Deployment], Awaitable[int]], address: str | None, keys: Path | None, name: str) -> None:
    async def with_client(client: Client) -> int:
        from cli.releases import Deployment  # noqa: PLC0415 - every other command would pay for what a worker needs

        return await work(Deployment(client, name))

    exit_settled(asyncio.run(with_temporal(address, keys, with_client)))


def _rows(standing: Standing) -> Sequence[Sequence[str]]:
    percent = standing.percent if standing.ramping else 0
    shares = {standing.ramping: f"{percent:g} %", standing.current: f"{100 - percent:g} %"}
    without = () if standing.current else (("(without a version)", "current", shares[""]),)
    return (*without, *((each.build_id, each.status, shares.get(each.build_id, "")) for each in standing.versions))


def _tell_held(held: Sequence[Held]) -> None:
    if held:
        rows = [(each.case_id, each.build_id, each.reason) for each in held]
        show(None, as_json=False, table=table_of(("case", "stays with", "because"), rows))


def _done(what: str, settled: bool) -> int:
    typer.echo(what if settled else f"{what} The server is still telling its task queues.")
    return 0
