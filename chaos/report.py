"""What the drill did and found, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

from chaos.monkey import Done

_DONE = {"kill": "killed", "freeze": "frozen", "disconnect": "disconnected"}


class Report(BaseModel):
    """`died` are parts that ended without having been struck, by name; `faults` count those that hit traffic, by proxy
    and kind; `cases` by process; `wrong` says what is not as it must be."""

    model_config = ConfigDict(frozen=True)

    seed: int
    seconds: float
    waves: int
    cases: dict[str, int]
    strikes: tuple[Done, ...]
    died: dict[str, int]
    faults: dict[str, dict[str, int]]
    bank_days: int
    effects: dict[str, int]
    wrong: tuple[str, ...]

    @property
    def kills(self) -> int:
        return sum(each.blow == "kill" for each in self.strikes)

    @property
    def passed(self) -> bool:
        return not self.wrong

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=2), encoding="utf-8")


def show(report: Report, console: Console) -> None:
    """Tables of what was done, then what was counted, then what is wrong."""
    console.print(_struck(report))
    console.print(_faulty(report))
    console.print(_counted(report))
    total = sum(report.cases.values())
    console.print(
        f"Seed {report.seed}: {total} cases in {report.waves} waves and {report.seconds:.0f} s, {report.kills} kills, "
        f"{len(report.strikes) - report.kills} other blows, "
        f"{sum(sum(each.values()) for each in report.faults.values())} faults in traffic; "
        f"the bank's clock went on by {report.bank_days} days."
    )
    if report.died:
        names = ", ".join(f"{name} {count} times" for name, count in sorted(report.died.items()))
        console.print(f"Ended without having been struck: {names}.")
    for each in report.wrong:
        console.print(f"  {each}", style="red", markup=False, highlight=False, soft_wrap=True)
    if report.passed:
        console.print("Every case is in its right state, and every effect is there exactly once.", style="green")
    else:
        console.print(f"{len(report.wrong)} things are wrong.", style="bold red")


def _struck(report: Report) -> Table:
    table = Table(title="Blows", title_justify="left")
    table.add_column("Part")
    for name in _DONE.values():
        table.add_column(name, justify="right")
    count = Counter((each.target, each.blow) for each in report.strikes)
    for part in sorted({each.target for each in report.strikes}):
        table.add_row(part, *(str(count[(part, blow)] or "") for blow in _DONE))
    return table


def _faulty(report: Report) -> Table:
    table = Table(title="Faults in traffic", title_justify="left")
    table.add_column("Before")
    kinds = sorted({kind for each in report.faults.values() for kind in each})
    for kind in kinds:
        table.add_column(kind, justify="right")
    for name, done in sorted(report.faults.items()):
        table.add_row(name, *(str(done.get(kind, "")) for kind in kinds))
    return table


def _counted(report: Report) -> Table:
    table = Table(title="Cases, and effects in the systems outside", title_justify="left")
    table.add_column("What")
    table.add_column("How many", justify="right")
    for name, number in {**report.cases, **report.effects}.items():
        table.add_row(name, str(number))
    return table
