"""The embedded stack as a person meets it: in a terminal, with Ctrl-C, dead children and taken ports."""

import os
import signal
import socket
from pathlib import Path

from tests.fixtures.embedded_stack import WHOLE, all_gone, foreground, processes_of


async def test_the_whole_stack_says_where_everything_is_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    async with foreground(tmp_path, what=WHOLE) as up:
        await up.until("Ctrl-C stops it")
        assert set(up.children()) == {"postgres", "temporal", "oidc", "mail", "bank", "identity", "worker", "gateway"}
        assert "API documentation" in up.output
        assert f"host={tmp_path}" in up.output
        assert processes_of(tmp_path)
        os.kill(up.process.pid, signal.SIGINT)
        assert await up.ended() == 0, up.output
    assert "its data stays" in up.output
    assert processes_of(tmp_path) == []


async def test_a_stop_while_the_stack_still_starts_leaves_nothing_behind(tmp_path: Path) -> None:
    async with foreground(tmp_path) as up:
        await up.until("temporal")
        os.kill(up.process.pid, signal.SIGTERM)
        assert await up.ended() == 0, up.output
    assert processes_of(tmp_path) == []


async def test_a_child_that_dies_is_reported_and_ends_the_stack(tmp_path: Path) -> None:
    async with foreground(tmp_path) as up:
        await up.until("Ctrl-C stops it")
        os.kill(up.children()["temporal"], signal.SIGKILL)
        assert await up.ended() == 1
    assert "temporal was ended by signal 9" in up.output
    assert "Traceback" not in up.output
    assert str(tmp_path / "logs" / "temporal.log") in up.output
    assert processes_of(tmp_path) == []


async def test_a_taken_port_is_named_with_its_holder_and_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        async with foreground(tmp_path, {"CORRIDOR_SMTP_PORT": str(port)}) as up:
            assert await up.ended() == 1
    assert f"Port {port} for the mail sink is taken by" in up.output
    assert f"(pid {os.getpid()})" in up.output
    assert "CORRIDOR_SMTP_PORT" in up.output
    assert processes_of(tmp_path) == []


async def test_a_folder_that_another_stack_uses_is_refused(tmp_path: Path) -> None:
    async with foreground(tmp_path) as first:
        await first.until("postgres")
        async with foreground(tmp_path) as second:
            assert await second.ended() == 1
        assert f"in use by another stack (pid {first.process.pid})" in second.output


async def test_children_die_with_a_killed_parent_and_the_next_start_succeeds(tmp_path: Path) -> None:
    async with foreground(tmp_path) as killed:
        await killed.until("Ctrl-C stops it")
        os.kill(killed.process.pid, signal.SIGKILL)
        await killed.process.wait()
        orphans = killed.children()
        async with foreground(tmp_path) as up:  # at once, while the children of the first are still on their way out
            await up.until("Ctrl-C stops it")
            assert not set(up.children().values()) & set(orphans.values())
            os.kill(up.process.pid, signal.SIGINT)
            assert await up.ended() == 0, up.output
    assert await all_gone(tmp_path)
