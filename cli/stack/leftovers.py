"""Children of a stack that was killed: they are on their way out, and a new stack waits for that.

Each child is tethered to its parent and so begins to stop when the parent is killed. Until it has stopped it
holds its port and its files. Here the next stack waits for the ones it knows of, and ends those that stay.
"""

import contextlib
import json
import os
import signal
from pathlib import Path

from cli.stack.data_folder import write_private
from cli.stack.waiting import wait_until

RECORD_NAME = "children.json"
PATIENCE_SECONDS = 10.0


def record_children(run_folder: Path, pids: dict[str, int]) -> None:
    """Note which processes are this stack's. The start time tells one from a later one with the same pid."""
    record = {name: {"pid": pid, "started": start_time(pid)} for name, pid in pids.items()}
    write_private(run_folder / RECORD_NAME, json.dumps(record))


async def end_leftovers(run_folder: Path, patience_seconds: float = PATIENCE_SECONDS) -> list[str]:
    """Wait for recorded children that still run, then end them by force; returns the names of the forced."""
    leftovers = _still_running(run_folder)
    await wait_until(lambda: not any(_is_same(*child) for child in leftovers.values()), patience_seconds)
    forced = [name for name, child in leftovers.items() if _is_same(*child)]
    for name in forced:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leftovers[name][0], signal.SIGKILL)
    return forced


def _still_running(run_folder: Path) -> dict[str, tuple[int, int]]:
    try:
        record = json.loads((run_folder / RECORD_NAME).read_text())
        children = {str(name): (int(child["pid"]), int(child["started"])) for name, child in record.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # no record, or one cut short by the kill: the ports will tell
    return {name: child for name, child in children.items() if _is_same(*child)}


def _is_same(pid: int, started: int) -> bool:
    return started != 0 and start_time(pid) == started


def start_time(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 if it has ended or the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0
    ended = fields[0] in {"Z", "X"}
    return 0 if ended else int(fields[19])
