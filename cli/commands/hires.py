"""`corridor hires`: post a hire, and see who will be ready on their first day."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.gateway_client import As, AsJson, connect, show, table_of

FIRST = 3
"""Of what holds up a hire, as many are listed; `corridor hires show` has them all."""

app = typer.Typer(help="Hires: post one, and see who will be ready on day one.", no_args_is_help=True)


@app.command()
def post(
    file: Annotated[Path, typer.Argument(help="A hire as JSON, or - for standard input.")],
    preview: Annotated[bool, typer.Option("--preview", help="Show the plan it would have; nothing starts.")] = False,
    persona: As = "portal",
    as_json: AsJson = False,
) -> None:
    """Post a hire; the same file again is the same case.

    Example: corridor hires post hire.json --as portal
    """
    client, body = connect(persona), _read(file)
    if preview:
        _show_preview(client.post("/v1/hires/preview", body), as_json)
        return
    answer = client.post("/v1/hires", body)
    rows = [(answer["case_id"], f"corridor hires show {answer['case_id']}")]
    show(answer, as_json, table_of(("case", "how ready"), rows, when_wide=("how ready",)))


def _show_preview(answer: dict[str, Any], as_json: bool) -> None:
    columns = ("item", "what", "by", "due", "day one", "why")
    rows = [
        (each["key"], each["title"], each["done_by"], each["due_on"], _blocks(each), each["reason"])
        for each in answer["items"]
    ]
    show(answer, as_json, table_of(columns, rows, title=" ".join(answer["explanation"]), when_wide=("why",)))


@app.command()
def correct(
    case_id: Annotated[str, typer.Argument(help="Such as hire-to-provision.north.H-118.")],
    file: Annotated[Path, typer.Argument(help="The whole hire as it is now, as JSON, or - for standard input.")],
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why.")] = "",
    persona: As = "portal",
    as_json: AsJson = False,
) -> None:
    """Correct a running hire: what is affected is planned anew, and nothing else.

    Example: corridor hires correct hire-to-provision.north.H-118 hire.json -m "starts a week later"
    """
    body = {"action_id": uuid4().hex, "comment": comment, "hire": _read(file)}
    _tell(connect(persona).post(f"/v1/cases/{case_id}/actions/correct-hire", body, {"Prefer": "wait=10"}), as_json)


@app.command()
def rescind(
    case_id: Annotated[str, typer.Argument(help="Such as hire-to-provision.north.H-118.")],
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why.")],
    persona: As = "portal",
    as_json: AsJson = False,
) -> None:
    """Take an offer back: accounts are closed at once, and what was done is undone and looked for.

    Example: corridor hires rescind hire-to-provision.north.H-118 -m "takes another offer"
    """
    body = {"action_id": uuid4().hex, "comment": comment}
    _tell(connect(persona).post(f"/v1/cases/{case_id}/actions/rescind", body, {"Prefer": "wait=10"}), as_json)


def _tell(answer: dict[str, Any], as_json: bool) -> None:
    """Whether the case has taken it, and where to see what comes of it."""
    record = answer.get("record") or {}
    case_id = answer["links"]["self"].rpartition("/")[2]
    rows = [(record.get("status", "on its way"), f"corridor hires show {case_id}")]
    show(answer, as_json, table_of(("taken", "what comes of it"), rows))


def _read(file: Path) -> Any:
    return json.loads(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))


@app.command(name="list")
def list_hires(
    facility: Annotated[str | None, typer.Option(help="Only this facility.")] = None,
    manager: Annotated[str | None, typer.Option(help="Only hires of this manager.")] = None,
    department: Annotated[str | None, typer.Option(help="Only this department.")] = None,
    starts_from: Annotated[str | None, typer.Option(help="First start date, such as 2026-12-01.")] = None,
    starts_until: Annotated[str | None, typer.Option(help="Last start date.")] = None,
    state: Annotated[str | None, typer.Option(help="ready, at-risk, not-ready, not-coming")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed cases as well.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    persona: As = "k.mensah",
    as_json: AsJson = False,
) -> None:
    """Who will be able to work on their first day, the next to start first; and if not, because of whom.

    Example: corridor hires list --facility north --state at-risk
    """
    answer = connect(persona).get(
        "/v1/hires",
        facility=facility,
        manager=manager,
        department=department,
        starts_from=starts_from,
        starts_until=starts_until,
        state=state,
        open_only="" if everything else "true",
        limit=limit,
    )
    columns = ("case", "starts", "department", "manager", "ready", "done", "waits for", "because")
    rows = [_row(each) for each in answer["items"]]
    show(answer, as_json, table_of(columns, rows, when_wide=("department", "manager", "because")))


def _row(hire: dict[str, Any]) -> tuple[str, ...]:
    ready = hire["readiness"]
    waits = _first(f"{each['who']}: {each['title']}" for each in ready["blockers"])
    why = _first(each["why"] for each in ready["blockers"])
    done = "" if ready["state"] == "not-coming" else f"{ready['done']}/{ready['of']}"
    return (hire["case_id"], hire["start_on"], hire["department"], hire["manager"], _state(ready), done, waits, why)


def _first(words: Iterable[str]) -> str:
    """The first of what is different: what stands at the beginning holds up most of the rest."""
    different = list(dict.fromkeys(words))
    more = len(different) - FIRST
    return "; ".join(different[:FIRST]) + (f"; and {more} more" if more > 0 else "")


def _state(ready: dict[str, Any]) -> str:
    """What is on track needs no word of warning, though it is not done yet."""
    unfinished = ready["state"] == "ready" and ready["done"] < ready["of"]
    return "on track" if unfinished and ready["on_track"] else str(ready["state"])


@app.command(name="show")
def show_hire(
    case_id: Annotated[str, typer.Argument(help="Such as hire-to-provision.north.H-118.")],
    persona: As = "k.mensah",
    as_json: AsJson = False,
) -> None:
    """Show the plan of a hire: what is done, what is not, by whom and until when.

    Example: corridor hires show hire-to-provision.north.H-118
    """
    answer = connect(persona).get(f"/v1/hires/{case_id}")
    columns = ("item", "what", "by", "due", "state", "day one", "since (UTC)", "evidence")
    rows = [_item(each) for each in answer["items"]]
    title = f"{case_id}: starts {answer['start_on']}, {_state(answer['readiness'])}"
    show(answer, as_json, table_of(columns, rows, title=title, when_wide=("day one", "since (UTC)", "evidence")))


def _item(item: dict[str, Any]) -> tuple[str, ...]:
    since = str(item["confirmed_at"] or item["since"] or "")[:16]
    evidence = item["note"] or item["exception_code"] or item["linked_case"]
    return (item["key"], item["title"], item["done_by"], item["due_on"], item["state"], _blocks(item), since, evidence)


def _blocks(item: dict[str, Any]) -> str:
    return "needed" if item["blocks_day_one"] else "may follow"
