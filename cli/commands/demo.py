"""`corridor demo`: the example requisitions from the API to money that the bank has booked, the example hires from the
offer to accounts that are open on the first day, and the proof."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.reference_files import load_logins
from cli.bills_of_stack import bills_of
from cli.composition import REFERENCE_FILES, build_stack
from cli.demo.api import DemoApi, WebhookSigner
from cli.demo.bills.report import show_bills
from cli.demo.bills.show import BillsVerdict
from cli.demo.hires.report import show_hires
from cli.demo.hires.show import DEADLINE_SECONDS as HIRES_DEADLINE_SECONDS
from cli.demo.hires.show import HiresVerdict
from cli.demo.judge import Verdict
from cli.demo.player import DEADLINE_SECONDS, run_demo
from cli.demo.report import show
from cli.erp_of_stack import orders_by_case
from cli.event_keys import TYPES, signing_keys
from cli.hires_of_stack import hires_of
from cli.settle import exit_settled
from cli.stack import EmbeddedStack, StackAddresses, StackError, StackSettings, fetch_token, load_settings
from cli.stack.console import print_addresses
from cli.stack.foreground import FAILED, run_in_foreground

INTERRUPTED = 130
# A worker or gateway that is killed during the demonstration is started again, as a container platform would.
RESTARTS = 5
FOLDER = "demo"
# Tryton takes 10 ms for a look and half a second for a delivery, and a hundred purchases come at once.
TRYTON_DEADLINE_SECONDS = 1800.0
# Nobody waits a minute for the next look at the bank, and only the demonstration itself starts payment runs.
WIDE = 230
HASTE = {
    "CORRIDOR_COLLECT_EVERY_SECONDS": "2",
    "CORRIDOR_INVOICE_LOOK_SECONDS": "0.5",
    "CORRIDOR_HIRES_LOOK_SECONDS": "0.5",
    "CORRIDOR_PROPOSE_EVERY_MINUTES": "10080",
}


def demo(
    stay: Annotated[bool, typer.Option("--stay", help="Keep everything running afterwards, to look around.")] = False,
) -> None:
    """Play the example requisitions, the bills of their suppliers and the example hires, and compare how each ended
    with its story.

    It begins with an empty data folder of its own each time, and exits 0 only if every case ended as
    examples/requisitions.jsonl, examples/invoices.jsonl and examples/hires.jsonl say, with orders counted in the ERP,
    amounts that agree between orders, receipts, bills, payment files, the bank and the ERP, and with accounts, groups
    and workers read at the identity provider and in the HRIS.

    Example: corridor demo --stay
    """
    for name, value in HASTE.items():
        os.environ.setdefault(name, value)
    exit_settled(asyncio.run(_demo(_console(), stay)))


def _console() -> Console:
    """A file or a pipe has no width of its own: the tables are written whole."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=WIDE)


async def _demo(console: Console, stay: bool) -> int:
    try:
        settings = _fresh(load_settings())
        stack = build_stack(settings, console, restarts=RESTARTS)
    except StackError as error:
        Console(stderr=True).print(str(error), markup=False, soft_wrap=True)
        return FAILED

    async def body(running: EmbeddedStack) -> int:
        verdict, paid, hired = await _play(console, running.addresses)
        show(verdict, console)
        if paid is not None:
            show_bills(paid, console)
        show_hires(hired, console)
        if stay:
            print_addresses(console, running.addresses, {"gateway", "temporal", "mail", "oidc"})
            console.print(f"\nTo look around in another terminal: export CORRIDOR_DATA_DIR={settings.folder}")
            await asyncio.Event().wait()
        settled = paid is not None and paid.matched
        return 0 if verdict.matched and settled and hired.matched else FAILED

    return await run_in_foreground(stack, body, interrupted=INTERRUPTED)


def _fresh(settings: StackSettings) -> StackSettings:
    """The same stack on a data folder of its own, emptied: the examples are posted under the same numbers each time.

    Raises StackError when the folder cannot be emptied, or when a demonstration is running on it.
    """
    chosen = settings.model_copy(update={"data_dir": settings.folder / FOLDER, "tryton_dir": settings.tryton_folder})
    if (chosen.run / "stack.json").exists():
        raise StackError(
            f"A demonstration is running on {chosen.folder}, or was killed. "
            "Stop it, or remove that folder when none is running."
        )
    try:
        shutil.rmtree(chosen.folder, ignore_errors=False) if chosen.folder.exists() else None
    except OSError as error:
        raise StackError(f"{chosen.folder} cannot be emptied: {error.strerror}. Set CORRIDOR_DATA_DIR.") from error
    return chosen


async def _play(console: Console, addresses: StackAddresses) -> tuple[Verdict, BillsVerdict | None, HiresVerdict]:
    signer = WebhookSigner(signing_keys(addresses.data_folder), TYPES)

    tokens: dict[str, asyncio.Task[str]] = {}

    async def token(persona: str) -> str:
        """Each persona logs in once: a token outlives the demonstration."""
        if persona not in tokens:
            tokens[persona] = asyncio.create_task(fetch_token(addresses, persona))
        return await asyncio.shield(tokens[persona])

    columns = (TextColumn("Purchases closed"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task("", total=None)
        async with (
            httpx.AsyncClient(base_url=addresses.gateway_url, timeout=60, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            hires = hires_of(addresses, datetime.now(UTC).date())
            people = load_logins(REFERENCE_FILES)
            longest = TRYTON_DEADLINE_SECONDS if addresses.tryton_url else HIRES_DEADLINE_SECONDS
            hired = group.create_task(hires.run(DemoApi(client, token, signer), people, longest))
            bought = group.create_task(
                run_demo(
                    client,
                    token,
                    signer,
                    partial(orders_by_case, addresses),
                    REFERENCE_FILES,
                    progress=lambda done, total: bar.update(line, completed=done, total=total),
                    deadline_seconds=TRYTON_DEADLINE_SECONDS if addresses.tryton_url else DEADLINE_SECONDS,
                    bills=partial(bills_of, addresses),
                )
            )
    return *bought.result(), hired.result()
