"""A TCP proxy that breaks what goes through it when it is told to: between Corridor and every system outside."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from chaos.plan import Cut

_CHUNK_BYTES = 65536
KEPT_SECONDS = 3.0
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


@dataclass(frozen=True)
class Upstream:
    """Where the system is: a socket file, or a host with a port."""

    path: Path | None = None
    host: str = ""
    port: int = 0

    async def connect(self) -> tuple[Reader, Writer]:
        if self.path is not None:
            return await asyncio.open_unix_connection(str(self.path))
        return await asyncio.open_connection(self.host, self.port)


@dataclass(frozen=True)
class _Pair:
    """Both ends of one connection."""

    near: Writer
    far: Writer

    def abort(self) -> None:
        """As if the cable had been pulled: no goodbye on either side."""
        for writer in (self.near, self.far):
            writer.transport.abort()


class FaultProxy:
    """Passes everything on until a fault is armed. `done` counts the faults that hit traffic, by kind.

    'cut-request' passes on half of what the client says and pulls the cable. 'cut-answer' passes on all of it, waits
    for the answer, throws that away and pulls the cable: what was asked has happened, and nobody knows. 'stall' holds
    the traffic of the whole proxy for a while. `effects` are words that stand in requests that change something.
    """

    def __init__(self, name: str, upstream: Upstream, effects: Sequence[bytes] = ()) -> None:
        self.name, self._upstream, self._effects = name, upstream, tuple(effects)
        self._armed: Cut | None = None
        self._until = 0.0
        self._doomed: set[_Pair] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._servers: list[asyncio.Server] = []
        self._stalls: set[asyncio.Task[None]] = set()
        self._serving: dict[asyncio.Task[None] | None, Writer] = {}
        self.done: Counter[str] = Counter()

    async def listen(self, path: Path | None = None) -> int:
        """Listen on a socket file, or on a port of the operating system's choice, which is returned."""
        if path is not None:
            self._servers.append(await asyncio.start_unix_server(self._serve, str(path)))
            return 0
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def arm(self, cut: Cut) -> None:
        """The next traffic meets this fault; one that changes something, where the proxy can tell. A fault that nothing
        meets within seconds is forgotten: a system that is asked rarely would else be cut off each time.
        """
        if cut.fault == "stall":
            self._open.clear()
            self.done[cut.fault] += 1
            stall = asyncio.create_task(self._stall(cut.lasts_seconds))
            self._stalls.add(stall)
            stall.add_done_callback(self._stalls.discard)
        else:
            self._armed, self._until = cut, asyncio.get_running_loop().time() + KEPT_SECONDS

    def calm(self) -> None:
        """No more faults: what was armed and met nothing is forgotten."""
        self._armed = None
        for stall in self._stalls:
            stall.cancel()
        self._open.set()

    async def close(self) -> None:
        """Take no more connections, and pull those that there are."""
        self.calm()
        for server in self._servers:
            server.close()
        for near in self._serving.values():
            near.transport.abort()
        await asyncio.gather(*(task for task in self._serving if task is not None))

    async def _stall(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._open.set()

    async def _serve(self, reader: Reader, near: Writer) -> None:
        task = asyncio.current_task()
        self._serving[task] = near
        try:
            await self._pass_on(reader, near)
        finally:
            del self._serving[task]

    async def _pass_on(self, reader: Reader, near: Writer) -> None:
        try:
            far_reader, far = await self._upstream.connect()
        except OSError:
            near.transport.abort()
            return
        pair = _Pair(near, far)
        try:
            await asyncio.gather(self._requests(reader, pair), self._answers(far_reader, pair))
        except OSError:
            pass  # one side is gone, and so the other goes
        finally:
            self._doomed.discard(pair)
            pair.abort()

    async def _requests(self, reader: Reader, pair: _Pair) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._open.wait()
            cut = self._meets(data)
            if cut is not None and cut.fault == "cut-request":
                pair.far.write(data[: len(data) // 2])
                with contextlib.suppress(OSError):
                    await pair.far.drain()
                self._pull(pair, cut)
                return
            if cut is not None:
                self._doomed.add(pair)
            pair.far.write(data)
            await pair.far.drain()
        if pair.far.can_write_eof():
            pair.far.write_eof()

    async def _answers(self, reader: Reader, pair: _Pair) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._open.wait()
            if pair in self._doomed:
                self.done["cut-answer"] += 1
                pair.abort()
                return
            pair.near.write(data)
            await pair.near.drain()
        if pair.near.can_write_eof():
            pair.near.write_eof()

    def _meets(self, data: bytes) -> Cut | None:
        changes = any(word in data for word in self._effects)
        cut = self._armed
        late = asyncio.get_running_loop().time() > self._until
        if cut is None or late or not (changes or not self._effects or not cut.effects):
            return None
        self._armed = None
        return cut

    def _pull(self, pair: _Pair, cut: Cut) -> None:
        self.done[cut.fault] += 1
        pair.abort()
