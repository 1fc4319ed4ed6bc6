"""Choosing ports, and saying who holds one that is taken."""

import contextlib
import errno
import os
import socket
from collections.abc import Mapping
from pathlib import Path

from cli.stack.errors import StackError
from cli.stack.settings import AUTO, StackSettings

# Port setting -> what listens there, in the words of the messages.
LISTENERS: Mapping[str, str] = {
    "temporal_port": "Temporal",
    "temporal_ui_port": "the Temporal Web UI",
    "gateway_port": "the gateway",
    "oidc_port": "the OIDC provider",
    "smtp_port": "the mail sink",
    "bank_port": "the bank",
    "identity_port": "the identity provider",
}


def choose_ports(settings: StackSettings, wanted: tuple[str, ...]) -> dict[str, int]:
    """A free port for each wanted setting: the configured one, or one from the operating system for `auto`.

    Raises StackError when a configured port is taken, given twice, or not ours to use.
    """
    _refuse_repeated(settings, wanted)
    with contextlib.ExitStack() as held:  # all are held until the last is chosen, so that none is chosen twice
        return {name: _claim(held, settings, name) for name in wanted}


def _refuse_repeated(settings: StackSettings, wanted: tuple[str, ...]) -> None:
    seen: dict[int, str] = {}
    for name in wanted:
        port = getattr(settings, name)
        if port == AUTO:
            continue
        if port in seen:
            raise StackError(
                f"{_variable(seen[port])} and {_variable(name)} are both {port}. Give each a port of its own."
            )
        seen[port] = name


def _claim(held: contextlib.ExitStack, settings: StackSettings, name: str) -> int:
    configured = getattr(settings, name)
    listener = held.enter_context(contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, 0 if configured == AUTO else configured))
    except OSError as error:
        raise StackError(_explain(name, configured, error)) from None
    return int(listener.getsockname()[1])


def _explain(name: str, port: int, error: OSError) -> str:
    remedy = f"Set {_variable(name)} to another port, or to auto."
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        by_whom = f" by {holder}" if holder else ""
        return f"Port {port} for {LISTENERS[name]} is taken{by_whom}. {remedy}"
    return f"Port {port} for {LISTENERS[name]} cannot be used: {error.strerror}. {remedy}"


def _variable(name: str) -> str:
    return f"CORRIDOR_{name.upper()}"


def holder_of(port: int) -> str | None:
    """The process that listens on a local TCP port, as `name (pid 123)`; None where /proc does not tell."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if _holds_socket(process, inodes):
            return f"{_name_of(process)} (pid {process.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                listening = columns[3] == "0A"
                if listening and int(columns[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(columns[9])
    return inodes


def _holds_socket(process: Path, inodes: set[str]) -> bool:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # somebody else's process, or one that has just ended
        return False
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            if os.readlink(descriptor).removeprefix("socket:[").removesuffix("]") in inodes:  # noqa: PTH115 - not a path
                return True
    return False


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a process"
