"""`python -m bench`: throughput, latency and cost of a purchase case against a bare workflow, on both servers."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.worker import Worker

from adapters.telemetry.logs import configure_logs
from bench import bare, latency
from bench.costs import Cost, cost_of
from bench.driving import Steps, Subject, see_through, throughput
from bench.purchases import Hospital
from bench.servers import Store, server
from cli.settle import exit_settled
from worker import build_worker, sandbox

IN_FLIGHT = 24
ROUNDS = 3
DECISIONS = 40
GOALS = {"throughput": 0.8, "intake": 1.3, "bookkeeping": 2}


@dataclass(frozen=True)
class Measured:
    """Of one server: cases per second by round, latencies in milliseconds, and what one case costs."""

    store: Store
    cases_per_second: list[float]
    bare_per_second: list[float]
    intake: latency.Pair
    decision: latency.Pair
    cost: Cost
    bare_cost: Cost

    @property
    def ratio(self) -> float:
        """Of the sums of all rounds, in which both took turns."""
        return statistics.mean(self.cases_per_second) / statistics.mean(self.bare_per_second)


async def measure(store: Store, seconds: float) -> Measured:
    steps = Steps()
    numbers = itertools.count(1)
    async with server(store) as client, AsyncExitStack() as workers:
        hospital = Hospital(client)
        await workers.enter_async_context(build_worker(client, hospital.ports, interceptors=[steps]))
        ours = hospital.subject()
        history = await (await see_through(ours, steps, next(numbers))).fetch_history()
        await workers.enter_async_context(_bare_worker(client, steps))
        plain = bare.subject(client, bare.shape_of(history))
        bare_history = await (await see_through(plain, steps, next(numbers))).fetch_history()
        rates = await _rounds((ours, plain), steps, numbers, seconds)
        return Measured(
            store=store,
            cases_per_second=rates[ours.name],
            bare_per_second=rates[plain.name],
            intake=await latency.intake(hospital, numbers, seconds),
            decision=await latency.decisions(hospital, steps, numbers, DECISIONS),
            cost=await cost_of(history),
            bare_cost=await cost_of(bare_history),
        )


def _bare_worker(client: Client, steps: Steps) -> Worker:
    return Worker(
        client,
        task_queue=bare.QUEUE,
        workflows=[bare.Bare],
        activities=[bare.nothing],
        workflow_runner=sandbox(),
        interceptors=[steps],
    )


async def _rounds(
    subjects: tuple[Subject, ...], steps: Steps, numbers: Iterator[int], seconds: float
) -> dict[str, list[float]]:
    """In turns, so that whatever else the machine does hits both."""
    rates: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(ROUNDS):
        for subject in subjects:
            measured = await throughput(subject, steps, numbers, IN_FLIGHT, seconds)
            rates[subject.name].append(measured.per_second)
    return rates


def tables(results: list[Measured]) -> Iterator[Table]:
    yield _table("Completed cases per second", ["purchase", "bare", "ratio", "goal"], results, _throughput_row)
    yield _table(
        "Latency (ms)",
        ["POST p50", "p99", "start p50", "p99", "ratio", "goal", "decision p50", "p99", "signal+query p50", "p99"],
        results,
        _latency_row,
    )
    yield _table(
        "One case", ["actions", "of which", "events", "bytes", "bare events", "bookkeeping", "goal"], results, _cost_row
    )


def _table(title: str, columns: list[str], results: list[Measured], row: Any) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column("server")
    for column in columns:
        table.add_column(column, justify="left" if column == "of which" else "right")
    for each in results:
        table.add_row(each.store, *row(each))
    return table


def _throughput_row(result: Measured) -> list[str]:
    ours, plain = statistics.mean(result.cases_per_second), statistics.mean(result.bare_per_second)
    return [f"{ours:.1f}", f"{plain:.1f}", f"{result.ratio:.2f}", f">= {GOALS['throughput']}"]


def _latency_row(result: Measured) -> list[str]:
    intake, decision = result.intake, result.decision
    both = (intake.ours, intake.bare)
    again = (decision.ours, decision.bare)
    times = [f"{value:.1f}" for each in both for value in (each.p50, each.p99)]
    later = [f"{value:.1f}" for each in again for value in (each.p50, each.p99)]
    return [*times, f"{intake.ratio:.2f}", f"<= {GOALS['intake']}", *later]


def _cost_row(result: Measured) -> list[str]:
    cost = result.cost
    parts = ", ".join(f"{count} {kind}" for kind, count in cost.actions.items())
    return [
        str(cost.total),
        parts,
        str(cost.events),
        f"{cost.bytes:,}",
        str(result.bare_cost.events),
        str(sum(cost.bookkeeping.values())),
        f"<= {GOALS['bookkeeping']}",
    ]


def as_data(result: Measured) -> dict[str, Any]:
    def pair(measured: latency.Pair) -> dict[str, float]:
        sides = {"ours": measured.ours, "bare": measured.bare}
        return {f"{name}_{p}_ms": getattr(side, p) for name, side in sides.items() for p in ("p50", "p99")} | {
            "ratio": measured.ratio
        }

    return {
        "server": result.store,
        "throughput": {
            "cases_per_second": result.cases_per_second,
            "bare_per_second": result.bare_per_second,
            "ratio": result.ratio,
        },
        "intake": pair(result.intake),
        "decision": pair(result.decision),
        "cost": asdict(result.cost) | {"total": result.cost.total},
        "bare_cost": asdict(result.bare_cost),
        "goals": GOALS,
    }


def bench(
    seconds: Annotated[float, typer.Option(min=0.5, help="For each measurement; there are 14.")] = 5,
    store: Annotated[list[str] | None, typer.Option(help="memory, file; both when it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Measure what Corridor costs against a bare workflow of the same shape, on the same server, in the same run.

    Example: python -m bench --seconds 10 --store file
    """
    configure_logs("bench", "ERROR")  # a line for each request would be what is measured
    console = Console(stderr=as_json)
    results = []
    for each in get_args(Store):
        if store is None or each in store:
            with console.status(f"Measuring on the {each} server"):
                results.append(asyncio.run(measure(each, seconds)))
    if as_json:
        typer.echo(json.dumps([as_data(each) for each in results], indent=2))
    else:
        for table in tables(results):
            console.print(table, "")
    exit_settled(0)


if __name__ == "__main__":
    typer.run(bench)
