"""How Tryton is served: its configuration, and the command that serves one database over HTTP."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from cli.stack.data_folder import write_private
from cli.stack.processes import ChildSpec
from cli.stack.tryton.environment import TrytonEnvironment

# `retry` is how often Tryton tries again itself when somebody else holds a sequence; `timeout` is for how long after
# its last call a session may approve payments. Prices are kept to six decimals, as contracts state them.
_CONFIGURATION = """\
[database]
uri = postgresql://postgres@/?host={socket_folder}
retry = 5
[session]
max_age = 86400
timeout = 300
[product]
price_decimal = 6
"""
NAME = "tryton"
WORKERS = 2
THREADS = 8
# Longer than clients keep a connection (5 s): who closes first decides whether a call meets a closed connection.
KEEP_ALIVE_SECONDS = 20


def server_spec(
    environment: TrytonEnvironment, dsn: str, address: str, folder: Path, log_path: Path, workers: int = WORKERS
) -> ChildSpec:
    """A child that serves the database of `dsn` at `address` (host:port). Its configuration is written into `folder`.
    The modules are loaded before the workers are forked, so that they share them and one that dies is replaced at once.

    Without the database's name in its environment Tryton 8.2 answers every request with an error for good.
    """
    configuration = write_configuration(folder / "trytond.conf", dsn)
    return ChildSpec(
        name=NAME,
        command=[
            str(environment.programs / "gunicorn"),
            *("--bind", address, "--worker-class", "gthread", "--workers", str(workers), "--threads", str(THREADS)),
            *(
                "--timeout",
                "120",
                "--keep-alive",
                str(KEEP_ALIVE_SECONDS),
                "--graceful-timeout",
                "5",
                "--no-control-socket",
                "--preload",
            ),
            "trytond.application:app",
        ],
        log_path=log_path,
        environment={"TRYTOND_CONFIG": str(configuration), "TRYTOND_DATABASE_NAMES": database_of(dsn)},
    )


def write_configuration(path: Path, dsn: str) -> Path:
    """Tryton's configuration file for the server of `dsn`, a connection string with the folder of a Unix socket."""
    socket_folder = parse_qs(urlsplit(dsn).query)["host"][0]
    write_private(path, _CONFIGURATION.format(socket_folder=socket_folder))
    return path


def database_of(dsn: str) -> str:
    return urlsplit(dsn).path.lstrip("/")


async def answers(url: str) -> bool:
    """Whether a Tryton answers at that address. It listens before it has loaded its modules, and answers after."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            answer = await client.post(f"{url}/rpc/", json={"id": 0, "method": "common.server.version", "params": []})
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK
