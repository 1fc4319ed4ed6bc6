"""`corridor policy simulate`: what a changed policy would have meant for the cases of a period."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.postgres.pool import open_pool
from adapters.postgres.recorded import PostgresRecordedRequests
from cli.gateway_client import FAILED, AsJson, show, table_of
from cli.policy_books import day_of, our_policies, stop, store_of
from cli.settle import exit_settled
from cli.stack import StackError, load_settings
from cli.stack.addresses import find_running_stack
from domain.outside_errors import OutsideError
from domain.policy.simulation import MOVES_LISTED, Move, MoveGroup, Simulation, Simulator
from domain.ports.recorded import RecordedRequests

MARGIN = timedelta(days=1)
"""The store knows instants, the simulation the days of facilities, which begin up to a day before or after UTC's."""
GROUPS_SHOWN = 20
ASSUMPTIONS = (
    "Both policies are asked about each request as it was last recorded, on the day on which it was submitted.",
    "The requester's job level and the supplier's risk are not recorded: a condition on the level counts as met, one "
    "on the risk as not met.",
    "A level that all of its holders must approve, or that climbs the management chain, counts as one decision.",
    "The cycle time is an estimate from the median time in which each role answered; it knows no change of habits.",
)

_out = Console(highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)


def simulate(
    changed: Annotated[Path, typer.Argument(file_okay=False, help="Folder of the rules as they are to be.")],
    since: Annotated[str, typer.Option("--since", help="First day of the period, YYYY-MM-DD.")],
    until: Annotated[str, typer.Option("--until", help="Last day of the period, YYYY-MM-DD.")],
    current: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="The rules to compare with; those of this installation without it."),
    ] = None,
    listed: Annotated[int, typer.Option("--list", min=1, max=1000, help="How many cases to list.")] = MOVES_LISTED,
    as_json: AsJson = False,
) -> None:
    """Replay the recorded cases of a period under changed rules; nothing is kept, and no case is touched.

    The evidence store is that of CORRIDOR_DATABASE_DSN, or of the embedded stack that runs here.

    Example: corridor policy simulate changed-policies --since 2026-01-01 --until 2026-06-30
    """
    first, last = day_of("--since", since), day_of("--until", until)
    if last < first:
        stop("--until must not come before --since")
    ours = store_of(current or our_policies(), as_json)
    simulator = Simulator(ours, store_of(changed, as_json), first, last, listed)
    try:
        asyncio.run(_replay(_database(), simulator, first, last))
    except OutsideError as error:
        _err.print(f"The evidence store cannot be read: {error}", markup=False)
        exit_settled(FAILED)
    found = simulator.outcome()
    if as_json:
        show({**found.model_dump(mode="json"), "assumptions": ASSUMPTIONS}, as_json)
    else:
        _print(found)
    exit_settled(0)


def _database() -> str:
    given = os.environ.get("CORRIDOR_DATABASE_DSN")
    if given:
        return given
    try:
        return find_running_stack(load_settings()).dsn("corridor")
    except StackError as error:
        _err.print(f"{error} Or name an evidence store in CORRIDOR_DATABASE_DSN.", markup=False)
        exit_settled(FAILED)


async def _replay(dsn: str, simulator: Simulator, first: date, last: date) -> None:
    since, until = _midnight(first) - MARGIN, _midnight(last) + 2 * MARGIN
    pool = await open_pool(dsn, max_size=1, application_name="corridor-simulate", statement_timeout_ms=120_000)
    try:
        await feed(simulator, PostgresRecordedRequests(pool), since, until)
    finally:
        await pool.close()


async def feed(simulator: Simulator, recorded: RecordedRequests, since: datetime, until: datetime) -> None:
    """Replay all requests between the instants, with a progress bar where somebody can see it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_err, disable=not _err.is_terminal, transient=True) as progress:
        bar = progress.add_task("Replaying cases", total=await recorded.count(since, until))
        async for request in recorded.requests(since, until):
            simulator.replay(request)
            progress.advance(bar)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _print(found: Simulation) -> None:
    _say(f"{found.replayed:,} requests from {found.since} to {found.until}: {found.moved:,} would have gone elsewhere")
    for reason, requests in found.left_out.items():
        _say(f"{requests:,} left out: {reason}", style="dim")
    if found.moved:
        _groups(found.groups)
        _moves(found.moves, found.moved)
    _load(found)
    _spend(found)
    _cycle_time(found)
    _say("")
    for each in ASSUMPTIONS:
        _say(each, style="dim")


def _groups(groups: tuple[MoveGroup, ...]) -> None:
    _say("\nWhat would change")
    for each in groups[:GROUPS_SHOWN]:
        requests = f"{each.requests:,} {'request' if each.requests == 1 else 'requests'}"
        why = _why(each.rules_before, each.rules_after)
        _say(f"  {requests}, {each.amount:,.2f} {each.currency}: {_difference(each)}{why}")
    if len(groups) > GROUPS_SHOWN:
        _say(f"  and {len(groups) - GROUPS_SHOWN} other kinds, with fewer requests each")


def _moves(moves: tuple[Move, ...], of: int) -> None:
    _say("\nCases that would have gone elsewhere" + (f" (the {len(moves)} largest)" if of > len(moves) else ""))
    for each in moves:
        levels = f"{_listed(each.before)} -> {_listed(each.after)}{_why(each.rules_before, each.rules_after)}"
        _say(f"  {each.case_id}, {each.amount:,.2f} {each.currency}: {levels}")


def _load(found: Simulation) -> None:
    changed = [each for each in found.load if each.before != each.after]
    roles = {each.role: [0, 0] for each in found.load}
    for each in found.load:
        roles[each.role][0] += each.before
        roles[each.role][1] += each.after
    rows = [("everywhere", role, *_counts(before, after)) for role, (before, after) in roles.items()]
    rows += [(each.facility, each.role, *_counts(each.before, each.after)) for each in changed]
    _table("Decisions", ("where", "role", "before", "after", "change"), rows)


def _spend(found: Simulation) -> None:
    rows = [
        (
            each.level,
            f"{each.before:,.2f} {each.currency}",
            f"{each.after:,.2f} {each.currency}",
            _percent(each.before, each.after),
        )
        for each in found.spend
    ]
    _table("Spend that passes each level", ("level", "before", "after", "change"), rows)


def _cycle_time(found: Simulation) -> None:
    estimate = found.cycle_time
    if estimate is None:
        _say("\nCycle time: no answer was recorded in the period, so nothing can be estimated.")
        return
    _say(
        f"\nCycle time (estimate): {estimate.hours_before} -> {estimate.hours_after} business hours of approval per "
        f"request; {estimate.slower:,} slower, {estimate.faster:,} faster, {estimate.unchanged:,} as before"
    )
    rows = [(each.role, f"{each.median_hours}", f"{each.answers:,}") for each in estimate.observed]
    _table("Median time to an answer, as recorded", ("role", "business hours", "answers"), rows)
    if estimate.unobserved:
        _say(f"Never answered in the period, estimated by the median of all: {', '.join(estimate.unobserved)}")


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    _say("")
    _out.print(table_of(columns, list(rows), title=title))


def _say(text: str, style: str | None = None) -> None:
    _out.print(text, style=style, markup=False, soft_wrap=True)


def _difference(group: MoveGroup) -> str:
    words = [f"+ {each}" for each in group.gained] + [f"- {each}" for each in group.lost]
    return ", ".join(words) or "the same levels in another order"


def _why(before: Iterable[str], after: Iterable[str]) -> str:
    rules = sorted({*before, *after})
    return f" ({_listed(rules)})" if rules else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"


def _counts(before: int, after: int) -> tuple[str, str, str]:
    return f"{before:,}", f"{after:,}", _percent(Decimal(before), Decimal(after))


def _percent(before: Decimal, after: Decimal) -> str:
    if before == after:
        return ""
    return "new" if not before else f"{(after - before) / before:+.1%}"
