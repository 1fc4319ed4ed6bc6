"""An HR file in the embedded stack, with everything real: its rows become cases, each once, also through a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from rich.console import Console
from temporalio.client import Client

from cli.composition import build_stack
from cli.demo.hires.writing import Ended, hr_file_name, write_hr_file
from cli.stack import EmbeddedStack, fetch_token
from domain.hire import Hire
from tests.fixtures.embedded_stack import processes_of, stack_settings

HUMAN_RESOURCES = "a.winslow"
ROWS = 150
LIMIT_SECONDS = 120
TODAY = datetime.now(UTC).date()


def hired(number: int, **changes: Any) -> Hire:
    name = {"family": f"O'Dell-{chr(0x4E00 + number)}", "given": "Zoë"}
    given = {
        "number": f"H-{number}",
        "facility": "north",
        "requester": "l.whitcomb",
        "manager": "l.whitcomb",
        "person": {"name": name, "birth_date": date(1970, 1, 1) + timedelta(days=number)},
        "position": "P-N102",
        "job_family": "nursing",
        "title": "Registered Nurse",
        "department": "intensive-care",
        "cost_centre": "N-4200",
        "start_on": TODAY + timedelta(days=45),
    }
    return Hire.model_validate(given | changes)


class Office:
    """HR's folder of a running stack, and what its API says of the files."""

    def __init__(self, stack: EmbeddedStack, http: httpx.AsyncClient) -> None:
        self.stack, self._http = stack, http
        self._folder = stack.addresses.data_folder / "hires"

    def leave(self, name: str, content: str) -> None:
        draft = self._folder / f".{name}.part"
        draft.write_text(content, newline="")
        draft.rename(self._folder / name)

    async def get(self, path: str) -> Any:
        answer = await self._http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, name: str, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                found = [each for each in (await self.get("/v1/hire-files"))["items"] if each["name"] == name]
                if found and done(found[0]):
                    return dict(found[0])
                await asyncio.sleep(0.1)  # the API tells nobody that a file was taken

    async def taken(self, name: str) -> dict[str, Any]:
        return await self.until(name, lambda file: file["state"] == "taken")

    async def remembered(self) -> int:
        connection = await asyncpg.connect(self.stack.addresses.dsn("corridor"))
        try:
            return int(await connection.fetchval("SELECT count(*) FROM hire_file_rows"))
        finally:
            await connection.close()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with build_stack(stack_settings(tmp_path), Console(quiet=True)) as stack:
        token = await fetch_token(stack.addresses, HUMAN_RESOURCES)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=stack.addresses.gateway_url, headers=headers, trust_env=False) as http:
            yield Office(stack, http)
    assert processes_of(tmp_path) == []


@pytest.mark.timeout(LIMIT_SECONDS * 4)
async def test_rows_become_cases_once_also_when_the_gateway_is_killed_in_the_middle(office: Office) -> None:
    full, delta = hr_file_name("full", TODAY), hr_file_name("delta", TODAY, 2)
    office.leave(full, write_hr_file([hired(number) for number in range(3)]))
    assert (await office.taken(full))["new"] == 3
    changed = hired(0, start_on=TODAY + timedelta(days=60))
    wrong = hired(9, facility="atlantis")
    office.leave(delta, write_hr_file([changed, wrong, hired(3)], [Ended("north", "H-1", "rescinded", "Taken back")]))
    file = await office.taken(delta)
    assert [file[each] for each in ("rows", "new", "corrected", "ended", "refused")] == [4, 1, 1, 1, 1]
    rows = (await office.get(f"/v1/hire-files/{file['file_id']}/rows"))["items"]
    assert [(row["line"], row["effect"]) for row in rows] == [
        (2, "corrected"),
        (3, "refused"),
        (4, "new"),
        (5, "ended"),
    ]
    case = await office.get(f"/v1/cases/{rows[2]['case_id']}")
    assert case["case"]["facility"] == "north"

    await office.stack.kill("worker")  # cases begin without it, and the machine has time for the gateway
    tomorrow = hr_file_name("delta", TODAY + timedelta(days=1))
    office.leave(tomorrow, write_hr_file([hired(number) for number in range(10, 10 + ROWS)]))
    async with asyncio.timeout(LIMIT_SECONDS):
        while await office.remembered() < 20:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)
    await office.stack.kill("gateway")
    before = await office.remembered()
    assert 20 <= before < 4 + ROWS
    await office.stack.start("gateway")
    file = await office.taken(tomorrow)
    assert (file["rows"], file["new"] + file["unchanged"], file["corrected"], file["refused"]) == (ROWS, ROWS, 0, 0)
    assert await office.remembered() == 4 + ROWS
    address, namespace = office.stack.addresses.temporal, office.stack.addresses.temporal_namespace
    client = await Client.connect(address, namespace=namespace)
    async with asyncio.timeout(LIMIT_SECONDS):
        while await cases(client) < 4 + ROWS:  # noqa: ASYNC110 - visibility follows, and tells nobody
            await asyncio.sleep(0.1)
    assert await cases(client) == 4 + ROWS


async def cases(client: Client) -> int:
    return (await client.count_workflows("WorkflowType = 'HireToProvision'")).count
