"""The data folder: it is ours alone while a stack runs, and only its owner may read it."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from cli.stack.errors import StackError
from cli.stack.settings import StackSettings

LOCK_NAME = "lock"


@contextlib.contextmanager
def hold_data_folder(settings: StackSettings) -> Iterator[Path]:
    """Create the folder if it is missing and hold it for this process; raises StackError if it cannot be had.

    The lock is the kernel's (flock), so a process that was killed leaves none behind; the pid in the file
    only serves the message.
    """
    _prepare(settings)
    descriptor = os.open(settings.run / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, settings.folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield settings.folder
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _prepare(settings: StackSettings) -> None:
    try:
        # 0711: where root starts the stack, PostgreSQL runs as another user and has to pass through.
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        for private in (settings.run, settings.logs):
            private.mkdir(exist_ok=True, mode=0o700)
            probe = private / f".writable-{secrets.token_hex(4)}"
            probe.touch()
            probe.unlink()
    except OSError as error:
        raise StackError(
            f"The data folder {settings.folder} cannot be written: {error.strerror}. "
            "Set CORRIDOR_DATA_DIR to a folder that can, or correct its permissions."
        ) from None


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
        raise StackError(
            f"The data folder {folder} is in use by another stack (pid {pid}). "
            "Stop that one first, or set CORRIDOR_DATA_DIR to a folder of its own."
        ) from None


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)
