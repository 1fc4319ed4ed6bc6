"""The identity provider of the embedded stack: what it holds is there after a kill, and logins follow `active`."""

from __future__ import annotations

from pathlib import Path

import httpx

from cli.stack import EmbeddedStack, StackAddresses
from cli.stack.identity_provider import NAME, ensure_groups, login_url, scim_token, scim_url
from tests.fixtures.embedded_stack import processes_of, stack_settings

PASSWORD = "one-time-only"


async def _may_log_in(client: httpx.AsyncClient, addresses: StackAddresses) -> bool:
    form = {"grant_type": "password", "username": "JDoe", "password": PASSWORD}
    answer = await client.post(login_url(addresses), data=form)
    assert answer.status_code in {200, 400}, answer.text
    return answer.status_code == 200


async def test_users_groups_and_logins_survive_a_kill(tmp_path: Path) -> None:
    async with EmbeddedStack(stack_settings(tmp_path), parts=(NAME,)) as stack, httpx.AsyncClient() as client:
        addresses, users = stack.addresses, f"{scim_url(stack.addresses)}/Users"
        bearer = {"Authorization": f"Bearer {scim_token(addresses)}"}
        assert await ensure_groups(addresses, ["ehr-nurse", "all-staff", "ehr-nurse"]) == ("ehr-nurse", "all-staff")
        body = {"userName": "jdoe", "active": True, "password": PASSWORD}
        made = (await client.post(users, json=body, headers=bearer)).raise_for_status().json()
        await stack.kill(NAME)
        await stack.start(NAME)
        found = (await client.get(f"{users}/{made['id']}", headers=bearer)).raise_for_status().json()
        assert found == made and "password" not in found
        assert await ensure_groups(addresses, ["all-staff", "badge"]) == ("badge",)
        assert await _may_log_in(client, addresses)
        change = {"Operations": [{"op": "replace", "path": "active", "value": False}]}
        (await client.patch(f"{users}/{made['id']}", json=change, headers=bearer)).raise_for_status()
        assert not await _may_log_in(client, addresses)
    async with EmbeddedStack(stack_settings(tmp_path), parts=(NAME,)) as stack, httpx.AsyncClient() as client:
        assert scim_token(stack.addresses) == bearer["Authorization"].removeprefix("Bearer ")
        users = f"{scim_url(stack.addresses)}/Users"
        assert (await client.get(users)).status_code == 401
        assert (await client.get(users, headers=bearer)).raise_for_status().json()["totalResults"] == 1
        assert not await _may_log_in(client, stack.addresses)
        refused = await client.post(login_url(stack.addresses), data={"grant_type": "client_credentials"})
        assert refused.json() == {"error": "unsupported_grant_type"}
        assert (await client.get(login_url(stack.addresses))).status_code == 405
    assert processes_of(tmp_path) == []
