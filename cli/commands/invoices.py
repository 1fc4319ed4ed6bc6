"""`corridor invoices`: hand in the documents of suppliers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.gateway_client import FAILED, As, AsJson, connect, show, table_of
from cli.settle import exit_settled

TYPES = {".xml": "application/xml", ".pdf": "application/pdf", ".json": "application/json"}

app = typer.Typer(help="Invoices: hand in a document.", no_args_is_help=True)


@app.callback()
def invoices() -> None:
    """Invoices: hand in a document."""


@app.command()
def post(
    file: Annotated[
        Path, typer.Argument(help="An invoice as XML (UBL, CII), PDF or JSON.", exists=True, dir_okay=False)
    ],
    facility: Annotated[str | None, typer.Option(help="Whose it is, where the document does not tell.")] = None,
    persona: As = "t.moran",
    as_json: AsJson = False,
) -> None:
    """Hand in an invoice or a credit note; the same file again is the same case.

    Example: corridor invoices post May.xml --facility north --as t.moran
    """
    media_type = TYPES.get(file.suffix.lower())
    if media_type is None:
        typer.echo(f"{file.name}: the name must end with one of {', '.join(TYPES)}.", err=True)
        exit_settled(FAILED)
    answer = connect(persona).upload("/v1/invoices", file.read_bytes(), media_type, facility=facility)
    rows = [(answer["case_id"], f"corridor case {answer['case_id']}")]
    show(answer, as_json, table_of(("case", "where to look"), rows, when_wide=("where to look",)))
