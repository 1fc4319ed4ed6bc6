"""What a stack stored is there when it is started again."""

import asyncio
import json
from email import message_from_bytes
from pathlib import Path

import aiosmtplib
import asyncpg
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from cli.stack import (
    FACILITIES_CLAIM,
    EmbeddedStack,
    Persona,
    StackAddresses,
    StackError,
    fetch_token,
    find_running_stack,
)
from cli.stack.temporal_cli import ask
from tests.fixtures.embedded_stack import processes_of, stack_settings

ANNA = Persona("anna", "Anna Abel", "anna@north.example", ("requester", "buyer"), ("north", "clinic-east"))
BEN = Persona("ben", "Ben Boyd", "ben@north.example", (), ())


async def verified_claims(addresses: StackAddresses, token: str) -> dict[str, object]:
    async with httpx.AsyncClient(trust_env=False) as client:
        keys = KeySet.import_key_set((await client.get(addresses.jwks_url)).json())
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


async def store_everywhere(addresses: StackAddresses) -> None:
    connection = await asyncpg.connect(addresses.dsn("erp"))
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await connection.close()
    await aiosmtplib.send(
        "Subject: Order 7\r\n\r\nPlease deliver.",
        sender="corridor@north.example",
        recipients=["supplier@example.com"],
        hostname=addresses.smtp_host,
        port=addresses.smtp_port,
    )
    started = await ask(
        *(addresses.temporal, addresses.temporal_namespace, "workflow", "start"),
        *(
            "--type",
            "Kept",
            "--task-queue",
            "nobody",
            "--workflow-id",
            "kept-case",
            "--search-attribute",
            'Stage="open"',
        ),
    )
    assert started is not None


async def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    async with EmbeddedStack(settings, personas=[ANNA, BEN], search_attributes={"Stage": "Keyword"}) as stack:
        await store_everywhere(stack.addresses)
        token = await fetch_token(find_running_stack(settings), "anna")
        claims = await verified_claims(stack.addresses, token)
        assert claims["iss"] == stack.addresses.oidc_issuer
        assert claims["aud"] == stack.addresses.oidc_audience
        assert claims["roles"] == ["requester", "buyer"]
        assert claims[FACILITIES_CLAIM] == ["north", "clinic-east"]
        assert FACILITIES_CLAIM not in await verified_claims(stack.addresses, await fetch_token(stack.addresses, "ben"))
    assert processes_of(tmp_path) == []
    with pytest.raises(StackError, match="No stack is running"):
        find_running_stack(settings)

    wanted = {"Stage": "Keyword", "DueAt": "Datetime", "Suppliers": "KeywordList"}
    async with EmbeddedStack(settings, personas=[ANNA], search_attributes=wanted) as stack:
        addresses = stack.addresses
        connection = await asyncpg.connect(addresses.dsn("erp"))
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()
        [mail] = [message_from_bytes(path.read_bytes()) for path in addresses.mail_folder.glob("[!.]*.eml")]
        assert (mail["Subject"], mail["X-RcptTo"]) == ("Order 7", "supplier@example.com")
        case = await ask(addresses.temporal, "default", "workflow", "describe", "--workflow-id", "kept-case")
        assert json.loads(case or b"")["workflowExecutionInfo"]["status"] == "WORKFLOW_EXECUTION_STATUS_RUNNING"
        assert (await verified_claims(addresses, token))["sub"] == "anna"  # signed with the key of the first run
        with pytest.raises(StackError, match="There is no persona ben"):
            await fetch_token(addresses, "ben")


async def test_a_persona_cannot_give_itself_roles_or_facilities(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    async with EmbeddedStack(settings, personas=[BEN], parts=("oidc",)) as stack:
        hidden = json.loads((tmp_path / "oidc" / "secrets.json").read_text())
        form = {"grant_type": "password", "username": "ben", "password": hidden["passwords"]["ben"]}
        async with httpx.AsyncClient(trust_env=False, auth=("corridor-cli", hidden["client_secret"])) as client:
            for claim in ("roles", FACILITIES_CLAIM):
                extra = {"extra": json.dumps({claim: ["north"]})}
                answer = await client.post(stack.addresses.token_url, data={**form, **extra})
                assert answer.status_code == httpx.codes.BAD_REQUEST
            minted = await client.post(f"{stack.addresses.oidc_issuer}/api/users/ben/token")
            assert minted.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}
        for secret in ("secrets.json", "users.yaml", "settings.yaml"):
            assert (tmp_path / "oidc" / secret).stat().st_mode & 0o077 == 0


async def test_a_search_attribute_of_another_type_is_refused(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    async with EmbeddedStack(settings, search_attributes={"Amount": "Keyword"}, parts=("temporal",)):
        await asyncio.sleep(0)
    with pytest.raises(StackError, match=r"Amount has the type keyword .* needs Double"):
        async with EmbeddedStack(settings, search_attributes={"Amount": "Double"}, parts=("temporal",)):
            pass
    assert processes_of(tmp_path) == []
