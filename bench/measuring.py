"""Each process against bare workflows of its shape, and how long callers wait, on one server."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from temporalio.client import Client
from temporalio.worker import Worker

from bench import bare, laden, latency
from bench.costs import Cost, cost_of
from bench.driving import Steps, Subject, Throughput, see_through, throughput
from bench.hires import HiringHospital
from bench.invoices import PayingHospital
from bench.purchases import Hospital
from bench.servers import Store, server
from bench.shapes import shape_of
from cli.case_runners import plain
from worker import build_worker

IN_FLIGHT = 12  # enough to keep two cores busy, and few enough that cases do not end in waves
INVOICES_IN_FLIGHT = 6  # documents are read in the same process, which starves the worker beyond that
H = TypeVar("H", bound=Hospital)


@dataclass(frozen=True)
class Effort:
    """How much is measured: `seconds` of each kind in each of `rounds`, and so many `decisions`."""

    seconds: float = 5
    rounds: int = 3
    decisions: int = 40


@dataclass(frozen=True)
class Compared:
    """A case, the bare workflow of its shape, and the one that carries as much: how many a second by round, how much of
    the worker's processor each takes, and what one of them costs the server.
    """

    cases_per_second: list[float]
    bare_per_second: list[float]
    laden_per_second: list[float]
    cpu_milliseconds: float
    bare_cpu_milliseconds: float
    laden_cpu_milliseconds: float
    cost: Cost
    bare_cost: Cost

    @property
    def ratio(self) -> float:
        """Of the sums of all rounds, in which all took turns."""
        return statistics.mean(self.cases_per_second) / statistics.mean(self.bare_per_second)

    @property
    def laden_ratio(self) -> float:
        """What is left when Temporal's price for the same data and the same bookkeeping is taken off."""
        return statistics.mean(self.cases_per_second) / statistics.mean(self.laden_per_second)


Process = Literal["purchase", "invoice", "hire"]


@dataclass(frozen=True)
class Latencies:
    """Of purchases, in milliseconds."""

    intake: latency.Pair
    decision: latency.Pair


@dataclass(frozen=True)
class Measured:
    """Of one server: each process that was asked for against bare workflows. `latencies` come with purchases."""

    store: Store
    processes: dict[Process, Compared]
    latencies: Latencies | None


async def measure(store: Store, effort: Effort, wanted: Collection[Process] = get_args(Process)) -> Measured:
    steps, numbers = Steps(), itertools.count(1)
    processes: dict[Process, Compared] = {}
    latencies: Latencies | None = None
    if "purchase" in wanted:
        async with _working(store, steps, Hospital) as hospital:
            processes["purchase"] = await _compared(hospital, steps, numbers, effort, IN_FLIGHT)
            latencies = Latencies(
                intake=await latency.intake(hospital, numbers, effort.seconds),
                decision=await latency.decisions(hospital, steps, numbers, effort.decisions),
            )
    if "invoice" in wanted:
        async with _working(store, steps, PayingHospital) as paying:
            processes["invoice"] = await _compared(paying, steps, numbers, effort, INVOICES_IN_FLIGHT)
    if "hire" in wanted:
        async with _working(store, steps, HiringHospital) as hiring:
            processes["hire"] = await _compared(hiring, steps, numbers, effort, IN_FLIGHT)
    return Measured(store=store, processes=processes, latencies=latencies)


@asynccontextmanager
async def _working(store: Store, steps: Steps, kind: Callable[[Client], H]) -> AsyncIterator[H]:
    """A hospital on a server of its own, beside the workers of what its cases are measured against."""
    async with server(store) as client:
        hospital = kind(client)
        async with (
            build_worker(client, hospital.ports, runner=plain, interceptors=[steps]),
            _floor(client, steps, bare.QUEUE, bare.Bare, bare.nothing),
            _floor(client, steps, laden.QUEUE, laden.Laden, laden.carry),
        ):
            yield hospital


async def _compared(
    hospital: Hospital, steps: Steps, numbers: Iterator[int], effort: Effort, in_flight: int
) -> Compared:
    """The hospital's cases, and what they are measured against, on the same server."""
    ours = hospital.subject()
    history = await (await see_through(ours, steps, next(numbers))).fetch_history()
    shape = shape_of(history)
    plain, carrying = bare.subject(hospital.client, shape.kinds), laden.subject(hospital.client, shape)
    bare_history = await (await see_through(plain, steps, next(numbers))).fetch_history()
    rates = await _rounds((ours, plain, carrying), steps, numbers, effort, in_flight)
    return Compared(
        cases_per_second=[each.per_second for each in rates[ours.name]],
        bare_per_second=[each.per_second for each in rates[plain.name]],
        laden_per_second=[each.per_second for each in rates[carrying.name]],
        cpu_milliseconds=_processor(rates[ours.name]),
        bare_cpu_milliseconds=_processor(rates[plain.name]),
        laden_cpu_milliseconds=_processor(rates[carrying.name]),
        cost=await cost_of(history),
        bare_cost=await cost_of(bare_history),
    )


def _processor(rates: Sequence[Throughput]) -> float:
    return statistics.mean(each.cpu_milliseconds for each in rates)


def _floor(client: Client, steps: Steps, task_queue: str, workflow: type, activity: Callable[..., Any]) -> Worker:
    """A worker of what cases are measured against."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[workflow],
        activities=[activity],
        workflow_runner=plain(),
        interceptors=[steps],
    )


async def _rounds(
    subjects: tuple[Subject, ...], steps: Steps, numbers: Iterator[int], effort: Effort, in_flight: int
) -> dict[str, list[Throughput]]:
    """In turns, so that whatever else the machine does hits all of them."""
    rates: dict[str, list[Throughput]] = {subject.name: [] for subject in subjects}
    for _ in range(effort.rounds):
        for subject in subjects:
            measured = await throughput(subject, steps, numbers, in_flight, effort.seconds)
            rates[subject.name].append(measured)
    return rates
