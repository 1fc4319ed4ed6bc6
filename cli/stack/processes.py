"""One child process: started in a group of its own, watched, and stopped without fail."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.stack.errors import DeadChildError, StackError

TETHER = Path(__file__).with_name("tether.py")
PROBE_INTERVAL_SECONDS = 0.05
LOG_TAIL_BYTES = 4096
LOG_TAIL_LINES = 15
LOG_LIMIT_BYTES = 20_000_000

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `user` is (uid, gid) for a child that must not run as root."""

    name: str
    command: Sequence[str]
    log_path: Path
    environment: Mapping[str, str] = field(default_factory=dict)  # added to this process's own
    working_directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    user: tuple[int, int] | None = None


class Child:
    """A running child process. Start it from the main thread: it dies with the thread that started it."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process, log_start: int) -> None:
        self.spec = spec
        self._process = process
        self._log_start = log_start  # what an earlier run wrote is not part of this one's story
        self.stopping = False

    @classmethod
    async def start(cls, spec: ChildSpec) -> "Child":
        """Start the command, its output appended to its log file; raises StackError if that cannot be done."""
        try:
            return await cls._start(spec)
        except OSError as error:
            raise StackError(f"{spec.name} cannot be started: {error}") from error

    @classmethod
    async def _start(cls, spec: ChildSpec) -> "Child":
        _rotate(spec.log_path)
        descriptor = os.open(spec.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            log_start = os.fstat(descriptor).st_size
            process = await asyncio.create_subprocess_exec(
                *_tethered(spec),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env={**os.environ, **spec.environment},
                cwd=spec.working_directory,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        return cls(spec, process, log_start)

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait until the process has ended; negative exit codes are signals, as in subprocess."""
        return await self._process.wait()

    async def wait_ready(self, probe: Probe, deadline_seconds: float) -> None:
        """Ask `probe` until it says yes; raises DeadChildError if the child ends first, StackError at the
        deadline.
        """
        ended = asyncio.ensure_future(self._process.wait())
        try:
            async with asyncio.timeout(deadline_seconds):
                while not await _first_of(probe, ended):
                    await asyncio.wait({ended}, timeout=PROBE_INTERVAL_SECONDS)
        except TimeoutError:
            raise StackError(
                f"{self.name} did not answer within {deadline_seconds:g} s. Its log: {self.spec.log_path}."
                f"\nIts last lines:\n{self.log_tail()}"
            ) from None
        finally:
            ended.cancel()
        if not self.running:
            raise self.death()

    async def stop(self, grace_seconds: float) -> None:
        """Ask it to stop, and end its whole group by force when the grace period is over."""
        self.stopping = True
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                # Not process.send_signal: it may reap the child itself and so lose the exit code for asyncio.
                os.kill(self.pid, self.spec.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self._process.wait()
        self.kill()  # the leader may have left others of its group behind
        await self._process.wait()

    def kill(self) -> None:
        """End the process and its group at once, as `kill -9` does."""
        self.stopping = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def death(self) -> DeadChildError:
        """The end of this child as an error, with the tail of its log."""
        return DeadChildError(self.name, self._process.returncode or 0, self.log_tail(), str(self.spec.log_path))

    def log_tail(self) -> str:
        """The last lines that the child wrote."""
        with self.spec.log_path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, file.tell() - LOG_TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


async def _first_of(probe: Probe, ended: "asyncio.Future[int]") -> bool:
    """True when the probe says yes or the child has ended, whichever comes first."""
    asked = asyncio.ensure_future(probe())
    either: set[asyncio.Future[bool] | asyncio.Future[int]] = {asked, ended}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return ended.done() or asked.result()
    finally:
        asked.cancel()


def _tethered(spec: ChildSpec) -> list[str]:
    user = "-" if spec.user is None else f"{spec.user[0]}:{spec.user[1]}"
    launcher = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(spec.stop_signal)), user]
    return [*launcher, *spec.command]


def _rotate(log_path: Path) -> None:
    """Keep one old log, so that a stack that runs for months does not fill the disk between two starts."""
    with contextlib.suppress(FileNotFoundError):
        if log_path.stat().st_size > LOG_LIMIT_BYTES:
            log_path.replace(log_path.with_suffix(".old.log"))
