"""`corridor audit verify`: does the evidence hold?"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.gateway_client import FAILED, As, AsJson, connect, show, table_of
from cli.settle import exit_settled

app = typer.Typer(help="The evidence and its hash chain.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The evidence and its hash chain."""


@app.command()
def verify(
    case_id: Annotated[str | None, typer.Argument(help="One case; all of them without it.")] = None,
    persona: As = "k.mensah",
    as_json: AsJson = False,
) -> None:
    """Check every timeline entry against the chain; exit 1 and name the place when one was tampered with.

    Example: corridor audit verify
    """
    answer = connect(persona).get("/v1/audit/verify", case_id=case_id)
    rows = [(fault["case_id"], str(fault["position"]), fault["message"]) for fault in answer["faults"]]
    table = table_of(("case", "position", "fault"), rows, title=f"{answer['entries_read']} entries checked")
    show(answer, as_json, table)
    exit_settled(FAILED if answer["faults"] else 0)
