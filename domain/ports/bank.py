"""The bank: payment files out; acknowledgements, status reports, returns and statements in."""

from __future__ import annotations

from typing import Protocol

from domain.payment import BankMessage, FileDelivery, PaymentFile, ReadBankMessage


class BankPort(Protocol):
    """Raises the errors of `domain.outside_errors`."""

    name: str

    async def deliver(self, file: PaymentFile) -> FileDelivery:
        """Hand the file over. A bank that knows the message id already refuses it (RefusedError 'duplicate-file') or
        takes it as the same file: it is never paid twice."""

    async def messages(self, after: str, limit: int) -> tuple[BankMessage, ...]:
        """Messages whose key comes after, the oldest first. They stay where they are: the cursor is ours."""

    async def health(self) -> None: ...


class BankMessageReader(Protocol):
    def read(self, message: BankMessage) -> ReadBankMessage:
        """Pure. What cannot be read comes back with `fault`."""
