"""What stands still costs as well: starting, open cases in memory, their evidence on disk, and how old lists are."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import socket
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from temporalio.client import Client

from bench.driving import PATIENCE_SECONDS, Steps, see_through
from bench.filled import postgres
from bench.kept import KeptHospital, Stores, kept_hospital, resident_bytes, stores, temporal_server
from bench.servers import server
from cli.case_runners import plain
from worker import build_worker

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 24
WARM_UP = 10
CLOSED = 30
"""So many cases are seen through to measure what one leaves on disk."""
# A fact is dated where it is found, and recorded in the transaction that lists show.
_LAG = """
SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
    ORDER BY extract(epoch FROM recorded_at - (body::json ->> 'at')::timestamptz))
FROM timeline
"""
_BYTES = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True)
class Footprint:
    """Memory is per thousand cases that wait for a person; a lag in seconds; bytes are those of one closed purchase."""

    worker_start_seconds: float
    gateway_start_seconds: float
    cases: int
    worker_bytes: float
    server_bytes: float
    lag_p50: float
    lag_p99: float
    evidence_bytes: float


async def measure(cases: int) -> Footprint:
    with postgres() as database:
        kept = await stores(database)
        async with server("file") as client:
            starts = await _starts(client, kept)
            steps, numbers = Steps(), itertools.count(1)
            async with (
                kept_hospital(client, kept) as hospital,
                build_worker(client, hospital.ports, runner=plain, interceptors=[steps]),
            ):
                closed = await _closed(hospital, steps, numbers, kept)
                memory = await _open(hospital, steps, numbers, cases)
            lags = await _asked(kept, _LAG)
    return Footprint(
        worker_start_seconds=starts[0],
        gateway_start_seconds=starts[1],
        cases=cases,
        worker_bytes=memory[0],
        server_bytes=memory[1],
        lag_p50=lags[0],
        lag_p99=lags[1],
        evidence_bytes=closed,
    )


async def _starts(client: Client, kept: Stores) -> tuple[float, float]:
    """Seconds until the worker works and until the gateway is ready."""
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as folder:
        keys = Path(folder) / "jwks.json"
        keys.write_text('{"keys": []}')
        told = {
            "TEMPORAL_ADDRESS": client.service_client.config.target_host,
            "CORRIDOR_TASK_QUEUE": "starting",  # whose schedules are not for the worker that is measured
            "CORRIDOR_DATABASE_DSN": kept.evidence,
            "CORRIDOR_ERP_DSN": kept.erp,
            "CORRIDOR_BANK_OUTBOX": folder,
            "CORRIDOR_BANK_INBOX": folder,
            "CORRIDOR_OIDC_JWKS": str(keys),
            "CORRIDOR_OIDC_ISSUER": "https://login.example",
        }
        return await _worker_start(told), await _gateway_start(told)


async def _worker_start(told: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    process = await _process(["-m", "worker"], told)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _said(process, b"worker.started")
        return time.perf_counter() - begun
    finally:
        await _ended(process)


async def _said(process: asyncio.subprocess.Process, what: bytes) -> None:
    while process.stdout is not None and (line := await process.stdout.readline()):
        if what in line:
            return
    raise RuntimeError(f"it ended before it said {what.decode()}")


async def _gateway_start(told: Mapping[str, str]) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    begun = time.perf_counter()
    app = ["-m", "uvicorn", "api.main:create_app_from_settings", "--factory", "--port", port, "--log-level", "error"]
    process = await _process(app, told)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while not await _ready(http, f"http://127.0.0.1:{port}/readyz"):  # noqa: ASYNC110 - as said below
                await asyncio.sleep(0.05)  # another process has no event to wait for
        return time.perf_counter() - begun
    finally:
        await _ended(process)


async def _ready(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(address)).is_success
    except httpx.TransportError:
        return False


async def _process(arguments: Sequence[str], told: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env={**os.environ, **told},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def _closed(hospital: KeptHospital, steps: Steps, numbers: Iterator[int], kept: Stores) -> float:
    """What one purchase leaves in the evidence store, with its indexes."""
    await _all_of([see_through(hospital.subject(), steps, next(numbers)) for _ in range(WARM_UP)])
    (before,) = await _asked(kept, f"SELECT ARRAY[({_BYTES})]")
    await _all_of([see_through(hospital.subject(), steps, next(numbers)) for _ in range(CLOSED)])
    (after,) = await _asked(kept, f"SELECT ARRAY[({_BYTES})]")
    return (after - before) / CLOSED


async def _open(hospital: KeptHospital, steps: Steps, numbers: Iterator[int], cases: int) -> tuple[float, float]:
    """Bytes of the worker and of the server for a thousand cases that wait for their approval."""
    before = _memory()
    gate = asyncio.Semaphore(AT_ONCE)

    async def start(number: int) -> None:
        async with gate:
            case = await hospital.start(number)
            while await steps.of(case.id).get() != "announce":
                pass
            steps.forget(case.id)

    async with asyncio.timeout(PATIENCE_SECONDS * 10):
        await _all_of([start(next(numbers)) for _ in range(cases)])
    after = _memory()
    worker, behind = (1000 * (late - early) / cases for early, late in zip(before, after, strict=True))
    return worker, behind


async def _all_of(work: Sequence[Coroutine[Any, Any, object]]) -> None:
    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(each)


def _memory() -> tuple[int, int]:
    gc.collect()
    return resident_bytes(os.getpid()), resident_bytes(temporal_server())


async def _asked(kept: Stores, sql: str) -> list[float]:
    connection = await asyncpg.connect(kept.evidence)
    try:
        return [float(each) for each in await connection.fetchval(sql)]
    finally:
        await connection.close()


def rows(found: Footprint) -> Iterator[list[str]]:
    yield ["seconds until a worker works", f"{found.worker_start_seconds:.1f}"]
    yield ["seconds until a gateway is ready", f"{found.gateway_start_seconds:.1f}"]
    yield [f"MB of a worker for 1,000 open cases (of {found.cases:,})", f"{found.worker_bytes / 1e6:.0f}"]
    yield ["MB of the Temporal server for 1,000 open cases", f"{found.server_bytes / 1e6:.0f}"]
    yield ["ms from a fact to the lists that show it, p50", f"{found.lag_p50 * 1000:.0f}"]
    yield ["p99", f"{found.lag_p99 * 1000:.0f}"]
    yield ["kB of evidence of a closed purchase, with indexes", f"{found.evidence_bytes / 1e3:.1f}"]
