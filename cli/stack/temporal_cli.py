"""Questions to a Temporal server through its own command line, which spares the stack the SDK."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

from cli.stack.errors import StackError


def program() -> str:
    """The path of the `temporal` program, which is installed beside the Python that runs this."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise StackError("The program `temporal` is missing. Run `make up`, which installs what the stack needs.")
    return found


async def ask(address: str, namespace: str, *question: str) -> bytes | None:
    """What the server answers, as JSON; None when it does not answer or refuses."""
    process = await asyncio.create_subprocess_exec(
        *(program(), *question, "--address", address, "--namespace", namespace),
        *("--output", "json", "--command-timeout", "5s"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        answer, _ = await process.communicate()
    finally:
        if process.returncode is None:  # nobody waits for the answer any more
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            await process.wait()
    return answer if process.returncode == 0 else None
