"""Large HR files with the ledger in PostgreSQL: bounded memory and time, and the gateway answers meanwhile."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from adapters.hr_files import HrFolder
from adapters.postgres.hire_file_ledger import PostgresHireFileLedger
from adapters.postgres.pool import Pool
from api.hire_watch import HireWatch
from cli.demo.hires.writing import write_hr_file
from domain.ports.hire_files import HireFileRecord
from tests.http.fakes import Gateway
from tests.http.hr_office import FULL, Incidents, counts, hired
from workflows.messages.hire_to_provision import HireInput

NEXT = "hires-full-20260303.csv"
ROWS = 4_000
BAD = 25
"""Every so many rows, one has no manager."""
PEAK_BYTES = 25_000_000
SECONDS = 120
LONGEST_PAUSE_SECONDS = 5.0


class Night:
    """One gateway on one folder, with cases of which only the numbers are kept."""

    def __init__(self, gateway: Gateway, pool: Pool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ledger, self.folder, self.started = PostgresHireFileLedger(pool), folder, 0
        monkeypatch.setattr(gateway.cases, "start_hire", self._start)
        services = replace(gateway.services, hire_files=self.ledger)
        metrics, every = CollectorRegistry(), timedelta(seconds=1)
        self.watch = HireWatch(HrFolder(folder), services, Incidents(), metrics, every)

    async def _start(self, _request: HireInput) -> None:
        self.started += 1

    def write(self, name: str, rows: int) -> None:
        """Everybody has another family name."""
        header, line, end, _ = write_hr_file([hired("TEMPLATE")]).split("\r\n")
        columns = header.split(",")
        with (self.folder / name).open("w", newline="") as file:
            file.write(header + "\r\n")
            for number in range(rows):
                cells = line.replace("TEMPLATE", str(number)).split(",")
                cells[columns.index("family")] = "".join(chr(ord("a") + int(digit)) for digit in str(number))
                if number % BAD == BAD - 1:
                    cells[columns.index("manager")] = ""
                file.write(",".join(cells) + "\r\n")
            file.write(end.replace("1", str(rows)) + "\r\n")

    async def look(self, name: str) -> tuple[HireFileRecord, float, float]:
        """The record of the file, the seconds it took, and the longest time (seconds) that nothing else could run."""
        pause, stop = 0.0, asyncio.Event()

        async def beat() -> None:
            nonlocal pause
            while not stop.is_set():
                before = time.monotonic()
                await asyncio.wait([asyncio.ensure_future(stop.wait())], timeout=0.01)
                pause = max(pause, time.monotonic() - before - 0.01)

        await self.watch.look()
        began, beating = time.monotonic(), asyncio.create_task(beat())
        await self.watch.look()
        took = time.monotonic() - began
        stop.set()
        await beating
        (record,) = [each for each in await self.ledger.files(9) if each.name == name]
        return record, took, pause


async def test_a_large_file_takes_bounded_time_and_memory(
    gateway: Gateway, hires_pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(gateway, hires_pool, tmp_path / "hires", monkeypatch)
    good = ROWS - ROWS // BAD
    night.write(FULL, ROWS)
    tracemalloc.start()
    try:
        record, took, pause = await night.look(FULL)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (record.state, record.rows, counts(record)) == ("taken", ROWS, {"new": good, "refused": ROWS // BAD})
    assert night.started == good
    assert took < SECONDS
    assert pause < LONGEST_PAUSE_SECONDS
    assert peak < PEAK_BYTES
    assert len(await night.ledger.open_hires("north")) == good
    fates = await night.ledger.fates(record.file_id, ["north"], ROWS + 1)
    assert [each.line for each in fates] == list(range(2, ROWS + 2))

    night.write(NEXT, ROWS)
    record, took, _ = await night.look(NEXT)
    assert counts(record) == {"unchanged": good, "refused": ROWS // BAD}
    assert night.started == good
    assert took < SECONDS
