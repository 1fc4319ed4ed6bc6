"""`corridor submit`, `cases`, `case`, `act`: requests and where they are."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.gateway_client import As, AsJson, connect, money, show, table_of


def submit(
    file: Annotated[Path, typer.Argument(help="A requisition as JSON, or - for standard input.")],
    persona: As = "portal",
    as_json: AsJson = False,
) -> None:
    """Post a requisition.

    Example: corridor submit requisition.json --as portal
    """
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    answer = connect(persona).post("/v1/requisitions", json.loads(text))
    rows = [(answer["case_id"], f"corridor case {answer['case_id']}")]
    table = table_of(("case", "where to look"), rows, when_wide=("where to look",))
    show(answer, as_json, table)


def cases(
    facility: Annotated[str | None, typer.Option(help="Only this facility.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only this stage, such as approval.")] = None,
    status: Annotated[str | None, typer.Option(help="running, completed, rejected ...")] = None,
    role: Annotated[str | None, typer.Option(help="Waiting for this role.")] = None,
    supplier: Annotated[str | None, typer.Option(help="With this supplier.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    persona: As = "k.mensah",
    as_json: AsJson = False,
) -> None:
    """List cases, the newest first.

    Example: corridor cases --facility north --stage approval --role finance-controller
    """
    query: dict[str, Any] = {
        "facility": facility,
        "stage": stage,
        "status": status,
        "awaiting_role": role,
        "supplier": supplier,
        "limit": limit,
    }
    answer = connect(persona).get("/v1/cases", **query)
    columns = ("case", "status", "stage", "amount", "waits for", "since (UTC)", "due (UTC)")
    rows = [_row(row) for row in answer["items"]]
    show(answer, as_json, table_of(columns, rows, when_wide=("status", "amount", "since (UTC)", "due (UTC)")))


def _row(shot: dict[str, Any]) -> tuple[str, ...]:
    since, due = (str(shot.get(key) or "")[:16] for key in ("awaiting_since", "due_at"))
    waits = shot.get("awaiting_role") or shot.get("awaiting") or shot["status"]
    return (shot["case_id"], shot["status"], shot["stage"], _price(shot), waits, since, due)


def case(
    case_id: Annotated[str, typer.Argument(help="Such as procure-to-pay.north.REQ-118.")],
    persona: As = "k.mensah",
    as_json: AsJson = False,
) -> None:
    """Show one case with its timeline.

    Example: corridor case procure-to-pay.north.REQ-118
    """
    client = connect(persona)
    answer = client.get(f"/v1/cases/{case_id}")
    timeline = client.get(f"/v1/cases/{case_id}/timeline", limit=200)
    entries = [stored.get("entry", stored) for stored in timeline["items"]]
    rows = [(str(entry["at"])[:19], _who(entry), _what(entry)) for entry in entries]
    table = table_of(("at (UTC)", "who", "what"), rows, title=_headline(answer))
    show({"case": answer, "timeline": timeline["items"]}, as_json, table)


def _who(entry: dict[str, Any]) -> str:
    behalf = entry.get("on_behalf_of")
    return str(entry["actor"]) if behalf is None else f"{entry['actor']} for {behalf}"


def _what(entry: dict[str, Any]) -> str:
    """The summary, and what the person wrote where that is not the summary itself."""
    comment = str(entry.get("detail", {}).get("comment") or "")
    return f"{entry['summary']}: {comment}" if comment and comment not in entry["summary"] else str(entry["summary"])


def _headline(answer: dict[str, Any]) -> str:
    shot = answer.get("case", answer)
    waits = shot.get("awaiting") or "nobody"
    if shot.get("awaiting_role") and shot.get("awaiting"):
        waits = f"{shot['awaiting_role']}: {waits.removesuffix(' · ' + shot['title'])}"
    parts = (shot["status"], shot["stage"], _price(shot))
    return f"{shot['title']}: {', '.join(filter(None, parts))}; waits for {waits}"


def _price(shot: dict[str, Any]) -> str:
    """Nothing where nothing is bought."""
    return money(shot["amount"]) if Decimal(shot["amount"]["amount"]) else ""


def act(
    case_id: Annotated[str, typer.Argument()],
    action: Annotated[
        str, typer.Argument(help="withdraw, hold, resume, cancel, cancel-line, close-short, add-watcher ...")
    ],
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why.")] = "",
    line: Annotated[int | None, typer.Option(help="The requisition line, for cancel-line.")] = None,
    person: Annotated[str | None, typer.Option(help="Whom it concerns: add-approver, add-watcher ...")] = None,
    persona: As = "n.bergstrom",
    as_json: AsJson = False,
) -> None:
    """Ask for an action on a whole case.

    Example: corridor act procure-to-pay.north.REQ-118 hold -m "waiting for the new agreement"
    """
    body: dict[str, Any] = {"action_id": uuid4().hex, "comment": comment}
    body |= {name: value for name, value in (("line", line), ("person", person)) if value is not None}
    show(connect(persona).post(f"/v1/cases/{case_id}/actions/{action}", body, {"Prefer": "wait=10"}), as_json)
