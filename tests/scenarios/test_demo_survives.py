"""The whole demonstration from outside, with its worker killed in the middle: it ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 700
PORTS = ("TEMPORAL", "TEMPORAL_UI", "GATEWAY", "OIDC", "SMTP", "BANK", "IDENTITY")


def environment(folder: Path) -> dict[str, str]:
    """Ports that the operating system chooses, and data of its own."""
    ports = {f"CORRIDOR_{name}_PORT": "auto" for name in PORTS}
    return os.environ | ports | {"CORRIDOR_DATA_DIR": str(folder), "COLUMNS": "160", "PYTHONPATH": str(REPOSITORY)}


def worker_process(folder: Path) -> int | None:
    """The process id of the worker of the stack in this folder."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            surroundings = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"worker" in command and str(folder).encode() in surroundings:
            return int(entry.name)
    return None


def kill_when(there: Callable[[], bool], folder: Path, stop: Event) -> Thread:
    """Kill the worker once, as soon as the condition holds."""

    def watch() -> None:
        while not stop.wait(0.5):
            process = worker_process(folder) if there() else None
            if process is not None:
                os.kill(process, signal.SIGKILL)
                (folder / "killed").touch()
                return

    thread = Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.timeout(DEADLINE_SECONDS + 60)
def test_killing_the_worker_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    mail = folder / "demo" / "mail"

    def orders_are_going_out() -> bool:
        return mail.is_dir() and len(list(mail.iterdir())) >= 20

    stop = Event()
    killer = kill_when(orders_are_going_out, folder, stop)
    run = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo"],
        cwd=REPOSITORY,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    stop.set()
    killer.join(5)
    assert (folder / "killed").exists(), "the worker was not killed, so that nothing is proven"
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert "112 of 112 cases ended as told" in run.stdout
    assert "52 of 52 bills ended as told" in run.stdout
    assert "40 of 40 hires stand as told" in run.stdout
