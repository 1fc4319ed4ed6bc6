"""`corridor audit`: does the evidence hold, and what is to be done with it?"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from api.bundle import verify as bundles
from cli.gateway_client import FAILED, REFUSED, As, AsJson, GatewayClient, connect, show, table_of
from cli.settle import exit_settled

_READING_EVERYTHING_SECONDS = 3600  # about 30,000 entries are read in a second

app = typer.Typer(help="The evidence: check it, take it out, keep it.", no_args_is_help=True)

Case = Annotated[str, typer.Argument(help="Id of the case.")]
AsOfficer = Annotated[
    str,
    typer.Option("--as", help="Act as this persona of the embedded stack, a compliance officer.", envvar="CORRIDOR_AS"),
]
Why = Annotated[str, typer.Option("--why", help="The reason; it is recorded.")]
Matter = Annotated[str, typer.Option("--matter", help="What it is held for, such as the number of a lawsuit.")]


@app.callback()
def audit() -> None:
    """The evidence: check it, take it out, keep it."""


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
    answer = connect(persona).get("/v1/audit/verify", patience_seconds=_READING_EVERYTHING_SECONDS, case_id=case_id)
    rows = [(fault["table"], fault["case_id"], str(fault["position"]), fault["message"]) for fault in answer["faults"]]
    if not as_json:
        typer.echo(_read(answer))
    if as_json or rows:
        show(answer, as_json, table_of(("table", "case", "position", "fault"), rows))
    exit_settled(FAILED if rows else 0)


def _read(answer: dict[str, Any]) -> str:
    """What was checked, with the checkpoint that an auditor compares with the one kept elsewhere."""
    last = answer["last_checkpoint"]
    lines = [f"{answer['entries_read']} entries and {answer['checkpoints_read']} checkpoints checked"]
    if last:
        lines.append(f"last checkpoint {last['number']} of {last['taken_at']}: {last['hash']}")
    if last and not answer["signatures_checked"]:
        lines.append("signatures were not checked: the gateway has no public keys")
    count = len(answer["faults"])
    lines.append("everything holds" if not count else "1 fault" if count == 1 else f"{count} faults")
    return "\n".join(lines)


@app.command()
def export(
    case_id: Case,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .zip file, or a folder to unpack into.")],
    persona: As = "k.mensah",
) -> None:
    """Write the evidence of a case as a bundle that anybody can check without Corridor. Nothing is overwritten.

    Example: corridor audit export procure-to-pay.north.REQ-1001 --output evidence.zip
    """
    if output.exists() and (output.is_file() or any(output.iterdir())):
        _refuse(f"{output} is there already: name another place")
    content = connect(persona).download(f"/v1/audit/{case_id}/export")
    if output.suffix == ".zip":
        output.write_bytes(content)
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            output.mkdir(parents=True, exist_ok=True)
            for name in bundle.namelist():
                (output / Path(name).name).write_bytes(bundle.read(name))
    typer.echo(f"{output}: check it with `corridor audit check {output}`, or as VERIFY.md in it says")


@app.command()
def check(
    bundle: Annotated[Path, typer.Argument(help="An exported bundle: a zip file or a folder.")],
    keys: Annotated[
        Path | None, typer.Option(help="Public keys to check signatures with, as `corridor audit keys` prints them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check an exported bundle on this machine, without a gateway; exit 1 and say where it was changed.

    Example: corridor audit check evidence.zip
    """
    try:
        trusted = json.loads(keys.read_bytes()) if keys else None
        faults, notes = bundles.check(bundles.read(bundle), trusted)
    except (bundles.NoBundle, OSError, ValueError, zipfile.BadZipFile) as error:
        _refuse(f"this is no evidence bundle: {error}")
    if as_json:
        show({"intact": not faults, "faults": faults, "notes": notes}, as_json)
    else:
        for line in (*(f"note: {note}" for note in notes), *(f"FAULT {fault}" for fault in faults)):
            typer.echo(line)
        typer.echo(f"{len(faults)} faults" if faults else "everything holds")
    exit_settled(FAILED if faults else 0)


@app.command()
def keys(persona: As = "k.mensah") -> None:
    """Print the public keys under which checkpoints are signed, to publish them or to check a bundle with.

    Example: corridor audit keys > published-keys.json
    """
    show(connect(persona).get("/v1/audit/keys"), as_json=True)


@app.command()
def hold(case_id: Case, matter: Matter, why: Why, persona: AsOfficer = "j.barros", as_json: AsJson = False) -> None:
    """Keep a case whatever its age, until the hold is lifted.

    Example: corridor audit hold procure-to-pay.north.REQ-1001 --matter LIT-2026-4 --why "Claim of the supplier"
    """
    body = {"matter": matter, "reason": why}
    _show(connect(persona).post(f"/v1/audit/{case_id}/hold", body), as_json)


@app.command()
def unhold(case_id: Case, matter: Matter, why: Why, persona: AsOfficer = "j.barros", as_json: AsJson = False) -> None:
    """Lift a hold; holds for other matters stay.

    Example: corridor audit unhold procure-to-pay.north.REQ-1001 --matter LIT-2026-4 --why "The claim was settled"
    """
    body = {"matter": matter, "reason": why}
    _show(connect(persona).post(f"/v1/audit/{case_id}/lift-hold", body), as_json)


@app.command()
def redact(
    case_id: Case,
    why: Why,
    text: Annotated[str, typer.Option(help="The text to remove, exactly as it stands there.", prompt=True)],
    persona: AsOfficer = "j.barros",
    as_json: AsJson = False,
) -> None:
    """Remove a text from a case's timeline, tasks and notices; the chain still holds. Asks for the text when it is
    not given, so that it stays out of the shell's history.

    Example: corridor audit redact procure-to-pay.north.REQ-1001 --why "A patient was named"
    """
    _show(connect(persona).post(f"/v1/audit/{case_id}/redact", {"text": text, "reason": why}), as_json)


@app.command()
def purge(
    why: Why,
    facility: Annotated[str | None, typer.Option(help="Only this facility.")] = None,
    do_it: Annotated[bool, typer.Option("--yes", help="Purge; without it, only say what would be purged.")] = False,
    persona: AsOfficer = "j.barros",
    as_json: AsJson = False,
) -> None:
    """Remove closed cases whose time to be kept is over by the retention rule. Held cases stay.

    Example: corridor audit purge --facility north --why "Yearly clearing" --yes
    """
    body = {"reason": why, "dry_run": not do_it} | ({"facility": facility} if facility else {})
    answer = _every_page(connect(persona), body)
    done = "purged" if do_it else "would be purged"
    rows = [(case_id, done) for case_id in answer["purged"]]
    rows += [(kept["case_id"], f"kept: {kept['because']}") for kept in answer["kept"]]
    show(answer, as_json, table_of(("case", "outcome"), rows, title=f"{len(answer['purged'])} cases {done}"))


def _every_page(gateway: GatewayClient, body: dict[str, Any]) -> dict[str, Any]:
    purged, kept = list[str](), list[dict[str, str]]()
    while True:
        page = gateway.post("/v1/purges", body)
        purged += page["purged"]
        kept += page["kept"]
        if page["next_cursor"] is None:
            return {"dry_run": body["dry_run"], "purged": purged, "kept": kept}
        body = {**body, "cursor": page["next_cursor"]}


def _show(outcome: dict[str, Any], as_json: bool) -> None:
    recorded = outcome["recorded"]
    what = f"entry {recorded['position']}: {recorded['entry']['summary']}" if recorded else "nothing to do"
    rows = [(outcome["case_id"], what, ", ".join(outcome["holds"]))]
    show(outcome, as_json, table_of(("case", "recorded", "held for"), rows))


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    exit_settled(REFUSED)
