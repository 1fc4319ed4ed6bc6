"""The embedded stack: starts its parts in order, watches them, and stops them in reverse.

    async with EmbeddedStack(settings, personas=..., search_attributes=..., steps=..., services=...) as stack:
        ...                       # stack.addresses says where everything is
        await stack.watch()       # returns never; raises DeadChildError when a child ends unasked

The parts (PostgreSQL, Temporal, OIDC, mail, bank, identity) start side by side, then the steps run one after the
other, then the services start side by side. Whatever goes wrong on the way, what was started is stopped.
"""

import asyncio
import contextlib
import os
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from cli.stack import bank, identity_provider, mail, oidc, postgres, temporal
from cli.stack.addresses import StackAddresses, announce, withdraw
from cli.stack.bank import EmbeddedBank
from cli.stack.data_folder import hold_data_folder
from cli.stack.errors import DeadChildError, StackError
from cli.stack.identity_provider import IdentityProvider
from cli.stack.leftovers import end_leftovers, record_children
from cli.stack.mail import MailSink
from cli.stack.oidc import AUDIENCE, EmbeddedOidc, Persona
from cli.stack.ports import choose_ports
from cli.stack.postgres import EmbeddedPostgres, socket_folder
from cli.stack.processes import Child
from cli.stack.progress import Progress, Silent
from cli.stack.services import Service
from cli.stack.settings import StackSettings
from cli.stack.temporal import EmbeddedTemporal

DATABASES = ("corridor", "erp", "hris")
PARTS = (postgres.NAME, temporal.NAME, oidc.NAME, mail.NAME, bank.NAME, identity_provider.NAME)
PORTS_OF: Mapping[str, tuple[str, ...]] = {
    postgres.NAME: (),
    temporal.NAME: ("temporal_port", "temporal_ui_port"),
    oidc.NAME: ("oidc_port",),
    mail.NAME: ("smtp_port",),
    bank.NAME: ("bank_port",),
    identity_provider.NAME: ("identity_port",),
}

Starter = Callable[[list[Child]], Coroutine[None, None, Child]]


@dataclass(frozen=True)
class Step:
    """Work between the parts and the services, such as a migration. An exception stops the stack and is told."""

    name: str
    run: Callable[[StackAddresses], Awaitable[None]]


class EmbeddedStack:
    """One stack on one data folder. Use it in the main thread: children die with the thread that started
    them.
    """

    def __init__(
        self,
        settings: StackSettings,
        *,
        personas: Sequence[Persona] = (),
        search_attributes: Mapping[str, str] | None = None,
        steps: Sequence[Step] = (),
        services: Sequence[Service] = (),
        parts: Sequence[str] = PARTS,
        progress: Progress | None = None,
    ) -> None:
        self._settings = settings
        self._personas = personas
        self._search_attributes = search_attributes or {}
        self._steps = steps
        self._services = {service.name: service for service in services}
        self._parts = [part for part in PARTS if part in parts]
        self._progress = progress or Silent()
        self._started: list[Child] = []  # in the order of their start, with those that were replaced
        self._restarts_left = {service.name: service.restarts for service in services}
        self._starters: dict[str, Starter] = {}
        self._addresses: StackAddresses | None = None
        self._held = contextlib.ExitStack()

    @property
    def addresses(self) -> StackAddresses:
        """Where the parts are; known once the stack is starting."""
        if self._addresses is None:
            raise StackError("The stack has not been started.")
        return self._addresses

    async def __aenter__(self) -> Self:
        try:
            await self._start_all()
        except BaseException:
            await self._stop_all()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop_all()

    async def start(self, name: str) -> None:
        """Start one part or service that was stopped or killed, on its old address."""
        if self._running(name):
            raise StackError(f"{name} is running already.")
        await self._start_one(name)

    async def stop(self, name: str) -> None:
        """Stop one part or service as the stack itself would."""
        await self.child(name).stop(self._settings.stop_grace_seconds)

    async def kill(self, name: str) -> None:
        """End one part or service as `kill -9` does and wait until it is gone. `watch` does not count it as
        dead.
        """
        child = self.child(name)
        child.kill()
        await child.wait()

    def kill_all(self) -> None:
        """End every child at once; for the second Ctrl-C."""
        for child in self._started:
            child.kill()

    def child(self, name: str) -> Child:
        """The latest process of that name; raises StackError if there was none."""
        for child in reversed(self._started):
            if child.name == name:
                return child
        raise StackError(f"{name} is not a part of this stack.")

    async def watch(self) -> None:
        """Wait for ever; raises DeadChildError when a child ends unasked and may not be started again."""
        while True:
            living = {asyncio.ensure_future(child.wait()): child for child in self._started if not child.stopping}
            try:
                # The time limit lets children that were started meanwhile be watched too.
                done, _ = await asyncio.wait(living, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiter in living:
                    waiter.cancel()
            for child in (living[waiter] for waiter in done):
                if not child.stopping:
                    await self._replace(child)

    async def _replace(self, child: Child) -> None:
        if self._restarts_left.get(child.name, 0) == 0:
            raise child.death()
        self._restarts_left[child.name] -= 1
        self._progress.restarting(child.name, str(child.death()).splitlines()[0])
        await child.stop(self._settings.stop_grace_seconds)
        await self._start_one(child.name)

    async def _start_all(self) -> None:
        self._held.enter_context(hold_data_folder(self._settings))
        for forced in await end_leftovers(self._settings.run):
            self._progress.warned(f"{forced} was left over by a stack that was killed; it has been ended.")
        ports = self._choose_ports()
        self._addresses = self._locate(ports)
        self._starters = self._make_starters(ports)
        await self._side_by_side(self._parts)
        for step in self._steps:
            await self._timed(step.name, self._run_step(step))
        await self._side_by_side(list(self._services))
        announce(self._settings, self.addresses, os.getpid())

    async def _run_step(self, step: Step) -> None:
        try:
            await step.run(self.addresses)
        except StackError:
            raise
        except Exception as error:
            log = self._settings.logs / "corridor.log"
            with log.open("a", encoding="utf-8") as file:
                traceback.print_exception(error, file=file)
            raise StackError(f"{step.name} failed: {error or repr(error)}\nMore is in {log}.") from error

    def _choose_ports(self) -> dict[str, int]:
        wanted = [port for part in self._parts for port in PORTS_OF[part]]
        if self._services:
            wanted += ["gateway_port", *(each.port for each in self._services.values() if each.port)]
        return choose_ports(self._settings, tuple(wanted))

    def _locate(self, ports: Mapping[str, int]) -> StackAddresses:
        host = self._settings.host
        return StackAddresses(
            data_folder=self._settings.folder,
            postgres_socket_folder=socket_folder(self._settings.folder),
            temporal=f"{host}:{ports.get('temporal_port', 0)}",
            temporal_ui_url=f"http://{host}:{ports.get('temporal_ui_port', 0)}",
            gateway_url=f"http://{host}:{ports.get('gateway_port', 0)}",
            oidc_issuer=f"http://{host}:{ports.get('oidc_port', 0)}",
            oidc_audience=AUDIENCE,
            smtp_host=host,
            smtp_port=ports.get("smtp_port", 0),
            bank_url=f"http://{host}:{ports.get('bank_port', 0)}",
            identity_url=f"http://{host}:{ports.get('identity_port', 0)}",
            tryton_url=f"http://{host}:{ports['tryton_port']}" if "tryton_port" in ports else "",
            tryton_folder=self._settings.tryton_folder if "tryton_port" in ports else None,
        )

    def _make_starters(self, ports: Mapping[str, int]) -> dict[str, Starter]:
        settings, addresses = self._settings, self.addresses
        starters: dict[str, Starter] = {
            postgres.NAME: EmbeddedPostgres(settings, DATABASES).start,
            oidc.NAME: EmbeddedOidc(settings, addresses, self._personas).start,
            mail.NAME: MailSink(settings, addresses).start,
            bank.NAME: EmbeddedBank(settings, addresses).start,
            identity_provider.NAME: IdentityProvider(settings, addresses).start,
        }
        if temporal.NAME in self._parts:
            codec = f"{addresses.gateway_url}/codec" if self._services else None
            starters[temporal.NAME] = EmbeddedTemporal(settings, ports, self._search_attributes, codec).start
        for service in self._services.values():
            starters[service.name] = _starter_of(service, settings, addresses)
        return starters

    async def _side_by_side(self, names: Sequence[str]) -> None:
        """Start several children at once. The first failure cancels the others and is the one told."""
        try:
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(self._start_one(name))
        except* StackError as failures:
            raise _first(failures) from None

    async def _start_one(self, name: str) -> None:
        await self._timed(name, self._starters[name](self._started))
        record_children(self._settings.run, {child.name: child.pid for child in self._started if child.running})

    async def _timed(self, name: str, work: Awaitable[object]) -> None:
        self._progress.starting(name)
        began = time.monotonic()
        await work
        self._progress.ready(name, time.monotonic() - began)

    def _running(self, name: str) -> bool:
        return any(child.name == name and child.running for child in self._started)

    async def _stop_all(self) -> None:
        try:
            for child in reversed(self._started):
                if child.running:
                    self._progress.stopping(child.name)
                await child.stop(self._settings.stop_grace_seconds)
        finally:
            for child in self._started:  # reached by force: a cancelled stop must leave nothing behind either
                child.kill()
            if self._addresses is not None:
                withdraw(self._settings)
            self._held.close()


def _starter_of(service: Service, settings: StackSettings, addresses: StackAddresses) -> Starter:
    def start(register: list[Child]) -> Coroutine[None, None, Child]:
        return service.start(settings, addresses, register)

    return start


def _first(failures: BaseExceptionGroup[StackError]) -> StackError:
    """The failure that explains most: the death of a child rather than another's wait for it."""
    flat: list[StackError] = []
    for failure in failures.exceptions:
        flat.append(_first(failure) if isinstance(failure, BaseExceptionGroup) else failure)
    return next((failure for failure in flat if isinstance(failure, DeadChildError)), flat[0])
