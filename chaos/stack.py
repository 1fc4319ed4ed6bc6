"""The embedded stack as the drill has it: proxies before every system, two workers, and whoever dies comes back."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from chaos.proxy import FaultProxy, Upstream
from cli.composition import WORKER, personas, search_attributes, services, steps
from cli.stack import EmbeddedStack, Service, StackAddresses, StackError, StackSettings, Step
from cli.stack.console import ConsoleProgress
from cli.stack.postgres import SOCKET_NAME
from cli.stack.progress import Silent

SECOND_WORKER = "worker-2"
_PARTS = ("postgres", "temporal", "mail", "bank", "identity")
_DATABASES: Mapping[str, str] = {
    "corridor": "CORRIDOR_DATABASE_DSN",
    "erp": "CORRIDOR_ERP_DSN",
    "hris": "CORRIDOR_HRIS_DSN",
}
_LOOK_SECONDS, _AGAIN_SECONDS = 0.2, 1.0
# What the words of a request must contain that changes something: commits, mails as a whole, writes over HTTP.
_EFFECTS: Mapping[str, tuple[bytes, ...]] = {
    "gateway": (b"POST /",),
    "corridor": (b"COMMIT",),
    "erp": (b"external_id",),
    "hris": (b"external_id",),
    "identity": (b"POST /v2", b"PUT /v2", b"PATCH /v2", b"DELETE /v2"),
    "mail": (b"\r\n.\r\n",),
}


@dataclass(frozen=True)
class Between:
    """The proxies by name, the environment that leads through them, and where the gateway is found behind its own."""

    proxies: Mapping[str, FaultProxy]
    environment: Mapping[str, str]
    gateway_url: str


class Proxies:
    """Stands between Corridor and the parts of one stack; listens from the step that `before_services` is on."""

    def __init__(self) -> None:
        self.between: Between | None = None
        self._folder: Path | None = None

    def before_services(self) -> Step:
        return Step("proxies", self._listen)

    def environment(self) -> Mapping[str, str]:
        """Through the proxies. Raises StackError before they listen."""
        return self.ready().environment

    def ready(self) -> Between:
        if self.between is None:
            raise StackError("The proxies do not listen yet.")
        return self.between

    @contextmanager
    def folder(self) -> Iterator[None]:
        """A folder for sockets while the stack runs: their paths must be short, and nobody else may enter."""
        self._folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        try:
            yield
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def close(self) -> None:
        if self.between is not None:
            for each in self.between.proxies.values():
                await each.close()

    async def _listen(self, addresses: StackAddresses) -> None:
        proxies, environment = {}, {}
        for database, variable in _DATABASES.items():
            proxies[database], environment[variable] = await self._database(addresses, database)
        for name, address in (
            ("temporal", addresses.temporal),
            ("mail", f"{addresses.smtp_host}:{addresses.smtp_port}"),
            ("identity", addresses.identity_url.removeprefix("http://")),
            ("gateway", addresses.gateway_url.removeprefix("http://")),
        ):
            host, _, port = address.partition(":")
            proxies[name] = FaultProxy(name, Upstream(host=host, port=int(port)), _EFFECTS.get(name, ()))
            environment[name] = str(await proxies[name].listen())
        ports = {name: environment.pop(name) for name in ("temporal", "mail", "identity", "gateway")}
        environment["TEMPORAL_ADDRESS"] = f"127.0.0.1:{ports['temporal']}"
        environment["CORRIDOR_SMTP_PORT"] = ports["mail"]
        environment["CORRIDOR_SCIM_URL"] = f"http://127.0.0.1:{ports['identity']}/v2"
        environment["CORRIDOR_SCIM_TOKEN_URL"] = f"http://127.0.0.1:{ports['identity']}/token"
        self.between = Between(proxies, environment, f"http://127.0.0.1:{ports['gateway']}")

    async def _database(self, addresses: StackAddresses, database: str) -> tuple[FaultProxy, str]:
        if self._folder is None:
            raise StackError("The proxies have no folder.")
        folder = self._folder / database
        folder.mkdir(mode=0o700)
        upstream = Upstream(path=addresses.postgres_socket_folder / SOCKET_NAME)
        proxy = FaultProxy(database, upstream, _EFFECTS[database])
        await proxy.listen(folder / SOCKET_NAME)
        return proxy, f"postgresql://postgres@/{database}?host={folder}"


class DrillStack(EmbeddedStack):
    """Whoever of `names` dies is started again until it stays, as a container platform would; `held` are left lying.

    `died` names those that ended without having been struck, as often as they did.
    """

    def __init__(self, settings: StackSettings, names: Sequence[str], **options: Any) -> None:
        super().__init__(settings, **options)
        self.names = tuple(names)
        self.held: set[str] = set()
        self.died: list[str] = []
        self._returning: dict[str, asyncio.Task[None]] = {}

    async def watch(self) -> None:
        """Never ends."""
        try:
            while True:
                for name in self.names:
                    if name not in self._returning and name not in self.held and not self.child(name).running:
                        self._returning[name] = asyncio.create_task(self._bring_back(name))
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for each in self._returning.values():
                each.cancel()

    def whole(self) -> bool:
        """Whether everybody runs and is ready."""
        return not self.down()

    def down(self) -> set[str]:
        """Who lies, or is not ready yet."""
        return {name for name in self.names if name in self._returning or not self.child(name).running}

    async def _bring_back(self, name: str) -> None:
        if not self.child(name).stopping:
            self.died.append(name)
        while True:
            try:
                await self.start(name)
                del self._returning[name]
                return
            except Exception:  # whatever a part meets that starts while others are struck: it is started again
                if self.child(name).running:
                    await self.kill(name)
                await asyncio.sleep(_AGAIN_SECONDS)


def build(
    settings: StackSettings, proxies: Proxies, prepare: Step, console: Console | None, *, workers: int
) -> DrillStack:
    """The stack of this installation with the proxies between, and one or two workers. `prepare` is done before any
    of these services starts."""
    ours = [_through(each, proxies) for each in services()]
    if workers > 1:
        worker = next(each for each in ours if each.name == WORKER)
        ours.append(replace(worker, name=SECOND_WORKER))
    return DrillStack(
        settings,
        (*_PARTS, *(each.name for each in ours)),
        personas=personas(),
        search_attributes=search_attributes(),
        steps=[*steps(), prepare, proxies.before_services()],
        services=ours,
        progress=Silent() if console is None else ConsoleProgress(console),
    )


def _through(service: Service, proxies: Proxies) -> Service:
    def environment(addresses: StackAddresses) -> Mapping[str, str]:
        return {**service.environment(addresses), **proxies.environment()}

    return replace(service, environment=environment)


@contextlib.asynccontextmanager
async def standing_between(proxies: Proxies) -> AsyncIterator[None]:
    """The proxies' folder around a stack, and the end of the proxies after it."""
    with proxies.folder():
        try:
            yield
        finally:
            await proxies.close()
