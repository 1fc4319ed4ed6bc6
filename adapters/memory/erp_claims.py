"""Claims on documents of an ERP, in memory."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from domain.ports.erp_claims import ClaimKey


class MemoryErpClaims:
    """`domain.ports.erp_claims.ErpClaims`, and its turns; a turn is waited for without end."""

    def __init__(self) -> None:
        self._bodies: dict[tuple[str, str], str] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[MemoryErpClaims]:
        async with self._locks[name]:
            yield self

    @asynccontextmanager
    async def also(self, *names: str) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(self._locks[name])
            yield

    async def read(self, kind: str, key: str) -> str | None:
        return self._bodies.get((kind, key))

    async def read_all(self, kind: str, keys: tuple[str, ...]) -> Mapping[str, str]:
        return {key: self._bodies[kind, key] for key in keys if (kind, key) in self._bodies}

    async def write(self, bodies: Mapping[ClaimKey, str | None]) -> None:
        for claim, body in bodies.items():
            if body is None:
                self._bodies.pop((claim.kind, claim.key), None)
            else:
                self._bodies[claim.kind, claim.key] = body
