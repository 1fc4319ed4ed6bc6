"""The Temporal servers to measure on: one that keeps everything in memory, and the file-backed one of `make up`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from adapters.temporal_payloads import PLAIN
from workflows import search_attributes

# As the embedded stack starts its server.
ONE_PARTITION = ("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1")
SQLITE_PRAGMAS = ("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal")
Store = Literal["memory", "file"]


@asynccontextmanager
async def server(store: Store) -> AsyncIterator[Client]:
    """A dev server of its own, ended and forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as folder:
        environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=_executable(),
            dev_server_database_filename=str(Path(folder) / "temporal.db") if store == "file" else None,
            dev_server_extra_args=[*ONE_PARTITION, *(SQLITE_PRAGMAS if store == "file" else ())],
            dev_server_log_level="error",
            data_converter=PLAIN,
            search_attributes=list(search_attributes.REGISTERED),
        )
        async with environment:
            yield environment.client


def _executable() -> str:
    beside = Path(sys.executable).with_name("temporal")
    return str(beside) if beside.exists() else shutil.which("temporal") or "temporal"
