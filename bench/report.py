"""What was measured, as tables for people and as data."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from bench import large_invoice, latency
from bench.measuring import Compared, Latencies, Measured

GOALS = {"throughput": 0.8, "intake": 1.3, "bookkeeping": 2}


def tables(results: list[Measured]) -> Iterator[Table]:
    cases = [(each.store, what, pair) for each in results for what, pair in each.processes.items()]
    rates = ["case", "per second", "bare", "ratio", "goal", "laden", "ratio", "goal", "ms of CPU", "bare", "laden"]
    yield table("Completed cases per second", rates, [(store, *_rates(what, pair)) for store, what, pair in cases])
    waits = [(each.store, *_latencies(each.latencies)) for each in results if each.latencies is not None]
    if waits:
        names = [
            "POST p50",
            "p99",
            "start p50",
            "p99",
            "ratio",
            "goal",
            "laden p50",
            "ratio",
            "decision p50",
            "p99",
            "signal+query p50",
            "p99",
        ]
        yield table("Latency (ms)", names, waits)
    costs = ["case", "actions", "of which", "events", "bytes", "bare events", "bookkeeping", "goal"]
    yield table("One case", costs, [(store, *_costs(what, pair)) for store, what, pair in cases])


def table_of_steps(measured: Sequence[large_invoice.Steps]) -> Table:
    names = list(measured[0].seconds)
    rows = [
        (str(each.orders), f"{each.bytes:,}", *(f"{each.seconds[name]:.2f}" for name in names), "< 1 each")
        for each in measured
    ]
    return table(f"An invoice of {measured[0].lines:,} lines (s)", ["bytes", *names, "goal"], rows, first="orders")


def table(title: str, columns: list[str], rows: Iterable[Sequence[str]], first: str = "server") -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="left" if column in ("case", "of which") else "right")
    for row in rows:
        table.add_row(*row)
    return table


def _rates(what: str, pair: Compared) -> list[str]:
    ours, plain = statistics.mean(pair.cases_per_second), statistics.mean(pair.bare_per_second)
    carrying = statistics.mean(pair.laden_per_second)
    goal = f">= {GOALS['throughput']}"
    processor = (pair.cpu_milliseconds, pair.bare_cpu_milliseconds, pair.laden_cpu_milliseconds)
    return [
        what,
        f"{ours:.1f}",
        f"{plain:.1f}",
        f"{pair.ratio:.2f}",
        goal,
        f"{carrying:.1f}",
        f"{pair.laden_ratio:.2f}",
        goal,
        *(f"{each:.0f}" for each in processor),
    ]


def _latencies(waits: Latencies) -> list[str]:
    intake, decision = waits.intake, waits.decision
    both = (intake.ours, intake.bare)
    again = (decision.ours, decision.bare)
    times = [f"{value:.1f}" for each in both for value in (each.p50, each.p99)]
    later = [f"{value:.1f}" for each in again for value in (each.p50, each.p99)]
    laden = ["-", "-"] if intake.laden is None else [f"{intake.laden.p50:.1f}", f"{intake.laden_ratio:.2f}"]
    return [*times, f"{intake.ratio:.2f}", f"<= {GOALS['intake']}", *laden, *later]


def _costs(what: str, pair: Compared) -> list[str]:
    cost = pair.cost
    parts = ", ".join(f"{count} {kind}" for kind, count in cost.actions.items())
    return [
        what,
        str(cost.total),
        parts,
        str(cost.events),
        f"{cost.bytes:,}",
        str(pair.bare_cost.events),
        str(sum(cost.bookkeeping.values())),
        f"<= {GOALS['bookkeeping']}",
    ]


def as_data(result: Measured) -> dict[str, Any]:
    def pair(measured: latency.Pair) -> dict[str, float]:
        sides = {"ours": measured.ours, "bare": measured.bare}
        if measured.laden is not None:
            sides["laden"] = measured.laden
        return {f"{name}_{p}_ms": getattr(side, p) for name, side in sides.items() for p in ("p50", "p99")} | {
            "ratio": measured.ratio
        }

    def compared(measured: Compared) -> dict[str, Any]:
        return asdict(measured) | {
            "ratio": measured.ratio,
            "laden_ratio": measured.laden_ratio,
            "actions": measured.cost.total,
        }

    waits = result.latencies
    pairs = {} if waits is None else {"intake": pair(waits.intake), "decision": pair(waits.decision)}
    cases = {f"{name}s": compared(each) for name, each in result.processes.items()}
    return {"server": result.store, **cases, **pairs, "goals": GOALS}
