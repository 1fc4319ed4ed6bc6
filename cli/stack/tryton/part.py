"""Tryton in the embedded stack: what happens before it starts, and how it is started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from cli.stack.addresses import StackAddresses
from cli.stack.errors import StackError
from cli.stack.processes import Child, ChildSpec
from cli.stack.services import Service
from cli.stack.supervisor import Step
from cli.stack.tryton.databases import copy_database, has_database, rename_database
from cli.stack.tryton.environment import ensure_environment, present_environment
from cli.stack.tryton.passwords import passwords
from cli.stack.tryton.server import NAME, answers, database_of, server_spec
from cli.stack.tryton.template import Recipe, Tell, TrytonTemplates

DATABASE = "tryton"
PORT = "tryton_port"

RecipeOf = Callable[[Mapping[str, str]], Recipe]
"""Is given the passwords by login."""


def tryton_steps(users: Sequence[str], recipe: RecipeOf, tell: Tell) -> Sequence[Step]:
    """Make what is missing. A database that is there stays as people and Corridor left it."""

    async def environment(addresses: StackAddresses) -> None:
        if not present_environment(_folder(addresses)).mark.exists():
            tell("Tryton: installing it into an environment of its own, once")
        await ensure_environment(_folder(addresses))

    async def database(addresses: StackAddresses) -> None:
        dsn = addresses.dsn(DATABASE)
        if await has_database(dsn):
            return
        known = passwords(_folder(addresses), users)
        made = recipe(known)
        template = addresses.dsn(f"{DATABASE}_{made.digest}")
        if not await has_database(template):
            templates = TrytonTemplates(present_environment(_folder(addresses)), known, tell)
            draft = addresses.dsn(f"{DATABASE}_draft")  # a start that is cut short leaves nothing that looks whole
            await templates.put(draft, made)
            await rename_database(draft, database_of(template))
        await copy_database(template, dsn)

    return [Step("Tryton's environment", environment), Step("Tryton's database", database)]


def tryton_service(restarts: int) -> Service:
    def spec(addresses: StackAddresses) -> ChildSpec:
        return server_spec(
            present_environment(_folder(addresses)),
            addresses.dsn(DATABASE),
            addresses.tryton_url.removeprefix("http://"),
            addresses.data_folder / "run",
            addresses.data_folder / "logs" / f"{NAME}.log",
        )

    def ready(child: Child, addresses: StackAddresses) -> Awaitable[bool]:  # noqa: ARG001 - the protocol names it
        return answers(addresses.tryton_url)

    return Service(
        name=NAME,
        command=lambda addresses: spec(addresses).command,
        environment=lambda addresses: spec(addresses).environment,
        ready=ready,
        restarts=restarts,
        port=PORT,
    )


def tryton_passwords(addresses: StackAddresses, users: Sequence[str]) -> Mapping[str, str]:
    """The passwords by login of a stack whose ERP is Tryton."""
    return passwords(_folder(addresses), users)


def _folder(addresses: StackAddresses) -> Path:
    if addresses.tryton_folder is None:
        raise StackError("This stack has no Tryton.")
    return addresses.tryton_folder
