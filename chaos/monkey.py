"""Carries out the plan: kills, freezes, disconnects and cuts, and writes down what it did."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import asyncpg
from pydantic import BaseModel, ConfigDict

from chaos.plan import Cut, Strike
from chaos.proxy import FaultProxy
from chaos.stack import SECOND_WORKER, DrillStack

_WHOLE_SECONDS, _LOOK_SECONDS, _DOWN_AT_ONCE = 240.0, 0.1, 3


class Done(BaseModel):
    """One blow: when (seconds since the drill began), what, and for how long the part lay."""

    model_config = ConfigDict(frozen=True)

    at_seconds: float
    blow: str
    target: str
    lay_seconds: float
    hit: int = 1
    """Connections that were ended, or processes that were struck."""


class Monkey:
    """Strikes one part after the other, and two at once: the stack is to be hit and not drowned."""

    def __init__(self, stack: DrillStack, proxies: Mapping[str, FaultProxy]) -> None:
        self._stack, self._proxies = stack, proxies
        self._began = time.monotonic()
        self._frozen: set[int] = set()
        self._struck: set[str] = set()
        self._workers = 0
        self.done: list[Done] = []

    async def strike_on(self, plan: Iterator[Strike]) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for strike in plan:
                await asyncio.sleep(strike.pause_seconds)
                target = self._victim(strike.target)
                await self._until(partial(self._may_strike, target))
                self._struck.add(target)
                group.create_task(self._strike(strike, target))

    async def cut_on(self, plan: Iterator[Cut]) -> None:
        """Until cancelled."""
        for cut in plan:
            await asyncio.sleep(cut.pause_seconds)
            self._proxies[cut.proxy].arm(cut)

    async def calm(self) -> None:
        """Everything goes on: what is frozen thaws, and what lies comes back. Waits until all are up."""
        self.thaw()
        for proxy in self._proxies.values():
            proxy.calm()
        self._stack.held.clear()
        await self._until(self._stack.whole)

    def thaw(self) -> None:
        """Whatever stands still goes on."""
        for pid in self._frozen:
            _signal(pid, signal.SIGCONT)
        self._frozen.clear()

    @property
    def faults(self) -> dict[str, dict[str, int]]:
        """How many faults hit traffic, by proxy and kind."""
        return {name: dict(sorted(proxy.done.items())) for name, proxy in self._proxies.items() if proxy.done}

    def _may_strike(self, target: str) -> bool:
        """What has come back is struck again, while few others lie."""
        down = self._stack.down()
        return target not in self._struck and target not in down and len(down | self._struck) < _DOWN_AT_ONCE

    async def _strike(self, strike: Strike, target: str) -> None:
        began, hit = time.monotonic(), 1
        try:
            if strike.blow == "kill":
                await self._kill(target, strike.lasts_seconds)
            elif strike.blow == "freeze":
                hit = await self._freeze(target, strike.lasts_seconds)
            else:
                hit = await self._disconnect(target)
        finally:
            self._struck.discard(target)
        self.done.append(
            Done(
                at_seconds=round(began - self._began, 2),
                blow=strike.blow,
                target=target,
                lay_seconds=round(time.monotonic() - began, 2),
                hit=hit,
            )
        )

    def _victim(self, name: str) -> str:
        """The workers take turns."""
        if name != "worker":
            return name
        self._workers += 1
        second = self._workers % 2 == 0 and SECOND_WORKER in self._stack.names
        return SECOND_WORKER if second else name

    async def _kill(self, name: str, seconds: float) -> None:
        self._stack.held.add(name)
        try:
            await self._stack.kill(name)
            await asyncio.sleep(seconds)
        finally:
            self._stack.held.discard(name)

    async def _freeze(self, name: str, seconds: float) -> int:
        pids = family_of(self._stack.child(name).pid)
        self._frozen |= set(pids)
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._frozen -= set(pids)
            for pid in pids:
                _signal(pid, signal.SIGCONT)
        return len(pids)

    async def _disconnect(self, database: str) -> int:
        """End every connection to a database, as its own administrator."""
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            connection = await asyncpg.connect(self._stack.addresses.dsn("postgres"), timeout=10)
            try:
                query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"
                return int(await connection.fetchval(query, database))
            finally:
                await connection.close()
        return 0

    async def _until(self, holds: Callable[[], bool]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WHOLE_SECONDS):
                while not holds():  # noqa: ASYNC110 - processes announce themselves to nobody
                    await asyncio.sleep(_LOOK_SECONDS)


def family_of(pid: int) -> list[int]:
    """The process and all that it started, the parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
