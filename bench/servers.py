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
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from workflows import search_attributes

# As the embedded stack starts its server.
SQLITE_PRAGMAS = ("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal")
Store = Literal["memory", "file"]


@asynccontextmanager
async def server(store: Store) -> AsyncIterator[Client]:
    """A dev server of its own, ended and forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="corridor-bench-") as folder:
        environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=_executable(),
            dev_server_database_filename=str(Path(folder) / "temporal.db") if store == "file" else None,
            dev_server_extra_args=list(SQLITE_PRAGMAS) if store == "file" else [],
            dev_server_log_level="error",
            data_converter=pydantic_data_converter,
            search_attributes=list(search_attributes.REGISTERED),
        )
        async with environment:
            yield environment.client


def _executable() -> str:
    beside = Path(sys.executable).with_name("temporal")
    return str(beside) if beside.exists() else shutil.which("temporal") or "temporal"
