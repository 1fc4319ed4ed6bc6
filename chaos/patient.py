"""How the drill itself asks systems that may be lying down: again, until they answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg
import httpx

from cli.stack.errors import StackError
from cli.stack.mock_bank import MockBank
from domain.outside_errors import OutsideError

T = TypeVar("T")
_TIMES, _PAUSE_SECONDS = 90, 1.0
AWAY = (OSError, TimeoutError, StackError, OutsideError, httpx.HTTPError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Raises what the last attempt raised."""
    for _ in range(_TIMES - 1):
        try:
            return await ask()
        except AWAY:
            await asyncio.sleep(_PAUSE_SECONDS)
    return await ask()


class PatientBank(MockBank):
    """Nothing that the drill asks of the bank changes anything when it is asked twice."""

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        return await patiently(lambda: super(PatientBank, self)._call(method, path, **options))
