"""`corridor token`: an access token of a persona of the embedded stack."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from cli.settle import exit_settled
from cli.stack import StackError, fetch_token, known_personas, load_settings, password_of
from cli.stack.addresses import find_running_stack

FAILED = 1


def token(
    persona: Annotated[str | None, typer.Argument(help="Its id; without one, all are listed.")] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Its password instead, for the page of the identity provider.")
    ] = False,
) -> None:
    """Print an access token, for use as `Authorization: Bearer ...`.

    Example: curl -H "Authorization: Bearer $(corridor token portal)" http://127.0.0.1:8080/v1/cases
    """
    try:
        addresses = find_running_stack(load_settings())
        if persona is None:
            text = "\n".join(known_personas(addresses))
        else:
            text = password_of(addresses, persona) if password else asyncio.run(fetch_token(addresses, persona))
    except StackError as error:
        Console(stderr=True).print(str(error), markup=False, soft_wrap=True)
        exit_settled(FAILED)
    typer.echo(text)
