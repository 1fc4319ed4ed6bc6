"""Tryton as the ERP of the embedded stack: built once, and kept as it was left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.erp.tryton.books import purchase_summaries
from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.install import USERS, fingerprint, seed
from adapters.erp.tryton.install_people import BOT
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from cli.stack import EmbeddedStack, StackAddresses
from cli.stack.tryton.part import DATABASE, tryton_passwords, tryton_service, tryton_steps
from cli.stack.tryton.passwords import ADMIN
from cli.stack.tryton.template import Recipe
from cli.tryton_of_stack import tryton_environment
from tests.fixtures.embedded_stack import stack_settings
from tests.fixtures.purchasing import TODAY, small_system
from tests.fixtures.tryton import BUILD_SECONDS, FOLDER, TrytonTestServer

PARTS = ("postgres",)


def login(user: str, passwords: Mapping[str, str]) -> TrytonLogin:
    return TrytonLogin(user=user, password=SecretStr(passwords[user]))


def recipe(passwords: Mapping[str, str]) -> Recipe:
    async def fill(url: str, database: str) -> None:
        admin = login(ADMIN, passwords)
        settings = TrytonSettings(url=url, database=database, bot=admin)
        await seed(settings, admin, passwords, small_system(), TODAY)

    return Recipe(fingerprint(small_system(), TODAY), fill)


def stack_in(folder: Path, told: list[str]) -> EmbeddedStack:
    return EmbeddedStack(
        stack_settings(folder, tryton_port="auto", tryton_dir=FOLDER),
        parts=PARTS,
        steps=tryton_steps(USERS, recipe, told.append),
        services=[tryton_service(0)],
    )


def settings_of(addresses: StackAddresses) -> TrytonSettings:
    passwords = tryton_passwords(addresses, USERS)
    return TrytonSettings(url=addresses.tryton_url, database=DATABASE, bot=login(BOT, passwords))


@pytest.mark.timeout(BUILD_SECONDS)
async def test_is_built_once_and_kept_as_it_was_left(tmp_path: Path, tryton_server: TrytonTestServer) -> None:
    assert tryton_server.running  # so that what is built once is there, or the test is skipped
    told: list[str] = []
    async with stack_in(tmp_path / "data", told) as stack:
        assert told == ["Tryton: putting the kept database back"]
        environment = tryton_environment(stack.addresses)
        assert (environment["CORRIDOR_ERP"], environment["CORRIDOR_TRYTON_URL"]) == (
            "tryton",
            stack.addresses.tryton_url,
        )
        assert environment["CORRIDOR_TRYTON_USER"] != environment["CORRIDOR_TRYTON_APPROVER"]
        async with TrytonClient.open(settings_of(stack.addresses)) as client:
            party = (await client.search_read("party.party", [["code", "=", "MEDIX"]], ["id"]))[0]["id"]
            values = {"external_id": "order-1", "reference": "order-1", "party": party}
            await client.call("model.purchase.purchase.ensure", values, again=True)
    async with stack_in(tmp_path / "data", told) as stack:
        assert len(told) == 1
        kept = await purchase_summaries(stack.addresses.dsn(DATABASE))
        assert [(each.external_id, each.supplier, each.state) for each in kept] == [("order-1", "MEDIX", "draft")]
        async with TrytonClient.open(settings_of(stack.addresses)) as client:
            await client.probe()
