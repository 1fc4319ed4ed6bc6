"""The public HTTP API as the command line uses it: as some persona, with readable errors."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.settle import exit_settled
from cli.stack import StackError, fetch_token, load_settings
from cli.stack.addresses import find_running_stack

FAILED = 1
PATIENCE_SECONDS = 60
WIDE = 130
REFUSED = 2

As = Annotated[str, typer.Option("--as", help="Act as this persona of the embedded stack.", envvar="CORRIDOR_AS")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]

_out = Console(soft_wrap=False)
_err = Console(stderr=True, soft_wrap=True)


class GatewayClient:
    """One caller at one gateway."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False)

    def get(self, path: str, *, patience_seconds: float = PATIENCE_SECONDS, **query: Any) -> Any:
        given = {key: value for key, value in query.items() if value}
        return self._answer(self._http.get(path, params=given, timeout=patience_seconds))

    def download(self, path: str) -> bytes:
        """The bytes of a file; a problem is printed and ends the command."""
        response = self._http.get(path)
        if not response.is_success:
            print_problem(response)
            exit_settled(REFUSED)
        return response.content

    def upload(self, path: str, content: bytes, media_type: str, **query: Any) -> Any:
        """Post a document as it is."""
        given = {key: value for key, value in query.items() if value}
        return self._answer(self._http.post(path, content=content, params=given, headers={"Content-Type": media_type}))

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        return self._answer(self._http.post(path, json=body, headers=headers))

    def _answer(self, response: httpx.Response) -> Any:
        """The JSON of a success; a problem is printed and ends the command."""
        if not response.is_success:
            print_problem(response)
            exit_settled(REFUSED)
        return response.json() if response.content else None


def print_problem(response: httpx.Response) -> None:
    """Say what the gateway refused and what to change."""
    try:
        problem = response.json()
    except ValueError:
        _err.print(f"{response.status_code} {response.reason_phrase}: {response.text[:500]}", markup=False)
        return
    _err.print(f"{problem.get('title', response.reason_phrase)} ({response.status_code})", style="bold red")
    _err.print(problem.get("detail", ""), markup=False)
    for fault in problem.get("errors", ()):
        _err.print(f"  {_where(fault)}: {fault.get('message', '')}", markup=False)


def _where(fault: dict[str, Any]) -> str:
    """What a fault is about: a part of the body, a parameter, or a place in a document."""
    return str(next((fault[key] for key in ("pointer", "parameter", "place", "code") if fault.get(key)), ""))


def connect(persona: str) -> GatewayClient:
    """A client of the embedded stack, or of CORRIDOR_URL with CORRIDOR_TOKEN when these are set."""
    url, token = os.environ.get("CORRIDOR_URL"), os.environ.get("CORRIDOR_TOKEN", "")
    if url:
        return GatewayClient(url, token)
    try:
        addresses = find_running_stack(load_settings())
        return GatewayClient(addresses.gateway_url, token or asyncio.run(fetch_token(addresses, persona)))
    except StackError as error:
        _err.print(str(error), markup=False)
        exit_settled(FAILED)


def show(answer: Any, as_json: bool, table: Table | None = None) -> None:
    """Print as JSON when asked to, or where there is no better way."""
    if as_json or table is None:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False, default=str))
    else:
        _out.print(table)


def table_of(
    columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None, when_wide: Sequence[str] = ()
) -> Table:
    """A table that fits the terminal: columns named in `when_wide` are left out where there is no room for them.

    What people wrote is shown as it stands: brackets in it are no markup.
    """
    shown = [at for at, column in enumerate(columns) if _out.width >= WIDE or column not in when_wide]
    table = Table(
        title=None if title is None else Text(title),
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for at in shown:
        # The first column is what one copies into the next command.
        table.add_column(columns[at], overflow="fold", no_wrap=at == 0)
    for row in rows:
        table.add_row(*(Text(row[at]) for at in shown))
    return table


def money(amount: dict[str, Any]) -> str:
    return f"{amount['amount']} {amount['currency']}"
