"""The children that are Corridor's own: what a caller says of them, and how one tells that they are ready."""

import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from cli.stack.addresses import StackAddresses
from cli.stack.mail import PROJECT_ROOT
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings
from cli.stack.temporal_cli import ask


class Readiness(Protocol):
    """Says whether a service that was started does its work by now."""

    def __call__(self, child: Child, addresses: StackAddresses) -> Awaitable[bool]: ...


@dataclass(frozen=True)
class Service:
    """A child that needs the addresses of the others. `restarts` is how often it may die and be started
    again.
    """

    name: str
    command: Callable[[StackAddresses], Sequence[str]]
    environment: Callable[[StackAddresses], Mapping[str, str]]
    ready: Readiness
    restarts: int = 0
    port: str = ""
    """The setting with the port that it listens on, where that is not the gateway's."""

    async def start(self, settings: StackSettings, addresses: StackAddresses, register: list[Child]) -> Child:
        """Start the service and wait until it is ready."""
        child = await Child.start(
            ChildSpec(
                name=self.name,
                command=self.command(addresses),
                log_path=settings.logs / f"{self.name}.log",
                environment={"PYTHONUNBUFFERED": "1", **self.environment(addresses)},
                working_directory=PROJECT_ROOT,
            )
        )
        register.append(child)
        await child.wait_ready(lambda: self.ready(child, addresses), settings.start_deadline_seconds)
        return child


def answers_http(path: str) -> Readiness:
    """Ready when GET `path` at the gateway's address answers 200."""

    async def ready(child: Child, addresses: StackAddresses) -> bool:  # noqa: ARG001 - the protocol names it
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
                answer = await client.get(f"{addresses.gateway_url}{path}")
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    return ready


def polls_task_queue(task_queue: str) -> Readiness:
    """Ready when Temporal sees this child poll the queue; the pid tells it from one that died before."""

    async def ready(child: Child, addresses: StackAddresses) -> bool:
        # The older question is answered from what the server knows now, the newer from a summary some seconds old.
        question = ("task-queue", "describe", "--legacy-mode", "--task-queue", task_queue)
        answer = await ask(addresses.temporal, addresses.temporal_namespace, *question)
        return answer is not None and _has_poller(answer, child.pid)

    return ready


def _has_poller(answer: bytes, pid: int) -> bool:
    with contextlib.suppress(ValueError):
        pollers = json.loads(answer).get("pollers") or []
        return any(str(poller.get("identity", "")).startswith(f"{pid}@") for poller in pollers)
    return False
