"""Temporal itself as the command line reaches it: where the environment says, with the keys of this deployment."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from adapters.key_files import KeyFilesError, key_files
from adapters.temporal_payloads import data_converter
from cli.commands.keys import keys_folder

CONNECT_SECONDS = 15
NO_ANSWER = 2

Address = Annotated[
    str | None, typer.Option(help="Temporal's host:port; otherwise as TEMPORAL_ADDRESS and its like say.")
]
Keys = Annotated[
    Path | None,
    typer.Option(envvar="CORRIDOR_KEYS_DIR", help="The folder of keys; otherwise that of the embedded stack."),
]


async def with_temporal(address: str | None, keys: Path | None, work: Callable[[Client], Awaitable[int]]) -> int:
    """The exit code of `work`, or NO_ANSWER with the reason on stderr: the server or the keys are not in order."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is the answer's
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            client = await _connect(address, keys)
        return await work(client)
    except KeyFilesError as error:
        Console(stderr=True).print(str(error), style="red")
    except (TimeoutError, RPCError, RuntimeError) as error:  # the SDK gives RuntimeError when it cannot connect
        Console(stderr=True).print(f"The Temporal server does not answer as it should: {error}", style="red")
    return NO_ANSWER


async def _connect(address: str | None, keys: Path | None) -> Client:
    """Raises KeyFilesError, and what the SDK raises."""
    config = ClientConfig.load_client_connect_config()
    if address is not None:
        config["target_host"] = address
    config.setdefault("target_host", "localhost:7233")
    files = key_files(keys or keys_folder())
    return await Client.connect(**config, data_converter=data_converter(files.payload if files else None))
