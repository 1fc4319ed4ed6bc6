"""Tryton as the ERP of the embedded stack: what it is filled with, and what the worker is told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from adapters.erp.tryton.install import USERS, fingerprint, seed
from adapters.erp.tryton.install_people import APPROVER, BOT
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from adapters.reference_files import load
from cli.stack import StackAddresses, Step
from cli.stack.tryton.part import DATABASE, tryton_passwords, tryton_steps
from cli.stack.tryton.passwords import ADMIN
from cli.stack.tryton.template import Recipe, Tell

# Steps that ask Tryton more than it can answer in their time all fail: they wait in their task queue instead, where no
# time runs. Steps of other systems have queues of their own.
STEPS_AT_ONCE = 6


def steps_of_tryton(reference_files: Path, tell: Tell) -> Sequence[Step]:
    """Its environment and its database with the reference health system in it."""

    def recipe(passwords: Mapping[str, str]) -> Recipe:
        today = datetime.now(UTC).date()
        system = load(reference_files, today)

        async def fill(url: str, database: str) -> None:
            admin = TrytonLogin(user=ADMIN, password=SecretStr(passwords[ADMIN]))
            settings = TrytonSettings(url=url, database=database, bot=admin)
            await seed(settings, admin, passwords, system, today)

        return Recipe(fingerprint(system, today), fill)

    return tryton_steps(USERS, recipe, tell)


def tryton_environment(addresses: StackAddresses) -> Mapping[str, str]:
    """What the worker is told: nothing where the ERP is another."""
    if not addresses.tryton_url:
        return {}
    passwords = tryton_passwords(addresses, USERS)
    return {
        "CORRIDOR_ERP": "tryton",
        "CORRIDOR_QUEUE_LIMITS": json.dumps({"erp": {"at_once": STEPS_AT_ONCE}}),
        "CORRIDOR_TRYTON_URL": addresses.tryton_url,
        "CORRIDOR_TRYTON_DATABASE": DATABASE,
        "CORRIDOR_TRYTON_USER": BOT,
        "CORRIDOR_TRYTON_PASSWORD": passwords[BOT],
        "CORRIDOR_TRYTON_APPROVER": APPROVER,
        "CORRIDOR_TRYTON_APPROVER_PASSWORD": passwords[APPROVER],
    }
