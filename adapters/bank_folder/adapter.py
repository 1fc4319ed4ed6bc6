"""BankPort over two folders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from adapters.bank_folder.errors import translated
from adapters.bank_folder.inbox import Inbox
from adapters.bank_folder.outbox import Outbox
from domain.payment import BankMessage, FileDelivery, PaymentFile

STATE_NAME = ".corridor"
SETTLE_SECONDS = 1.0


class FolderBank:
    """Implements BankPort: files go into `outbox`, messages are read from `inbox` and never moved or deleted.

    Several workers may share the folders. Raises TemporarilyUnavailableError 'folder-unavailable' when a folder cannot
    be used, and RefusedError 'duplicate-file', 'file-altered' or 'file-name-invalid'.
    """

    name = "bank-folder"

    def __init__(
        self,
        outbox: Path,
        inbox: Path,
        state: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._outbox = Outbox(outbox, state, clock)
        self._inbox = Inbox(inbox, state, clock, settle_seconds)

    async def deliver(self, file: PaymentFile) -> FileDelivery:
        with translated():
            return await asyncio.to_thread(self._outbox.deliver, file)

    async def messages(self, after: str, limit: int) -> tuple[BankMessage, ...]:
        with translated():
            return await asyncio.to_thread(self._inbox.messages, after, limit)

    async def health(self) -> None:
        with translated():
            await asyncio.to_thread(self._outbox.prepare)
            await asyncio.to_thread(self._inbox.prepare)


def connect(
    outbox: Path, inbox: Path, state: Path | None = None, *, settle_seconds: float = SETTLE_SECONDS
) -> FolderBank:
    """The bank behind two folders; `state` is where its records are kept, on the outbox's file system, and is
    '.corridor' in the outbox unless it is given. Nothing is read or written yet.
    """
    return FolderBank(outbox, inbox, state if state is not None else outbox / STATE_NAME, settle_seconds=settle_seconds)
