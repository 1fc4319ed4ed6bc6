"""The Python environment that Tryton runs in: made from pinned packages, kept, and made anew when a pin changes."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.stack.errors import StackError
from cli.stack.mail import PROJECT_ROOT
from cli.stack.tryton.programs import run

REQUIREMENTS = PROJECT_ROOT / "requirements" / "tryton.txt"
EXTENSION = PROJECT_ROOT / "extensions" / "tryton-external-id"


@dataclass(frozen=True)
class TrytonEnvironment:
    """`folder` holds what is kept: this environment, and the databases that were built with it. `digest` changes with
    what is installed."""

    folder: Path
    digest: str

    @property
    def programs(self) -> Path:
        return self.folder / f"environment-{self.digest}" / "bin"

    @property
    def mark(self) -> Path:
        return self.programs.parent / "whole"

    @property
    def log(self) -> Path:
        return self.folder / "build.log"


def present_environment(folder: Path) -> TrytonEnvironment:
    """The environment in `folder` (an absolute path), whether or not it was made already."""
    return TrytonEnvironment(folder, _digest())


async def ensure_environment(folder: Path) -> TrytonEnvironment:
    """The environment in `folder` (an absolute path), made when it is not there: about 20 s, or 45 s when all packages
    must come over the network. Raises StackError when they cannot be had.
    """
    environment = present_environment(folder)
    environment.folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    with await asyncio.to_thread(enter, environment.folder / "environment.lock"):
        if not environment.mark.exists():
            await _make(environment)
    return environment


def _digest() -> str:
    """Of all that is installed: the pins, and the module for external ids."""
    files = [REQUIREMENTS, *sorted(path for path in EXTENSION.rglob("*") if path.is_file() and path.suffix != ".pyc")]
    total = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for path in files:
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


async def _make(environment: TrytonEnvironment) -> None:
    """What an attempt that was cut short left is removed first; a mark says that the environment is whole."""
    folder = environment.programs.parent
    if folder.exists():
        await asyncio.to_thread(shutil.rmtree, folder)
    await run([sys.executable, "-m", "venv", "--without-pip", str(folder)], environment.log)
    for arguments in _INSTALLATIONS:
        await run([*_installer(), *arguments], environment.log, {"VIRTUAL_ENV": str(folder)})
    environment.mark.touch()


_INSTALLATIONS: Sequence[Sequence[str]] = (
    ("--require-hashes", "--requirement", str(REQUIREMENTS)),
    ("--no-deps", "--no-build-isolation", str(EXTENSION)),
)


def _installer() -> Sequence[str]:
    """uv lies beside the Python that runs this, or is on PATH. Raises StackError when it is neither."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise StackError("Tryton's packages are installed with uv, and there is none: install it, or run `make up`.")
    return (found, "pip", "install", "--quiet")


def enter(path: Path) -> contextlib.ExitStack:
    """Held by this process once this returns; the kernel lets go when the process ends, however it ends."""
    stack = contextlib.ExitStack()
    stack.enter_context(_locked(path))
    return stack


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
