"""`python -m bench`: throughput, latency and cost of the three processes against bare workflows, on both servers."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar, get_args

import typer
from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.worker import Worker

from adapters.telemetry.logs import configure_logs
from bench import bare, large_invoice, latency
from bench.costs import Cost, cost_of
from bench.driving import Steps, Subject, see_through, throughput
from bench.hires import HiringHospital
from bench.invoices import PayingHospital
from bench.purchases import Hospital
from bench.servers import Store, server
from cli.settle import exit_settled
from worker import build_worker, sandbox

IN_FLIGHT = 24
INVOICES_IN_FLIGHT = 6  # documents are read in the same process, which starves the worker beyond that
ROUNDS = 3
DECISIONS = 40
LONG_INVOICE_ORDERS = (50, 200)
H = TypeVar("H", bound=Hospital)
GOALS = {"throughput": 0.8, "intake": 1.3, "bookkeeping": 2}


@dataclass(frozen=True)
class Compared:
    """A case and the bare workflow of its shape: how many a second by round, and what one of them costs."""

    cases_per_second: list[float]
    bare_per_second: list[float]
    cost: Cost
    bare_cost: Cost

    @property
    def ratio(self) -> float:
        """Of the sums of all rounds, in which both took turns."""
        return statistics.mean(self.cases_per_second) / statistics.mean(self.bare_per_second)


@dataclass(frozen=True)
class Measured:
    """Of one server: each process against bare workflows, and latencies in milliseconds."""

    store: Store
    purchases: Compared
    invoices: Compared
    hires: Compared
    intake: latency.Pair
    decision: latency.Pair


async def measure(store: Store, seconds: float) -> Measured:
    steps, numbers = Steps(), itertools.count(1)
    async with _working(store, steps, Hospital) as hospital:
        purchases = await _compared(hospital, steps, numbers, seconds, IN_FLIGHT)
        intake = await latency.intake(hospital, numbers, seconds)
        decision = await latency.decisions(hospital, steps, numbers, DECISIONS)
    async with _working(store, steps, PayingHospital) as paying:
        invoices = await _compared(paying, steps, numbers, seconds, INVOICES_IN_FLIGHT)
    async with _working(store, steps, HiringHospital) as hiring:
        hires = await _compared(hiring, steps, numbers, seconds, IN_FLIGHT)
    return Measured(store=store, purchases=purchases, invoices=invoices, hires=hires, intake=intake, decision=decision)


@asynccontextmanager
async def _working(store: Store, steps: Steps, kind: Callable[[Client], H]) -> AsyncIterator[H]:
    """A hospital on a server of its own, beside a worker of bare workflows."""
    async with server(store) as client:
        hospital = kind(client)
        async with build_worker(client, hospital.ports, interceptors=[steps]), _bare_worker(client, steps):
            yield hospital


async def _compared(
    hospital: Hospital, steps: Steps, numbers: Iterator[int], seconds: float, in_flight: int
) -> Compared:
    """The hospital's cases and bare workflows of their shape, on the same server."""
    ours = hospital.subject()
    history = await (await see_through(ours, steps, next(numbers))).fetch_history()
    plain = bare.subject(hospital.client, bare.shape_of(history))
    bare_history = await (await see_through(plain, steps, next(numbers))).fetch_history()
    rates = await _rounds((ours, plain), steps, numbers, seconds, in_flight)
    return Compared(
        cases_per_second=rates[ours.name],
        bare_per_second=rates[plain.name],
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
    subjects: tuple[Subject, ...], steps: Steps, numbers: Iterator[int], seconds: float, in_flight: int
) -> dict[str, list[float]]:
    """In turns, so that whatever else the machine does hits both."""
    rates: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(ROUNDS):
        for subject in subjects:
            measured = await throughput(subject, steps, numbers, in_flight, seconds)
            rates[subject.name].append(measured.per_second)
    return rates


def tables(results: list[Measured]) -> Iterator[Table]:
    cases = [
        (each.store, what, pair)
        for each in results
        for what, pair in (("purchase", each.purchases), ("invoice", each.invoices), ("hire", each.hires))
    ]
    rates = ["case", "per second", "bare", "ratio", "goal"]
    yield _table("Completed cases per second", rates, [(store, *_rates(what, pair)) for store, what, pair in cases])
    yield _table(
        "Latency (ms)",
        ["POST p50", "p99", "start p50", "p99", "ratio", "goal", "decision p50", "p99", "signal+query p50", "p99"],
        [(each.store, *_latencies(each)) for each in results],
    )
    costs = ["case", "actions", "of which", "events", "bytes", "bare events", "bookkeeping", "goal"]
    yield _table("One case", costs, [(store, *_costs(what, pair)) for store, what, pair in cases])


def table_of_steps(measured: Sequence[large_invoice.Steps]) -> Table:
    names = list(measured[0].seconds)
    rows = [
        (str(each.orders), f"{each.bytes:,}", *(f"{each.seconds[name]:.2f}" for name in names), "< 1 each")
        for each in measured
    ]
    return _table(f"An invoice of {measured[0].lines:,} lines (s)", ["bytes", *names, "goal"], rows, first="orders")


def _table(title: str, columns: list[str], rows: Iterable[Sequence[str]], first: str = "server") -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="left" if column in ("case", "of which") else "right")
    for row in rows:
        table.add_row(*row)
    return table


def _rates(what: str, pair: Compared) -> list[str]:
    ours, plain = statistics.mean(pair.cases_per_second), statistics.mean(pair.bare_per_second)
    return [what, f"{ours:.1f}", f"{plain:.1f}", f"{pair.ratio:.2f}", f">= {GOALS['throughput']}"]


def _latencies(result: Measured) -> list[str]:
    intake, decision = result.intake, result.decision
    both = (intake.ours, intake.bare)
    again = (decision.ours, decision.bare)
    times = [f"{value:.1f}" for each in both for value in (each.p50, each.p99)]
    later = [f"{value:.1f}" for each in again for value in (each.p50, each.p99)]
    return [*times, f"{intake.ratio:.2f}", f"<= {GOALS['intake']}", *later]


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
        return {f"{name}_{p}_ms": getattr(side, p) for name, side in sides.items() for p in ("p50", "p99")} | {
            "ratio": measured.ratio
        }

    def compared(measured: Compared) -> dict[str, Any]:
        return asdict(measured) | {"ratio": measured.ratio, "actions": measured.cost.total}

    return {
        "server": result.store,
        "purchases": compared(result.purchases),
        "invoices": compared(result.invoices),
        "hires": compared(result.hires),
        "intake": pair(result.intake),
        "decision": pair(result.decision),
        "goals": GOALS,
    }


def bench(
    seconds: Annotated[float, typer.Option(min=0.5, help="For each measurement; there are 20 on each server.")] = 5,
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
    with console.status("Measuring a long invoice"):
        long = [large_invoice.measure(orders) for orders in LONG_INVOICE_ORDERS]
    if as_json:
        servers = [as_data(each) for each in results]
        typer.echo(json.dumps({"servers": servers, "long_invoice": [asdict(each) for each in long]}, indent=2))
    else:
        for table in (*tables(results), table_of_steps(long)):
            console.print(table, "")
    exit_settled(0)


if __name__ == "__main__":
    typer.run(bench)
