"""A bank in memory: it keeps the files it got, and says what a test puts into its mailbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from domain.outside_errors import RefusedError
from domain.payment import BankFact, BankMessage, FileDelivery, PaymentFile, ReadBankMessage, StatementBalance

SYSTEM = "bank"


class MemoryBank:
    """Implements BankPort. `files` are the delivered ones in order, `mailbox` the bank's messages in order.

    The same file again is the same delivery, another one under its message id is refused. `silent` banks take files
    without a word. `fail_next` are errors to be raised first, one per call.
    """

    name = "memory-bank"

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._deliveries: dict[str, FileDelivery] = {}
        self._files: dict[str, PaymentFile] = {}
        self.mailbox: list[BankMessage] = []
        self.fail_next: list[Exception] = []
        self.silent = False

    @property
    def files(self) -> tuple[PaymentFile, ...]:
        return tuple(self._files.values())

    async def deliver(self, file: PaymentFile) -> FileDelivery:
        self._maybe_fail()
        known = self._files.get(file.message_id)
        if known is not None and known.sha256 != file.sha256:
            raise RefusedError(SYSTEM, "duplicate-file", f"the bank has another file {file.message_id} already")
        if known is None:
            self._files[file.message_id] = file
            self._deliveries[file.message_id] = FileDelivery(
                message_id=file.message_id,
                delivered_at=self._clock(),
                answer="" if self.silent else f"taken as number {len(self._files)}",
            )
        return self._deliveries[file.message_id]

    async def messages(self, after: str, limit: int) -> tuple[BankMessage, ...]:
        self._maybe_fail()
        return tuple([each for each in self.mailbox if each.key > after][:limit])

    async def health(self) -> None:
        self._maybe_fail()

    def say(self, *facts: BankFact, balances: Sequence[StatementBalance] = (), fault: str = "") -> BankMessage:
        """Put a message with these facts into the mailbox, for `JsonBankMessages` to read."""
        key = self._next_key()
        said = ReadBankMessage(key=key, format="json", facts=facts, balances=tuple(balances), fault=fault)
        return self._put(key, f"message-{key}.json", said.model_dump_json())

    def put(self, name: str, content: str) -> BankMessage:
        """Put a message as a bank writes it into the mailbox."""
        return self._put(self._next_key(), name, content)

    def repeat(self, message: BankMessage) -> BankMessage:
        """The bank sends a message a second time, as banks do."""
        return self.put(message.name, message.content)

    def _put(self, key: str, name: str, content: str) -> BankMessage:
        message = BankMessage(key=key, name=name, content=content)
        self.mailbox.append(message)
        return message

    def _next_key(self) -> str:
        return f"{len(self.mailbox) + 1:012d}"

    def _maybe_fail(self) -> None:
        if self.fail_next:
            raise self.fail_next.pop(0)
