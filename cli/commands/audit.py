"""`corridor audit verify`: does the evidence hold?"""

from __future__ import annotations

from typing import Annotated, Any

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
    """Check every entry against its chain, and the chains against the checkpoints; exit 1 and name each row that
    was tampered with.

    Example: corridor audit verify
    """
    answer = connect(persona).get("/v1/audit/verify", case_id=case_id)
    rows = [(fault["table"], fault["case_id"], str(fault["position"]), fault["message"]) for fault in answer["faults"]]
    show(answer, as_json, table_of(("table", "case", "position", "fault"), rows, title=_read(answer)))
    exit_settled(FAILED if answer["faults"] else 0)


def _read(answer: dict[str, Any]) -> str:
    """What was checked, with the checkpoint that an auditor compares with the one kept elsewhere."""
    last = answer["last_checkpoint"]
    lines = [f"{answer['entries_read']} entries and {answer['checkpoints_read']} checkpoints checked"]
    if last:
        lines.append(f"last checkpoint {last['number']} of {last['taken_at']}: {last['hash']}")
    if last and not answer["signatures_checked"]:
        lines.append("signatures were not checked: the gateway has no public keys")
    return "\n".join(lines)
