"""`corridor health`: is the process beside which this runs doing its work? For container health checks."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from temporalio.service import RPCError

from cli.deployment import TemporalServer, gateway_is_ready
from cli.settle import exit_settled
from workflows.messages.procure_to_pay import TASK_QUEUE

LIMIT_SECONDS = 15


class Part(StrEnum):
    """What can be asked."""

    WORKER = "worker"
    GATEWAY = "gateway"


def health(
    part: Annotated[Part, typer.Argument(help="Which process of this host.")],
    url: Annotated[str, typer.Option(help="Where the gateway listens.")] = "http://127.0.0.1:8080",
) -> None:
    """Exit 0 if the worker or the gateway of this host works, 1 if not.

    Example: corridor health worker
    """
    exit_settled(asyncio.run(_health(part, url)))


async def _health(part: Part, url: str) -> int:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            healthy = await (gateway_is_ready(url) if part is Part.GATEWAY else _worker_polls())
    except (TimeoutError, RPCError, RuntimeError) as error:  # the SDK gives RuntimeError when it cannot connect
        print(f"{part}: {error}")
        return 1
    print(f"{part}: {'works' if healthy else 'does not work'}")
    return 0 if healthy else 1


async def _worker_polls() -> bool:
    server = await TemporalServer.connect()
    return await server.is_polled_from_here(TASK_QUEUE, datetime.now(UTC))
