"""The drill's proxy: what it passes on, and what it breaks when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chaos.plan import Cut, Fault
from chaos.proxy import FaultProxy, Upstream

LIMIT_SECONDS = 20


@dataclass
class Echo:
    """A server that answers every line with the same line, and remembers what it was told."""

    told: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            self.told.append(data)
            writer.write(data)
        writer.close()


@asynccontextmanager
async def proxied(*effects: bytes) -> AsyncIterator[tuple[FaultProxy, Echo, int]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    proxy = FaultProxy("echo", Upstream(host="127.0.0.1", port=server.sockets[0].getsockname()[1]), effects)
    port = await proxy.listen()
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            yield proxy, echo, port
    finally:
        await proxy.close()
        server.close()


async def say(port: int, text: bytes) -> bytes:
    """What comes back until the other side says no more; nothing when the cable was pulled."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text)
        return await reader.read(1000)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def cut(fault: Fault, effects: bool = False) -> Cut:
    return Cut(pause_seconds=0, fault=fault, proxy="echo", effects=effects, lasts_seconds=0.01)


async def test_it_passes_everything_on() -> None:
    async with proxied() as (proxy, echo, port):
        assert await say(port, b"hello") == b"hello"
        assert echo.told == [b"hello"]
        assert not proxy.done


async def test_a_request_that_is_cut_comes_half_and_is_not_answered() -> None:
    async with proxied() as (proxy, _, port):
        proxy.arm(cut("cut-request"))
        assert await say(port, b"12345678") == b""
        assert proxy.done == {"cut-request": 1}
        assert await say(port, b"again") == b"again"


async def test_an_answer_that_is_cut_was_preceded_by_the_whole_request() -> None:
    async with proxied() as (proxy, echo, port):
        proxy.arm(cut("cut-answer"))
        assert await say(port, b"12345678") == b""
        assert echo.told == [b"12345678"]
        assert proxy.done == {"cut-answer": 1}


async def test_a_fault_for_effects_waits_for_a_request_that_changes_something() -> None:
    async with proxied(b"POST /") as (proxy, _, port):
        proxy.arm(cut("cut-answer", effects=True))
        assert await say(port, b"GET /x") == b"GET /x"
        assert await say(port, b"POST /x") == b""


async def test_a_stall_ends_by_itself() -> None:
    async with proxied() as (proxy, _, port):
        proxy.arm(cut("stall"))
        assert await say(port, b"hello") == b"hello"
        assert proxy.done == {"stall": 1}


async def test_once_it_is_calm_nothing_is_cut_any_more() -> None:
    async with proxied() as (proxy, _, port):
        proxy.arm(cut("cut-request"))
        proxy.calm()
        assert await say(port, b"hello") == b"hello"
