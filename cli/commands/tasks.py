"""`corridor tasks` and `decide`: the worklist of a persona, and what they do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.gateway_client import As, AsJson, connect, show, table_of

app = typer.Typer(help="The worklist of a persona: show it, answer it, hand it over.", invoke_without_command=True)

TaskId = Annotated[str, typer.Argument()]
To = Annotated[str, typer.Option("--to", help="Who gets it.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why.")]
_WAIT = {"Prefer": "wait=10"}


@app.callback()
def tasks(
    context: typer.Context,
    persona: Annotated[
        str | None, typer.Option("--as", help="Act as this persona of the embedded stack.", envvar="CORRIDOR_AS")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """The open tasks of a persona, the most urgent first; those of whom they stand in for among them.

    Example: corridor tasks --as n.okafor
    """
    if context.invoked_subcommand is not None:
        return
    if persona is None:
        raise typer.BadParameter("say as whom", context, param_hint="--as")
    answer = connect(persona).get("/v1/tasks", limit=limit)
    columns = ("task", "what", "why", "for", "due (UTC)", "actions")
    rows = [_row(item) for item in answer["items"]]
    show(answer, as_json, table_of(columns, rows, when_wide=("what", "why", "due (UTC)")))


def _row(task: dict[str, Any]) -> tuple[str, ...]:
    due = str(task.get("due_at") or "")[:16]
    behalf = ", ".join(task.get("acting_for") or ())
    return (task["task_id"], task["title"], task["why"], behalf, due, ", ".join(task["actions"]))


@app.command()
def decide(
    task_id: TaskId,
    action: Annotated[str, typer.Argument(help="approve, reject, return, retry, skip ...")],
    persona: As,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why; most refusals need it.")] = "",
    on_behalf_of: Annotated[str | None, typer.Option(help="In whose place; needs a delegation of theirs.")] = None,
    worker: Annotated[str | None, typer.Option(help="Of a hire: the id of the worker to link or revive.")] = None,
    user_name: Annotated[str | None, typer.Option(help="Of a hire: the free user name to take.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Of a hire: how long it holds.", formats=["%Y-%m-%d"])] = None,
    reference: Annotated[str | None, typer.Option(help="Of a hire: the number of a badge, an asset, a ticket.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a task as a persona.

    Example: corridor decide procure-to-pay.north.REQ-118:approve-director.2 approve --as n.okafor
    """
    client = connect(persona)
    found = client.get(f"/v1/tasks/{task_id}")
    body: dict[str, Any] = {
        "decision_id": uuid4().hex,
        "action": action,
        "subject_version": found["subject_version"],
        "comment": comment,
    }
    if on_behalf_of is not None:
        body["on_behalf_of"] = on_behalf_of
    day = f"{until:%Y-%m-%d}" if until is not None else None
    said = {"worker_id": worker, "user_name": user_name, "until": day, "reference": reference}
    hire = {name: value for name, value in said.items() if value is not None}
    if hire:
        body["hire"] = hire
    show(client.post(f"/v1/tasks/{task_id}/decision", body, _WAIT), as_json)


@app.command()
def delegate(
    task_id: TaskId,
    to: To,
    persona: As,
    until: Annotated[
        datetime | None, typer.Option(help="In UTC; otherwise until the task is due.", formats=["%Y-%m-%dT%H:%M"])
    ] = None,
    comment: Comment = "",
    as_json: AsJson = False,
) -> None:
    """Let somebody decide one task in the persona's place.

    Example: corridor tasks delegate procure-to-pay.north.REQ-118:approve-director.2 --to m.hale --as n.okafor
    """
    body = {"delegation_id": uuid4().hex, "to": to, "comment": comment}
    if until is not None:
        body["until"] = f"{until:%Y-%m-%dT%H:%M:%S}Z"
    show(connect(persona).post(f"/v1/tasks/{task_id}/delegate", body), as_json)


@app.command()
def reassign(
    to: To,
    persona: As,
    task_ids: Annotated[list[str] | None, typer.Argument(help="Which tasks; or --from.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="All that this person holds.")] = None,
    comment: Comment = "",
    as_json: AsJson = False,
) -> None:
    """Hand tasks to a person who holds their role, or one that they would be escalated to.

    Example: corridor tasks reassign procure-to-pay.north.REQ-118:approve-owner.1 --to n.okafor --as c.jensen
    """
    body: dict[str, Any] = {"change_id": uuid4().hex, "to": to, "comment": comment}
    if task_ids:
        body["task_ids"] = task_ids
    if from_ is not None:
        body["from"] = from_
    answer = connect(persona).post("/v1/tasks/reassign", body, _WAIT)
    show(answer, as_json, _outcomes(answer))


@app.command()
def handover(
    person: Annotated[str, typer.Argument(help="Who leaves.")],
    to: To,
    persona: As,
    comment: Comment = "",
    as_json: AsJson = False,
) -> None:
    """Hand over everything of somebody who leaves: what names them, what they claimed, and their delegations.

    Example: corridor tasks handover m.hale --to l.whitcomb --as c.jensen -m "left on Friday"
    """
    body = {"handover_id": uuid4().hex, "to": to, "comment": comment}
    answer = connect(persona).post(f"/v1/people/{person}/handover", body, _WAIT)
    ended, freed = len(answer["revoked_delegations"]), len(answer["unclaimed"])
    title = f"{ended} delegation(s) ended, {freed} task(s) given back to their teams"
    show(answer, as_json, _outcomes(answer, title))


def _outcomes(answer: dict[str, Any], title: str | None = None) -> Any:
    """One line for each task; the reason where it stayed where it was."""
    rows = [(item["task_id"], item["status"], _reason(item["problem"])) for item in answer["items"]]
    return table_of(("task", "outcome", "reason"), rows, title=title)


def _reason(problem: dict[str, Any] | None) -> str:
    if problem is None:
        return ""
    faults = [str(fault["message"]) for fault in problem.get("errors", ())]
    return "; ".join(faults) or str(problem.get("detail") or problem["title"])
