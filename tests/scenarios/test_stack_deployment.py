"""`corridor setup` and `corridor health`, as the containers of a deployment run them, against a real server."""

import asyncio
import json
import os
import sys
from pathlib import Path

from cli.stack import EmbeddedStack, Service, StackAddresses, polls_task_queue
from cli.stack.temporal_cli import ask
from tests.fixtures.embedded_stack import PROJECT_ROOT, stack_settings
from workflows.messages.procure_to_pay import TASK_QUEUE

WORKER = f"""
import asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

@workflow.defn(sandboxed=False)
class Idle:
    @workflow.run
    async def run(self) -> None: ...

async def main():
    client = await Client.connect(**ClientConfig.load_client_connect_config())
    await Worker(client, task_queue={TASK_QUEUE!r}, workflows=[Idle]).run()

asyncio.run(main())
"""


async def corridor(addresses: StackAddresses, namespace: str, *arguments: str) -> tuple[int, str]:
    databases = {
        "CORRIDOR_DATABASE_DSN": addresses.dsn("corridor"),
        "CORRIDOR_ERP_DSN": addresses.dsn("erp"),
        "CORRIDOR_HRIS_DSN": addresses.dsn("hris"),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *arguments),
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            **databases,
            "TEMPORAL_ADDRESS": addresses.temporal,
            "TEMPORAL_NAMESPACE": namespace,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def worker() -> Service:
    def environment(addresses: StackAddresses) -> dict[str, str]:
        return {"TEMPORAL_ADDRESS": addresses.temporal}

    return Service("worker", lambda _: [sys.executable, "-c", WORKER], environment, polls_task_queue(TASK_QUEUE))


async def test_setup_makes_what_is_missing_and_can_be_repeated(tmp_path: Path) -> None:
    async with EmbeddedStack(stack_settings(tmp_path), parts=("postgres", "temporal")) as stack:
        code, output = await corridor(stack.addresses, "hospital", "setup", "--retention-days", "7")
        assert code == 0, output
        assert "Namespace hospital: made" in output
        described = await ask(stack.addresses.temporal, "hospital", "operator", "namespace", "describe")
        assert json.loads(described or b"")["config"]["workflowExecutionRetentionTtl"] == "604800s"
        code, output = await corridor(stack.addresses, "hospital", "setup")
        assert code == 0, output
        assert "Namespace hospital: present" in output
        assert "Search attributes: all present" in output


async def test_health_of_a_worker_follows_the_worker(tmp_path: Path) -> None:
    async with EmbeddedStack(stack_settings(tmp_path), parts=("temporal",), services=[worker()]) as stack:
        assert await corridor(stack.addresses, "default", "health", "worker") == (0, "worker: works\n")
        await stack.kill("worker")
        await stack.start("worker")  # is ready only when this very process polls
        assert await corridor(stack.addresses, "default", "health", "worker") == (0, "worker: works\n")


async def test_health_says_no_without_a_worker_a_gateway_or_a_server(tmp_path: Path) -> None:
    async with EmbeddedStack(stack_settings(tmp_path), parts=("temporal",)) as stack:
        addresses = stack.addresses
        assert await corridor(addresses, "default", "health", "worker") == (1, "worker: does not work\n")
    nowhere = ("health", "gateway", "--url", "http://127.0.0.1:1")
    assert await corridor(addresses, "default", *nowhere) == (1, "gateway: does not work\n")
    code, output = await corridor(addresses, "default", "health", "worker")
    assert code == 1
    assert output.startswith("worker: ")
    assert "Traceback" not in output
