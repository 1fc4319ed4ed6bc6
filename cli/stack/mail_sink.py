"""An SMTP server that keeps each mail as one .eml file and delivers none.

Run as `python -m cli.stack.mail_sink HOST PORT FOLDER`. Temporary names start with a dot, so that whoever
reads *.eml never sees half a mail.
"""

import asyncio
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MAIL_LIMIT_BYTES = 25 * 1024 * 1024


class KeepInFolder:
    """Writes each mail to the folder before it is acknowledged, with the envelope in X- headers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd calls it so
        """Keep one mail; what aiosmtpd answers to the sender is what this returns."""
        content = envelope.content or b""
        body = content if isinstance(content, bytes) else content.encode()
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers):06d}.eml"
        draft = self._folder / f".{name}"
        try:
            await asyncio.to_thread(draft.write_bytes, _envelope_headers(envelope) + body)
            draft.replace(self._folder / name)
        except OSError as error:
            return f"452 the mail folder cannot be written: {error.strerror}"
        return "250 kept"


def _envelope_headers(envelope: Envelope) -> bytes:
    recipients = ", ".join(envelope.rcpt_tos)
    return f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {recipients}\r\n".encode()


async def serve(host: str, port: int, folder: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    handler = KeepInFolder(folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: SMTP(handler, data_size_limit=MAIL_LIMIT_BYTES, enable_SMTPUTF8=True, loop=loop), host, port
    )
    async with server:
        await stop.wait()


def main() -> None:
    host, port, name = sys.argv[1:]
    folder = Path(name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    asyncio.run(serve(host, int(port), folder))


if __name__ == "__main__":
    main()
