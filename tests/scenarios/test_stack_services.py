"""Services of the stack: started after the steps, watched, killed and started again."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from cli.stack import DeadChildError, EmbeddedStack, Service, StackAddresses, StackError, Step, answers_http
from cli.stack.foreground import run_in_foreground
from cli.stack.processes import Child
from tests.fixtures.embedded_stack import processes_of, stack_settings

SERVER = """
import http.server, os, pathlib, signal, sys
port, name = sys.argv[1:]
if "deaf" in name:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["GREETING"].encode())
print("serving", name, flush=True)
http.server.HTTPServer(("127.0.0.1", int(port)), Answer).serve_forever()
"""


def gateway(folder: Path, *, restarts: int = 0, name: str = "gateway") -> Service:
    def command(addresses: StackAddresses) -> list[str]:
        return [sys.executable, "-c", SERVER, addresses.gateway_url.rsplit(":", 1)[1], f"{folder}-{name}"]

    return Service(name, command, lambda _: {"GREETING": "good day"}, answers_http("/readyz"), restarts)


async def greeting(addresses: StackAddresses) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(addresses.gateway_url)).text


async def test_services_start_after_the_steps_and_come_back_after_a_kill(tmp_path: Path) -> None:
    order: list[str] = []

    async def migrate(addresses: StackAddresses) -> None:
        order.append(f"migrate {addresses.dsn('corridor')}")

    settings = stack_settings(tmp_path)
    stack = EmbeddedStack(settings, parts=(), steps=[Step("migrate", migrate)], services=[gateway(tmp_path)])
    async with stack:
        assert order == [f"migrate postgresql://postgres@/corridor?host={stack.addresses.postgres_socket_folder}"]
        first = stack.child("gateway").pid
        await stack.kill("gateway")
        with pytest.raises(httpx.TransportError):
            await greeting(stack.addresses)
        await stack.start("gateway")
        assert stack.child("gateway").pid != first
        assert await greeting(stack.addresses) == "good day"
        with pytest.raises(StackError, match="running already"):
            await stack.start("gateway")
    assert processes_of(tmp_path) == []


async def test_a_service_may_die_as_often_as_it_is_allowed_to(tmp_path: Path) -> None:
    stack = EmbeddedStack(stack_settings(tmp_path), parts=(), services=[gateway(tmp_path, restarts=1)])
    async with stack:
        watch = asyncio.ensure_future(stack.watch())
        first = stack.child("gateway")
        os.kill(first.pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while stack.child("gateway") is first:  # noqa: ASYNC110 - the new child is announced to the terminal only
                await asyncio.sleep(0.02)
            second = stack.child("gateway")
            await second.wait_ready(lambda: answers_http("/")(second, stack.addresses), 20)
            os.kill(second.pid, signal.SIGKILL)
            with pytest.raises(DeadChildError, match=r"gateway was ended by signal 9"):
                await watch
    assert processes_of(tmp_path) == []


async def test_a_service_that_dies_while_it_starts_is_reported_with_its_last_words(tmp_path: Path) -> None:
    dying = Service(
        name="worker",
        command=lambda _: [sys.executable, "-c", "import sys; sys.exit('no policy file was found')"],
        environment=lambda _: {},
        ready=answers_http("/"),
    )
    with pytest.raises(DeadChildError, match=r"(?s)worker ended with exit code 1\..*no policy file was found"):
        async with EmbeddedStack(stack_settings(tmp_path), parts=("mail",), services=[dying]):
            pass
    assert processes_of(tmp_path) == []


async def test_a_service_that_never_gets_ready_ends_the_start_at_the_deadline(tmp_path: Path) -> None:
    async def never(child: Child, addresses: StackAddresses) -> bool:
        return False

    sleeper = Service("worker", lambda _: ["sleep", "600"], lambda _: {}, never)
    settings = stack_settings(tmp_path, start_deadline_seconds=0.3)
    with pytest.raises(StackError, match=r"worker did not answer within 0\.3 s"):
        async with EmbeddedStack(settings, parts=(), services=[sleeper]):
            pass


async def test_a_failing_step_stops_what_was_started(tmp_path: Path) -> None:
    async def migrate(addresses: StackAddresses) -> None:
        raise ValueError("migration 7 does not fit")

    with pytest.raises(StackError, match="migrate failed: migration 7 does not fit"):
        async with EmbeddedStack(stack_settings(tmp_path), parts=("mail",), steps=[Step("migrate", migrate)]):
            pass
    assert processes_of(tmp_path) == []


async def test_a_program_that_is_missing_is_reported(tmp_path: Path) -> None:
    missing = Service("worker", lambda _: ["/nowhere/worker"], lambda _: {}, answers_http("/"))
    with pytest.raises(DeadChildError, match=r"(?s)worker ended.*/nowhere/worker cannot be run: No such file"):
        async with EmbeddedStack(stack_settings(tmp_path), parts=(), services=[missing]):
            pass


async def test_a_child_that_does_not_listen_is_ended_by_force_after_its_grace(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, stop_grace_seconds=0.2)
    async with EmbeddedStack(settings, parts=(), services=[gateway(tmp_path, name="deaf")]) as stack:
        child = stack.child("deaf")
    assert await child.wait() == -signal.SIGKILL
    assert processes_of(tmp_path) == []


async def test_a_second_interrupt_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, stop_grace_seconds=600)
    stack = EmbeddedStack(settings, parts=(), services=[gateway(tmp_path, name="deaf")])

    async def interrupt_twice(running: EmbeddedStack) -> int:
        loop = asyncio.get_running_loop()
        os.kill(os.getpid(), signal.SIGINT)
        loop.call_later(0.3, os.kill, os.getpid(), signal.SIGINT)
        return await asyncio.Event().wait()

    async with asyncio.timeout(20):
        assert await run_in_foreground(stack, interrupt_twice, interrupted=130) == 130
    assert processes_of(tmp_path) == []
