"""Each process against bare workflows of its shape, and how long callers wait, on one server."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from temporalio.client import Client
from temporalio.worker import Worker

from bench import bare, latency
from bench.costs import Cost, cost_of
from bench.driving import Steps, Subject, Throughput, see_through, throughput
from bench.hires import HiringHospital
from bench.invoices import PayingHospital
from bench.purchases import Hospital
from bench.servers import Store, server
from cli.case_runners import plain
from worker import build_worker

IN_FLIGHT = 24
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
    """A case and the bare workflow of its shape: how many a second by round, how much of the worker's processor each
    takes, and what one of them costs the server.
    """

    cases_per_second: list[float]
    bare_per_second: list[float]
    cpu_milliseconds: float
    bare_cpu_milliseconds: float
    cost: Cost
    bare_cost: Cost

    @property
    def ratio(self) -> float:
        """Of the sums of all rounds, in which both took turns."""
        return statistics.mean(self.cases_per_second) / statistics.mean(self.bare_per_second)


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
    """A hospital on a server of its own, beside a worker of bare workflows."""
    async with server(store) as client:
        hospital = kind(client)
        async with (
            build_worker(client, hospital.ports, runner=plain, interceptors=[steps]),
            _bare_worker(client, steps),
        ):
            yield hospital


async def _compared(
    hospital: Hospital, steps: Steps, numbers: Iterator[int], effort: Effort, in_flight: int
) -> Compared:
    """The hospital's cases and bare workflows of their shape, on the same server."""
    ours = hospital.subject()
    history = await (await see_through(ours, steps, next(numbers))).fetch_history()
    plain = bare.subject(hospital.client, bare.shape_of(history))
    bare_history = await (await see_through(plain, steps, next(numbers))).fetch_history()
    rates = await _rounds((ours, plain), steps, numbers, effort, in_flight)
    return Compared(
        cases_per_second=[each.per_second for each in rates[ours.name]],
        bare_per_second=[each.per_second for each in rates[plain.name]],
        cpu_milliseconds=statistics.mean(each.cpu_milliseconds for each in rates[ours.name]),
        bare_cpu_milliseconds=statistics.mean(each.cpu_milliseconds for each in rates[plain.name]),
        cost=await cost_of(history),
        bare_cost=await cost_of(bare_history),
    )


def _bare_worker(client: Client, steps: Steps) -> Worker:
    return Worker(
        client,
        task_queue=bare.QUEUE,
        workflows=[bare.Bare],
        activities=[bare.nothing],
        workflow_runner=plain(),
        interceptors=[steps],
    )


async def _rounds(
    subjects: tuple[Subject, ...], steps: Steps, numbers: Iterator[int], effort: Effort, in_flight: int
) -> dict[str, list[Throughput]]:
    """In turns, so that whatever else the machine does hits both."""
    rates: dict[str, list[Throughput]] = {subject.name: [] for subject in subjects}
    for _ in range(effort.rounds):
        for subject in subjects:
            measured = await throughput(subject, steps, numbers, in_flight, effort.seconds)
            rates[subject.name].append(measured)
    return rates
