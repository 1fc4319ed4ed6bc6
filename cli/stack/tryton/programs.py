"""Programs that are run to their end while something is built."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.stack.errors import StackError

_LOG_TAIL_BYTES = 2000


async def run(command: Sequence[str], log: Path, variables: Mapping[str, str] | None = None) -> None:
    """Run a program to its end, its output in `log`. Raises StackError with the last lines when it fails."""
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, **(variables or {})},
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
    if code != 0:
        raise StackError(f"{Path(command[0]).name} ended with {code}. More is in {log}:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace")
