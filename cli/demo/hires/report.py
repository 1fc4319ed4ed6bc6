"""The tables of hires at the end of a demonstration: readiness, what is left of those who do not come, HR's files."""

from __future__ import annotations

from collections import Counter

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.hires.show import HiresVerdict

_NARROW = 200
_STYLES = {"ready": "green", "at-risk": "yellow", "not-ready": "red", "not-coming": "dim", "no plan": "dim"}


def show_hires(verdict: HiresVerdict, console: Console) -> None:
    """Print HR's files, one hire from its beginning to its end, who will be able to work on the first day, what is left
    of those who do not come, and at last how well it went and every reason that is not as told."""
    console.print(files_table(verdict))
    for each in verdict.files:
        for fault in each.faults:
            console.print(Text(f"{each.name}, {fault}", style="yellow"))
    if verdict.told:
        console.print(told_table(verdict))
    console.print(readiness_table(verdict, console.width < _NARROW))
    console.print(remains_table(verdict))
    console.print(summary(verdict))


def files_table(verdict: HiresVerdict) -> Table:
    """One row for each HR file, with what its rows did."""
    table = _table("HR files: what their rows did")
    table.add_column("File", no_wrap=True)
    counts = ("rows", "new", "corrected", "ended", "unchanged", "refused")
    for name in ("state", *counts):
        table.add_column(name.capitalize(), justify="left" if name == "state" else "right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for each in verdict.files:
        numbers = (str(getattr(each.counts, name)) for name in counts)
        table.add_row(each.name, each.state, *numbers, _mark(each.reasons))
    return table


def told_table(verdict: HiresVerdict) -> Table:
    """Everything that was recorded of one hire and of the purchase that it started, side by side."""
    table = _table("One hire and the purchases that it started, from their timelines (UTC)")
    table.add_column("At", no_wrap=True)
    table.add_column("Case", no_wrap=True)
    table.add_column("By", no_wrap=True)
    table.add_column("What", overflow="fold")
    for each in verdict.told:
        table.add_row(f"{each.at:%H:%M:%S}", each.case_id.split(".", 2)[-1], each.actor, each.summary)
    return table


def readiness_table(verdict: HiresVerdict, narrow: bool = False) -> Table:
    """One row for each hire; a narrow terminal gets fewer columns, and those whole."""
    table = _table("Hires: who can work on the first day, and if not, because of whom")
    table.add_column("Hire", no_wrap=True)
    if not narrow:
        table.add_column("Story", overflow="ellipsis", no_wrap=True, max_width=42)
        table.add_column("Job", overflow="ellipsis", no_wrap=True, max_width=22)
    table.add_column("Facility", no_wrap=True)
    table.add_column("Starts", no_wrap=True)
    table.add_column("Stands", no_wrap=True)
    table.add_column("Readiness", no_wrap=True)
    table.add_column("Done", justify="right", no_wrap=True)
    table.add_column("Waits for", overflow="fold", max_width=30)
    if not narrow:
        table.add_column("Worker", no_wrap=True)
        table.add_column("Account", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in verdict.hires:
        waits = f"{row.blocker} ({row.who})" if row.blocker else ""
        wide: list[RenderableType] = [] if narrow else [row.title, row.job]
        account: list[RenderableType] = [] if narrow else [row.worker, row.account]
        ready = Text(row.ready, style=_STYLES.get(row.ready, ""))
        table.add_row(
            row.number,
            *wide,
            row.facility,
            row.start_on,
            row.stage,
            ready,
            row.done,
            waits,
            *account,
            _mark(row.reasons),
        )
    return table


def remains_table(verdict: HiresVerdict) -> Table:
    """One row for each hire that does not take place, with what the identity provider, the HRIS, the ERP and the
    worklists still have of it."""
    table = _table("Who does not come: what is left, counted in the systems themselves")
    for name in ("Hire", "Story", "Ended"):
        table.add_column(name, no_wrap=True)
    for name in ("Accounts", "Groups", "Positions", "Employees", "Open tasks", "Open orders"):
        table.add_column(name, justify="right")
    for row in verdict.hires:
        left = row.remains
        if left is not None:
            things = (left.accounts, left.groups, left.positions, left.employed * ("1",), left.tasks, left.orders)
            table.add_row(row.number, row.title, row.stage, *(str(len(each)) for each in things))
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", row_styles=("", "dim"), expand=False)


def _mark(reasons: tuple[str, ...]) -> Text:
    return Text("DIFFERS", style="bold red") if reasons else Text("as told", style="green")


def summary(verdict: HiresVerdict) -> RenderableType:
    """How many are ready, how the report of hires counts them, and what is wrong with the others."""
    states, rates = Counter(row.ready for row in verdict.hires), verdict.rates
    good, accounts = sum(not row.reasons for row in verdict.hires), sum(row.account != "none" for row in verdict.hires)
    counts = ", ".join(f"{states[state]} {state}" for state in _STYLES if states[state])
    lines = [
        f"{good} of {len(verdict.hires)} hires stand as told: {counts}; {accounts} accounts at the identity provider.",
        f"The report of hires: {rates.begun} have begun; the slowest could work {rates.slowest_seconds} s after the "
        f"request; of {rates.cleaned} of {rates.rescinded} that were taken back nothing is left.",
    ]
    style = "bold green" if verdict.matched else "bold red"
    return Group(
        *(Text(line, style=style) for line in lines), *(Text(f"  {reason}", style="red") for reason in verdict.reasons)
    )
