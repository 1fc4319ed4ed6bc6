"""What Corridor keeps of documents in an ERP that lacks room for it: whose external id they bear, and what else the
port promises of them. For adapters of systems without unique external ids."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.model import Value


class ClaimKey(Value):
    """`kind` is the adapter's word for a sort of document, `key` is unique in it, for ever."""

    kind: str
    key: str


class ClaimTurn(Protocol):
    """What is read and written while nobody else has the same turn."""

    async def read(self, kind: str, key: str) -> str | None: ...

    async def write(self, bodies: Mapping[ClaimKey, str | None]) -> None:
        """All of them, or none; None forgets a claim."""

    def also(self, *names: str) -> AbstractAsyncContextManager[None]:
        """Further turns within this one. Callers ask for names in one order everywhere."""


class ErpClaims(Protocol):
    """Bodies are JSON text. Methods raise the errors of `domain.outside_errors`."""

    def turn(self, name: str) -> AbstractAsyncContextManager[ClaimTurn]:
        """One holder of a name at a time, in all processes; it ends with the process that holds it. Raises
        TemporarilyUnavailableError when another holds it for too long."""

    async def read(self, kind: str, key: str) -> str | None: ...

    async def read_all(self, kind: str, keys: tuple[str, ...]) -> Mapping[str, str]:
        """Those that exist among `keys`."""
