"""mock-bank as a part of the stack: files go in through one folder, its answers come out through another."""

import sys
from pathlib import Path

from cli.stack.addresses import StackAddresses
from cli.stack.mock_bank import MockBank, close_seeded_accounts
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings

NAME = "bank"
# The program is installed beside the Python that runs this; `-m` finds it without a look at PATH.
_PROGRAM = (sys.executable, "-m", "mockbank")
LOOK_INTERVAL_MS = 500


class EmbeddedBank:
    """The bank of one data folder; accounts, payments and its clock stay in `<data>/bank` over restarts."""

    def __init__(self, settings: StackSettings, addresses: StackAddresses) -> None:
        self._settings = settings
        self._addresses = addresses
        self._client = MockBank(addresses.bank_url)

    async def start(self, register: list[Child]) -> Child:
        """Start the bank, wait until it answers, and close the accounts that it brings with it."""
        for folder in (self._addresses.bank_outbox, self._addresses.bank_inbox):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        child = await Child.start(self._spec(self._addresses.bank_outbox.parent))
        register.append(child)
        await child.wait_ready(self._client.healthy, self._settings.start_deadline_seconds)
        await close_seeded_accounts(self._client)
        return child

    def _spec(self, folder: Path) -> ChildSpec:
        host, port = self._addresses.bank_url.removeprefix("http://").split(":")
        return ChildSpec(
            name=NAME,
            command=[
                *(*_PROGRAM, "--quiet", "--host", host, "--port", port),
                *("--db", str(folder / "bank.db")),
                *("--drop-dir", str(self._addresses.bank_outbox), "--pickup-dir", str(self._addresses.bank_inbox)),
                # Files are renamed into the folder and so are whole at once: nothing has to settle.
                *("--drop-settle-ms", "0", "--drop-interval-ms", str(LOOK_INTERVAL_MS)),
            ],
            log_path=self._settings.logs / "bank.log",
        )
