"""The mail sink as a part of the stack."""

import asyncio
import contextlib
import sys
from pathlib import Path

from cli.stack.addresses import StackAddresses
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings

NAME = "mail"
PROJECT_ROOT = Path(__file__).resolve().parents[2]


class MailSink:
    """The sink of one data folder: mail stays in `<data>/mail` over restarts."""

    def __init__(self, settings: StackSettings, addresses: StackAddresses) -> None:
        self._settings = settings
        self._addresses = addresses

    async def start(self, register: list[Child]) -> Child:
        """Start the sink and wait for its greeting."""
        addresses = self._addresses
        child = await Child.start(
            ChildSpec(
                name=NAME,
                command=[
                    *(sys.executable, "-m", "cli.stack.mail_sink"),
                    *(addresses.smtp_host, str(addresses.smtp_port), str(addresses.mail_folder)),
                ],
                log_path=self._settings.logs / "mail.log",
                working_directory=PROJECT_ROOT,
            )
        )
        register.append(child)
        await child.wait_ready(self._greets, self._settings.start_deadline_seconds)
        return child

    async def _greets(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(self._addresses.smtp_host, self._addresses.smtp_port)
        except OSError:
            return False
        try:
            async with asyncio.timeout(5):
                return (await reader.readline()).startswith(b"220")
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
