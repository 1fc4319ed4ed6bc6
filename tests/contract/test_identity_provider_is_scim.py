"""The embedded provider is a SCIM provider, by the judgement of somebody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import CheckResult, Status, check_server

from cli.stack import EmbeddedStack, scim_token, scim_url
from cli.stack.identity_provider import NAME
from tests.fixtures.embedded_stack import stack_settings

ENOUGH = 100


def _judge(url: str, bearer: str) -> list[CheckResult]:
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {bearer}"}, trust_env=False) as http:
        return check_server(SyncSCIMClient(http))


async def test_every_check_of_a_conformance_tester_is_passed(tmp_path: Path) -> None:
    async with EmbeddedStack(stack_settings(tmp_path), parts=(NAME,)) as stack:
        results = await asyncio.to_thread(_judge, scim_url(stack.addresses), scim_token(stack.addresses))
    passed = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED}
    assert [f"{each.title}: {each.reason}" for each in results if each.status not in passed] == []
    assert sum(each.status is not Status.SKIPPED for each in results) >= ENOUGH
