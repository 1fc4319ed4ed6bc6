"""Whole purchases come and go for as long as wanted: does anything grow?"""

from __future__ import annotations

import gc
import itertools
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from bench.driving import Steps, throughput
from bench.filled import postgres
from bench.kept import kept_hospital, resident_bytes, stores, temporal_server
from bench.servers import server
from cli.case_runners import plain
from worker import build_worker

SLICES = 12
IN_FLIGHT = 12
MEGABYTE = 1_000_000
_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@dataclass(frozen=True)
class Sample:
    """After so many seconds: cases in all, and how it went since the sample before."""

    seconds: float
    cases: int
    ms_each: float
    cpu_ms_each: float
    worker_bytes: int
    server_bytes: int
    connections: int


async def soak(duration: timedelta) -> list[Sample]:
    """The worker, its cases' people and what measures are one process; the server, with its file, is another."""
    steps, numbers, samples = Steps(), itertools.count(1), list[Sample]()
    with postgres() as database:
        kept = await stores(database)
        async with server("file") as client, kept_hospital(client, kept) as hospital:
            watcher = await asyncpg.connect(kept.evidence)
            begun = time.monotonic()
            async with build_worker(client, hospital.ports, runner=plain, interceptors=[steps]):
                for _ in range(SLICES):
                    seconds = duration.total_seconds() / SLICES / 1.2  # a fifth is for getting going
                    went = await throughput(hospital.subject(), steps, numbers, IN_FLIGHT, seconds)
                    gc.collect()
                    samples.append(
                        Sample(
                            seconds=time.monotonic() - begun,
                            cases=next(numbers),
                            ms_each=1000 / went.per_second,
                            cpu_ms_each=went.cpu_milliseconds,
                            worker_bytes=resident_bytes(os.getpid()),
                            server_bytes=resident_bytes(temporal_server()),
                            connections=await watcher.fetchval(_CONNECTIONS) - 1,
                        )
                    )
            await watcher.close()
    return samples


def rows(samples: Sequence[Sample]) -> Iterator[list[str]]:
    for each in samples:
        sizes = (each.worker_bytes, each.server_bytes)
        yield [
            f"{each.seconds:.0f}",
            f"{each.cases:,}",
            f"{each.ms_each:.0f}",
            f"{each.cpu_ms_each:.0f}",
            *(f"{size / MEGABYTE:.0f}" for size in sizes),
            str(each.connections),
        ]


def verdict(samples: Sequence[Sample]) -> str:
    """The last third against the third before it, when caches are full."""
    third = len(samples) // 3
    before, after = samples[-2 * third : -third], samples[-third:]
    cases = statistics.mean(each.cases for each in after) - statistics.mean(each.cases for each in before)
    worker, behind = (
        statistics.mean(getattr(each, name) for each in after) - statistics.mean(getattr(each, name) for each in before)
        for name in ("worker_bytes", "server_bytes")
    )
    return (
        f"In the last third of the time, and {cases:,.0f} cases, the worker grew by {worker / MEGABYTE:.1f} MB and the "
        f"server by {behind / MEGABYTE:.1f} MB."
    )
