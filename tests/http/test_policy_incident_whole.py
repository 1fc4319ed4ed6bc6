"""From a broken policy file to the compliance officer's worklist and back, with every part real but the people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet
from temporalio.client import Client

import api.main
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.pool import Pool
from adapters.postgres.reader import PostgresReader
from api.main import create_app_from_settings, wall_clock
from api.settings import GatewaySettings
from tests.fixtures.policies import PolicyFiles
from tests.fixtures.world import World
from tests.http.fakes import AUDIENCE, ISSUER, Gateway
from worker import build_worker

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 100


class Compliance:
    """The compliance officer of all facilities, at the public API."""

    def __init__(self, http: httpx.AsyncClient, keys: KeySet) -> None:
        self._http, self._caller = http, Gateway(keys)
        self._caller.now = wall_clock()

    def _headers(self) -> dict[str, str]:
        return self._caller.as_("cleo", "compliance-officer", facilities=["*"]) | {"Prefer": "wait=20"}

    async def get(self, path: str) -> Any:
        answer = await self._http.get(path, headers=self._headers())
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def tasks(self, count: int) -> list[Any]:
        """The worklist, once it has so many tasks: files and gateway have no way to tell when they are done."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = (await self.get("/v1/tasks"))["items"]
                if len(found) == count:
                    return list(found)
                await asyncio.sleep(LOOK_SECONDS)

    async def accept(self, task: Any) -> httpx.Response:
        body = {
            "decision_id": "decision-1",
            "action": "accept",
            "subject_version": task["subject_version"],
            "comment": "The author mends it tonight",
        }
        return await self._http.post(f"/v1/tasks/{task['task_id']}/decision", json=body, headers=self._headers())

    async def closed(self, case: str) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = (await self.get(f"/v1/cases/{case}"))["case"]
                if found["stage"] == "closed":
                    return found
                await asyncio.sleep(LOOK_SECONDS)


@pytest.fixture
async def compliance(
    evidence_dsn: str,
    evidence_pool: Pool,
    client: Client,
    world: World,
    issuer_keys: KeySet,
    policy_files: PolicyFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Compliance]:
    """A gateway that follows the files, and a worker; both keep their evidence in the same PostgreSQL."""
    monkeypatch.setattr(api.main, "configure_logs", lambda *_: None)  # it would take pytest's own handlers away
    (tmp_path / "jwks.json").write_text(json.dumps(issuer_keys.as_dict(private=False)))
    queue = f"incidents-{id(tmp_path)}"
    settings = GatewaySettings.model_validate(
        {
            "temporal_address": client.service_client.config.target_host,
            "temporal_namespace": client.namespace,
            "task_queue": queue,
            "database_dsn": evidence_dsn,
            "policies_dir": policy_files.folder,
            "policies_look_seconds": LOOK_SECONDS,
            "oidc_jwks": str(tmp_path / "jwks.json"),
            "oidc_issuer": ISSUER,
            "oidc_audience": AUDIENCE,
        }
    )
    app = create_app_from_settings(settings)
    ports = replace(world.ports(), evidence=PostgresEvidence(evidence_pool), reader=PostgresReader(evidence_pool))
    transport = httpx.ASGITransport(app=app)
    # The gateway starts processes in its own task, so that this holds for the whole test.
    with world.temporal.with_time_skipping_disabled():
        async with (
            build_worker(client, ports, queue),
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://gateway") as http,
        ):
            yield Compliance(http, issuer_keys)


async def test_a_broken_file_comes_before_compliance_and_is_answered(
    compliance: Compliance, policy_files: PolicyFiles
) -> None:
    assert await compliance.tasks(0) == []
    line = policy_files.replace("shared.yaml", ("value: ignore", f"value: {policy_files.folder.parent.name}"))
    (task,) = await compliance.tasks(1)
    assert (task["role"], task["facility"], task["exception_code"]) == (
        "compliance-officer",
        "shared",
        "policy-refused",
    )
    assert f"shared.yaml:{line} overrides[0].value:" in task["subject"]["evidence"]["faults"][0]
    listed = (await compliance.get("/v1/cases?process=housekeeping"))["items"]
    assert [case["case_id"] for case in listed] == [task["case_id"]]
    answer = await compliance.accept(task)
    assert answer.status_code == 200, answer.text
    assert (await compliance.closed(task["case_id"]))["status"] == "completed"
    assert await compliance.tasks(0) == []
    timeline = (await compliance.get(f"/v1/cases/{task['case_id']}/timeline"))["items"]
    assert [stored["entry"]["kind"] for stored in timeline] == [
        "incident.noticed",
        "exception.raised",
        "decision.applied",
        "case.closed",
    ]


async def test_mended_files_take_the_task_off_the_worklist(compliance: Compliance, policy_files: PolicyFiles) -> None:
    word = policy_files.folder.parent.name
    policy_files.replace("shared.yaml", ("value: ignore", f"value: {word}"))
    (task,) = await compliance.tasks(1)
    policy_files.replace("shared.yaml", (f"value: {word}", "value: ignore"))
    assert await compliance.tasks(0) == []
    assert (await compliance.closed(task["case_id"]))["status"] == "completed"
