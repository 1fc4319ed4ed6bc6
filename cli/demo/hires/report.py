"""The readiness table at the end of a demonstration."""

from __future__ import annotations

from collections import Counter

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.hires.show import HiresVerdict

_NARROW = 200
_STYLES = {"ready": "green", "at-risk": "yellow", "not-ready": "red", "not-coming": "dim"}


def show_hires(verdict: HiresVerdict, console: Console) -> None:
    """Print who will be able to work on the first day, then how well it went and every reason that is not as told."""
    console.print(readiness_table(verdict, console.width < _NARROW))
    console.print(summary(verdict))


def readiness_table(verdict: HiresVerdict, narrow: bool = False) -> Table:
    """One row for each hire; a narrow terminal gets fewer columns, and those whole."""
    title = "Hires: who can work on the first day, and if not, because of whom"
    table = Table(title=title, title_justify="left", row_styles=("", "dim"), expand=False)
    table.add_column("Hire", no_wrap=True)
    if not narrow:
        table.add_column("Story", overflow="ellipsis", no_wrap=True, max_width=44)
        table.add_column("Job", overflow="ellipsis", no_wrap=True, max_width=26)
    table.add_column("Facility", no_wrap=True)
    table.add_column("Starts", no_wrap=True)
    table.add_column("Stands", no_wrap=True)
    table.add_column("Readiness", no_wrap=True)
    table.add_column("Done", justify="right", no_wrap=True)
    table.add_column("Waits for", overflow="fold", max_width=30)
    if not narrow:
        table.add_column("Account", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in verdict.hires:
        mark = Text("DIFFERS", style="bold red") if row.reasons else Text("as told", style="green")
        waits = f"{row.blocker} ({row.who})" if row.blocker else ""
        wide: list[RenderableType] = [] if narrow else [row.title, row.job]
        account: list[RenderableType] = [] if narrow else [row.account]
        ready = Text(row.ready, style=_STYLES.get(row.ready, ""))
        table.add_row(row.number, *wide, row.facility, row.start_on, row.stage, ready, row.done, waits, *account, mark)
    return table


def summary(verdict: HiresVerdict) -> RenderableType:
    """How many are ready, how the report of hires counts them, and what is wrong with the others."""
    states, rates = Counter(row.ready for row in verdict.hires), verdict.rates
    good, accounts = sum(not row.reasons for row in verdict.hires), sum(row.account != "none" for row in verdict.hires)
    counts = ", ".join(f"{states[state]} {state}" for state in _STYLES if states[state])
    lines = [
        f"{good} of {len(verdict.hires)} hires stand as told: {counts}; {accounts} accounts at the identity provider.",
        f"Of {rates.begun} that began {rates.ready} were ready on the first day; the slowest could work "
        f"{rates.slowest_seconds} s after the request; of {rates.cleaned} of {rates.rescinded} that do not come "
        "nothing is left.",
    ]
    style = "bold green" if verdict.matched else "bold red"
    return Group(
        *(Text(line, style=style) for line in lines), *(Text(f"  {reason}", style="red") for reason in verdict.reasons)
    )
