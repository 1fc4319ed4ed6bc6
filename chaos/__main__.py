"""`python -m chaos`: the drill on a stack of its own, and the count at the end. Exits 0 only if nothing is wrong."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import asyncpg
import httpx
import typer
from rich.console import Console

from adapters.policy_files import FilePolicyStore
from adapters.reference_files import load_logins
from chaos.cases import Cases
from chaos.judge import effects_of, judge
from chaos.monkey import Monkey
from chaos.outside import booked_on, read_outside
from chaos.patient import PatientBank, patiently
from chaos.plan import cuts, strikes
from chaos.report import Report, show
from chaos.stack import DrillStack, Proxies, build, standing_between
from chaos.waves import Played, Scene, play_wave
from cli.composition import REFERENCE_FILES, policies_folder
from cli.demo.api import DemoApi, WebhookSigner
from cli.event_keys import TYPES, signing_keys
from cli.hires_of_stack import days_of_facilities
from cli.settle import exit_settled
from cli.stack import EmbeddedStack, StackAddresses, StackError, StackSettings, Step, fetch_token, load_settings
from cli.stack.foreground import FAILED, run_in_foreground

_ASLEEP_SECONDS = 40.0
INTERRUPTED, FOLDER, REPORT = 130, "chaos", "report.json"
_ATTEMPTS, _TOKEN_SECONDS, _START_SECONDS = 60, 900.0, 300.0
_UNITS = {"s": 1, "m": 60, "h": 3600}
# As in the demonstration: nobody waits a minute for the next look, and only the drill itself starts payment runs.
HASTE = {
    "CORRIDOR_COLLECT_EVERY_SECONDS": "2",
    "CORRIDOR_INVOICE_LOOK_SECONDS": "0.5",
    "CORRIDOR_HIRES_LOOK_SECONDS": "0.5",
    "CORRIDOR_PROPOSE_EVERY_MINUTES": "10080",
}


@dataclass(frozen=True)
class Size:
    """Waves follow one another until all three are reached; `purchases` and `hires` are those of one wave."""

    seconds: float
    cases: int
    kills: int
    purchases: int
    hires: int
    pause_seconds: float
    lasts_seconds: float
    workers: int


def chaos(
    seed: Annotated[int, typer.Option(help="The same seed gives the same cases, blows and faults.")] = 1,
    duration: Annotated[str, typer.Option(help="At least this long, such as 90s or 10m.")] = "10m",
    cases: Annotated[int, typer.Option(help="At least so many.")] = 500,
    kills: Annotated[int, typer.Option(help="At least so many processes are killed.")] = 60,
    purchases: Annotated[int, typer.Option(help="In each wave; most of them are billed and paid.")] = 60,
    hires: Annotated[int, typer.Option(help="In each wave.")] = 15,
    pause: Annotated[float, typer.Option(help="Seconds between two blows, on average.")] = 5.0,
    lasts: Annotated[float, typer.Option(help="The longest that a part lies or stands still, in seconds.")] = 6.0,
    workers: Annotated[int, typer.Option(min=1, max=2, help="One that stands still may wake up beside another.")] = 2,
) -> None:
    """Play cases of all processes while everything is killed, frozen and cut off; then count what there is outside."""
    for name, value in HASTE.items():
        os.environ.setdefault(name, value)
    size = Size(_seconds(duration), cases, kills, purchases, hires, pause, lasts, workers)
    exit_settled(asyncio.run(_chaos(Console(), seed, size)))


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smh])", text)
    if not found:
        raise typer.BadParameter(f"'{text}' is no duration: 90s, 10m or 1h.")
    return int(found[1]) * _UNITS[found[2]]


async def _chaos(console: Console, seed: int, size: Size) -> int:
    proxies = Proxies()
    try:
        settings = _fresh(load_settings())
    except StackError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return FAILED
    stack = build(settings, proxies, Step("budgets for many", _plenty), console, workers=size.workers)

    async def body(_: EmbeddedStack) -> int:
        report = await _drill(console, stack, proxies, seed, size)
        show(report, console)
        report.write(settings.folder / REPORT)
        console.print(f"The whole report: {settings.folder / REPORT}", soft_wrap=True)
        return 0 if report.passed else FAILED

    async with standing_between(proxies):
        return await run_in_foreground(stack, body, interrupted=INTERRUPTED)


def _fresh(settings: StackSettings) -> StackSettings:
    """A data folder of its own, emptied. Raises StackError while a drill runs on it."""
    chosen = settings.model_copy(
        update={"data_dir": settings.folder / FOLDER, "start_deadline_seconds": _START_SECONDS}
    )
    if (chosen.run / "stack.json").exists():
        raise StackError(f"A drill is running on {chosen.folder}, or was killed. Stop it, or remove that folder.")
    shutil.rmtree(chosen.folder, ignore_errors=True)
    return chosen


async def _plenty(addresses: StackAddresses) -> None:
    """The same purchase many times over is within everybody's budget and agreement."""
    connection = await asyncpg.connect(addresses.dsn("erp"))
    try:
        await connection.execute("UPDATE erp.budget SET total = total * 1000")
        await connection.execute("UPDATE erp.contract SET value_limit = value_limit * 1000")
    finally:
        await connection.close()


async def _drill(console: Console, stack: DrillStack, proxies: Proxies, seed: int, size: Size) -> Report:
    between, began = proxies.ready(), time.monotonic()
    monkey, bank = Monkey(stack, between.proxies), PatientBank(stack.addresses.bank_url)
    first_day = await bank.today()
    asleep = _ASLEEP_SECONDS if size.workers > 1 else 0.0
    evil = [
        asyncio.create_task(monkey.strike_on(strikes(seed, size.pause_seconds, size.lasts_seconds, asleep))),
        asyncio.create_task(monkey.cut_on(cuts(seed, size.pause_seconds / 3))),
    ]
    try:
        async with httpx.AsyncClient(base_url=between.gateway_url, timeout=30, trust_env=False) as client:
            try:
                waves = await _waves(console, _scene(client, stack.addresses), monkey, seed, size)
            finally:
                for each in evil:
                    each.cancel()
                ended = await asyncio.gather(*evil, return_exceptions=True)
                await monkey.calm()
            for wave in waves:
                await wave.read_again()
    finally:
        monkey.thaw()
    lost = [f"the drill itself failed: {each!r}" for each in ended if isinstance(each, Exception)]
    today = datetime.now(UTC).date()
    found = await patiently(lambda: read_outside(stack.addresses, today))
    return Report(
        seed=seed,
        seconds=time.monotonic() - began,
        waves=len(waves),
        cases=_count(waves),
        strikes=tuple(monkey.done),
        died=dict(Counter(stack.died)),
        faults=monkey.faults,
        bank_days=max(((day - first_day).days for day in booked_on(found)), default=0),
        effects=effects_of(found),
        wrong=(*lost, *judge(waves, found, _release_from(today))),
    )


def _release_from(today: date) -> dict[str, Decimal]:
    store = FilePolicyStore(policies_folder())
    found = ((each.code, store.effective(each.code, today)) for each in store.facilities())
    return {facility: policy.payment.release_from for facility, policy in found if policy is not None}


async def _waves(console: Console, scene: Scene, monkey: Monkey, seed: int, size: Size) -> list[Played]:
    cases, played, began = Cases(REFERENCE_FILES, seed), list[Played](), time.monotonic()
    while True:
        wave = cases.wave(len(played) + 1, size.purchases, size.hires)
        started = time.monotonic()
        played.append(await play_wave(scene, wave))
        kills = sum(each.blow == "kill" for each in monkey.done)
        total = sum(_count(played).values())
        console.print(
            f"  wave {wave.number}: {wave.cases} cases in {time.monotonic() - started:.0f} s; "
            f"so far {total} cases, {kills} kills",
            highlight=False,
        )
        if time.monotonic() - began >= size.seconds and total >= size.cases and kills >= size.kills:
            return played


def _scene(client: httpx.AsyncClient, addresses: StackAddresses) -> Scene:
    signer, today = WebhookSigner(signing_keys(addresses.data_folder), TYPES), datetime.now(UTC).date()
    tokens: dict[str, tuple[float, asyncio.Task[str]]] = {}

    async def token(persona: str) -> str:
        """Each persona logs in now and then: a long drill outlives a token."""
        since, known = tokens.get(persona, (0.0, None))
        if known is None or time.monotonic() - since > _TOKEN_SECONDS:
            known = asyncio.create_task(patiently(lambda: fetch_token(addresses, persona)))
            tokens[persona] = (time.monotonic(), known)
        return await asyncio.shield(known)

    return Scene(
        api=DemoApi(client, token, signer, attempts=_ATTEMPTS),
        addresses=addresses,
        people=load_logins(REFERENCE_FILES),
        days=days_of_facilities(today),
        today=today,
    )


def _count(waves: Sequence[Played]) -> dict[str, int]:
    return {
        "purchases": sum(len(wave.purchases) for wave in waves),
        "purchases of hires": sum(len(wave.equipment) for wave in waves),
        "bills": sum(len(wave.wave.bills) for wave in waves),
        "payment runs": sum(len(wave.runs) for wave in waves),
        "hires": sum(len(wave.hires) for wave in waves),
    }


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(chaos)
    app()
