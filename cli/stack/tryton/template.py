"""A Tryton database with a health system in it: built once from nothing, kept as a file, and put back in seconds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.stack.data_folder import write_private
from cli.stack.errors import StackError
from cli.stack.processes import Child
from cli.stack.tryton import databases
from cli.stack.tryton.environment import TrytonEnvironment, enter
from cli.stack.tryton.passwords import ADMIN, fingerprint
from cli.stack.tryton.programs import run
from cli.stack.tryton.server import answers, database_of, server_spec, write_configuration

# Each brings along what it depends on; docs/adapters/tryton.md says what each is for.
MODULES = (
    "account_budget",
    "account_invoice_stock",
    "account_payment_clearing",
    "analytic_budget",
    "analytic_invoice",
    "analytic_purchase",
    "bank",
    "external_id",
    "purchase_amendment",
)
ADMIN_EMAIL = "tryton@meridianvalley.example"
SERVER_DEADLINE_SECONDS = 60.0
STOP_SECONDS = 10.0
KEPT = 6

Seed = Callable[[str, str], Awaitable[object]]
"""Is given the address of a Tryton and the name of its database, and fills it."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """What a template holds. `digest` changes with everything that `seed` writes."""

    digest: str
    seed: Seed


class TrytonTemplates:
    """The templates that one environment builds. `passwords` are those of the users that seeds make."""

    def __init__(self, environment: TrytonEnvironment, passwords: Mapping[str, str], tell: Tell) -> None:
        self._environment = environment
        self._passwords = passwords
        self._tell = tell
        self._release = f"{environment.digest}-{fingerprint(passwords)}"

    async def put(self, dsn: str, recipe: Recipe) -> None:
        """Make the database of `dsn`, from the file that is kept or from nothing; one that is there is replaced.

        Only one process builds at a time, the others wait for what it kept.
        """
        kept = self._environment.folder / f"seeded-{self._release}-{recipe.digest}.dump"
        with await asyncio.to_thread(enter, self._environment.folder / "templates.lock"):
            if kept.exists():
                self._tell("Tryton: putting the kept database back")
                await databases.restore(dsn, kept, self._environment.log)
                return
            await self._put_bare(dsn)
            self._tell("Tryton: loading the health system over its API")
            await self._serve_while(dsn, recipe.seed)
            await databases.dump(dsn, kept, self._environment.log)
            self._forget_others(kept)

    async def _put_bare(self, dsn: str) -> None:
        """Tryton with its modules and nothing in it."""
        kept = self._environment.folder / f"bare-{self._release}.dump"
        if kept.exists():
            await databases.restore(dsn, kept, self._environment.log)
            return
        self._tell("Tryton: making its tables; this takes a minute or two, once")
        await databases.create_database(dsn)
        await self._activate(dsn)
        await databases.dump(dsn, kept, self._environment.log)

    async def _activate(self, dsn: str) -> None:
        password_file = self._environment.folder / ".admin-password"
        write_private(password_file, self._passwords[ADMIN])
        try:
            # Without an address it would ask for one, and fail after a minute of work.
            await run(
                [
                    *(str(self._environment.programs / "trytond-admin"), "-c", str(self._configuration(dsn))),
                    *("-d", database_of(dsn), "-u", *MODULES),
                    *("--activate-dependencies", "--email", ADMIN_EMAIL),
                ],
                self._environment.log,
                {"TRYTONPASSFILE": str(password_file)},
            )
        finally:
            password_file.unlink()

    async def _serve_while(self, dsn: str, seed: Seed) -> None:
        address = free_address()
        spec = server_spec(self._environment, dsn, address, self._environment.folder, self._environment.log)
        server = await Child.start(spec)
        try:
            url = f"http://{address}"
            await server.wait_ready(lambda: answers(url), SERVER_DEADLINE_SECONDS)
            await seed(url, database_of(dsn))
        except OSError as error:
            raise StackError(f"Tryton cannot be filled: {error}") from error
        finally:
            await server.stop(STOP_SECONDS)

    def _configuration(self, dsn: str) -> Path:
        return write_configuration(self._environment.folder / "build.conf", dsn)

    def _forget_others(self, kept: Path) -> None:
        """Keep a few: yesterday's dates, or pins of before, are not asked for again."""
        for old in _oldest_first(self._environment.folder.glob("seeded-*.dump"))[:-KEPT]:
            if old != kept:
                old.unlink()


def _oldest_first(paths: Iterable[Path]) -> Sequence[Path]:
    return sorted(paths, key=lambda path: path.stat().st_mtime)


def free_address() -> str:
    """An address on this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
    return f"{host}:{port}"
