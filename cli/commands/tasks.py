"""`corridor tasks` and `decide`: the worklist of a persona."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.gateway_client import As, AsJson, connect, show, table_of


def tasks(
    persona: As,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """The open tasks of a persona, the most urgent first.

    Example: corridor tasks --as n.okafor
    """
    answer = connect(persona).get("/v1/tasks", limit=limit)
    columns = ("task", "what", "why", "due (UTC)", "actions")
    rows = [_row(item.get("task", item)) for item in answer["items"]]
    show(answer, as_json, table_of(columns, rows, when_wide=("what", "why", "due (UTC)")))


def _row(task: dict[str, Any]) -> tuple[str, ...]:
    due = str(task.get("due_at") or "")[:16]
    return (task["task_id"], task["title"], task["why"], due, ", ".join(task["actions"]))


def decide(
    task_id: Annotated[str, typer.Argument()],
    action: Annotated[str, typer.Argument(help="approve, reject, return, retry, skip ...")],
    persona: As,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why; most refusals need it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Answer a task as a persona.

    Example: corridor decide procure-to-pay.north.REQ-118:approve-director.2 approve --as n.okafor
    """
    client = connect(persona)
    found = client.get(f"/v1/tasks/{task_id}")
    task = found.get("task", found)
    body = {
        "decision_id": uuid4().hex,
        "action": action,
        "subject_version": task["subject_version"],
        "comment": comment,
    }
    show(client.post(f"/v1/tasks/{task_id}/decision", body, {"Prefer": "wait=10"}), as_json)
