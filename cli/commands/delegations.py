"""`corridor delegations`: who decides for whom while they are away."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.gateway_client import As, AsJson, connect, show, table_of

app = typer.Typer(help="Substitutes: who decides for whom, for how long, and for what.", no_args_is_help=True)
_MINUTES = ["%Y-%m-%dT%H:%M", "%Y-%m-%d"]


@app.command("list")
def list_(
    persona: As,
    person: Annotated[str | None, typer.Option(help="Those of somebody else, for who oversees them.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """The delegations that a persona gave and received, the latest first.

    Example: corridor delegations list --as n.okafor
    """
    answer = connect(persona).get("/v1/delegations", person=person, limit=limit)
    columns = ("delegation", "from", "to", "state", "since (UTC)", "until (UTC)", "covers")
    show(answer, as_json, table_of(columns, [_row(item) for item in answer["items"]], when_wide=("since (UTC)",)))


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    since, until = (str(item[name])[:16] for name in ("valid_from", "valid_until"))
    return (item["delegation_id"], item["delegator"], item["delegate"], item["state"], since, until, _scope(item))


def _scope(item: dict[str, Any]) -> str:
    scope = item["scope"]
    words = [", ".join(scope[name]) for name in ("facilities", "roles", "categories") if scope[name]]
    if scope["max_amount"] is not None:
        words.append(f"up to {scope['max_amount']}")
    if scope["task_id"] is not None:
        words.append(scope["task_id"])
    return "; ".join(words) or "everything"


@app.command()
def add(
    to: Annotated[str, typer.Option("--to", help="Who decides in their place.")],
    until: Annotated[datetime, typer.Option(help="When it ends, in UTC.", formats=_MINUTES)],
    persona: As,
    since: Annotated[datetime | None, typer.Option("--from", help="When it begins, in UTC.", formats=_MINUTES)] = None,
    of: Annotated[str | None, typer.Option(help="For somebody else, as the process owner.")] = None,
    facility: Annotated[list[str] | None, typer.Option(help="Only these facilities.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Only these roles.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only these categories.")] = None,
    max_amount: Annotated[str | None, typer.Option(help="Only up to this amount.")] = None,
    reason: Annotated[str, typer.Option("--comment", "-m", help="Why.")] = "",
    dry_run: Annotated[bool, typer.Option("--preview", help="Only show what the substitute would get.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let somebody decide in the persona's place, for a time and within a scope.

    Example: corridor delegations add --to m.hale --until 2026-12-24 --role cost-centre-owner --as l.whitcomb
    """
    scope: dict[str, Any] = {"facilities": facility or [], "roles": role or [], "categories": category or []}
    if max_amount is not None:
        scope["max_amount"] = max_amount
    body: dict[str, Any] = {
        "delegation_id": uuid4().hex,
        "delegate": to,
        "valid_until": f"{until:%Y-%m-%dT%H:%M:%S}Z",
        "scope": scope,
        "reason": reason,
    }
    if since is not None:
        body["valid_from"] = f"{since:%Y-%m-%dT%H:%M:%S}Z"
    if of is not None:
        body["delegator"] = of
    answer = connect(persona).post("/v1/delegations/preview" if dry_run else "/v1/delegations", body)
    show(answer, as_json, _preview(answer) if dry_run else _made(answer))


def _preview(answer: dict[str, Any]) -> Any:
    count = "more than can be counted in passing" if answer["open_tasks"] is None else answer["open_tasks"]
    rows = [(task["task_id"], task["title"]) for task in answer["tasks"]]
    return table_of(("task", "what"), rows, title=f"The substitute would get open tasks: {count}")


def _made(answer: dict[str, Any]) -> Any:
    columns = ("delegation", "from", "to", "until (UTC)", "open tasks")
    until, count = str(answer["valid_until"])[:16], answer["open_tasks"]
    row = (answer["delegation_id"], answer["delegator"], answer["delegate"], until, "" if count is None else str(count))
    return table_of(columns, [row])


@app.command()
def revoke(
    delegation_id: Annotated[str, typer.Argument()],
    persona: As,
    as_json: AsJson = False,
) -> None:
    """End a delegation at once.

    Example: corridor delegations revoke 4f1c2a9b7d8e4c0fa1b2c3d4e5f60718 --as l.whitcomb
    """
    answer = connect(persona).post(f"/v1/delegations/{delegation_id}/revoke", None)
    show(answer, as_json, table_of(("delegation", "state"), [(answer["delegation_id"], answer["state"])]))
