"""The table of cases at the end of a demonstration."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.judge import CaseVerdict, Verdict

_NARROW = 110


def show(verdict: Verdict, console: Console) -> None:
    """Print all cases, then every reason why one did not end as its story tells."""
    console.print(table_of(verdict, narrow=console.width < _NARROW))
    if any(case.decisions for case in verdict.cases):
        console.print(decisions_of(verdict))
    console.print(summary_of(verdict))


def table_of(verdict: Verdict, narrow: bool = False) -> Table:
    """One row for each case; a narrow terminal gets fewer columns."""
    table = Table(title="Purchases", title_justify="left", row_styles=("", "dim"), expand=False)
    table.add_column("Case", no_wrap=True)
    table.add_column("Story", overflow="ellipsis", no_wrap=True, max_width=44)
    table.add_column("Ended", no_wrap=True)
    table.add_column("Orders", justify="right")
    if not narrow:
        table.add_column("Amount", justify="right", no_wrap=True)
        table.add_column("Approvals", justify="right")
        table.add_column("Exceptions", overflow="fold", max_width=40)
    table.add_column("", no_wrap=True)
    for case in verdict.cases:
        table.add_row(*_row(case, narrow))
    return table


def _row(case: CaseVerdict, narrow: bool) -> list[RenderableType]:
    mark = Text("as told", style="green") if case.matched else Text("DIFFERS", style="bold red")
    wide: list[RenderableType] = [] if narrow else [case.amount, str(len(case.approvals)), ", ".join(case.exceptions)]
    return [_short(case), case.title, case.status, str(case.orders), *wide, mark]


def decisions_of(verdict: Verdict) -> Table:
    """Who decided, where the story is about that: each decision with its level, and in whose place."""
    table = Table(title="Who decided", title_justify="left", row_styles=("", "dim"), expand=False)
    table.add_column("Case", no_wrap=True)
    table.add_column("Story", overflow="fold", max_width=32)
    table.add_column("Decisions, as the timeline has them", overflow="fold")
    for case in verdict.cases:
        if case.decisions:
            table.add_row(_short(case), case.title, "\n".join(case.decisions))
    return table


def _short(case: CaseVerdict) -> str:
    return case.case_id.removeprefix("procure-to-pay.")


def summary_of(verdict: Verdict) -> RenderableType:
    """How many cases ended as told, and what is wrong with the others."""
    good, orders = sum(case.matched for case in verdict.cases), sum(case.orders for case in verdict.cases)
    style = "bold green" if verdict.matched else "bold red"
    line = f"{good} of {len(verdict.cases)} cases ended as told; {orders} orders in the system of record."
    return Group(Text(line, style=style), *(Text(f"  {reason}", style="red") for reason in verdict.reasons))
