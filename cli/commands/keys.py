"""`corridor keys`: make, rotate and list the rings of keys. No command prints a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adapters.key_files import KeyFiles, KeyFilesError, add_key, make_current, new_ring
from cli.embedded_keys import keys_folder as embedded_keys_folder
from cli.gateway_client import FAILED, AsJson, show, table_of
from cli.settle import exit_settled
from cli.stack import StackError, load_settings
from domain.keys import PURPOSES, Purpose

app = typer.Typer(help="The keys of payloads, of links in mail and of checkpoints.", no_args_is_help=True)
_out = Console(soft_wrap=True, highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)

Which = Annotated[Purpose, typer.Argument(metavar="PURPOSE", help=f"One of {', '.join(PURPOSES)}.")]
Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory", envvar="CORRIDOR_KEYS_DIR", help="The folder of keys; otherwise that of the embedded stack."
    ),
]


@app.callback()
def keys() -> None:
    """The keys of payloads, of links in mail and of checkpoints."""


@app.command()
def new(purpose: Which, directory: Directory = None) -> None:
    """Make a ring with one random key, readable by you alone. An existing ring is never overwritten.

    Example: corridor keys new payload --directory keys
    """
    with _told():
        ring = new_ring(_folder(directory), purpose, datetime.now(UTC))
        _out.print(f"{purpose}: made, current key {ring.current}", markup=False)
    exit_settled(0)


@app.command()
def rotate(
    purpose: Which,
    directory: Directory = None,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only add a key; where files reach several hosts one by one.")
    ] = False,
    to: Annotated[str | None, typer.Option(metavar="ID", help="Make a prepared key current.")] = None,
) -> None:
    """Add a key and protect what is new with it; older keys stay and open what is old. Nothing is restarted.

    Example: corridor keys rotate payload
    """
    if prepare and to is not None:
        raise typer.BadParameter("give either --prepare or --to")
    with _told():
        folder = _folder(directory)
        if to is not None:
            make_current(folder, purpose, to)
            _out.print(f"{purpose}: current key {to}", markup=False)
        else:
            added = add_key(folder, purpose, datetime.now(UTC), current=not prepare)
            _out.print(f"{purpose}: {'added' if prepare else 'current'} key {added}", markup=False)
            if prepare:
                _out.print(f"When every host has it: corridor keys rotate {purpose} --to {added}", markup=False)
    exit_settled(0)


@app.command("list")
def list_keys(directory: Directory = None, as_json: AsJson = False) -> None:
    """Show the ids of all keys, which of them is current, and a fingerprint to compare two hosts by.

    Example: corridor keys list --json
    """
    with _told():
        folder = _folder(directory)
        files = KeyFiles(folder)
        rings = {each: files.ring(each) for each in PURPOSES if (folder / f"{each}.json").exists()}
        found = [
            {"purpose": each, "id": key, "current": key == ring.current, "fingerprint": ring.fingerprint(key)}
            for each, ring in rings.items()
            for key in ring.ids
        ]
        rows = [
            (str(row["purpose"]), str(row["id"]), "current" if row["current"] else "opens", str(row["fingerprint"]))
            for row in found
        ]
        show(found, as_json, table_of(("purpose", "id", "use", "fingerprint"), rows, title=str(folder)))
    exit_settled(0)


def keys_folder() -> Path | None:
    """The folder of keys of the embedded stack, if it has made them."""
    with suppress(StackError):
        folder = embedded_keys_folder(load_settings().folder)
        return folder if folder.is_dir() else None
    return None


def _folder(given: Path | None) -> Path:
    """Raises KeyFilesError when neither a folder nor usable settings of the embedded stack are given."""
    if given is not None:
        return given
    try:
        return embedded_keys_folder(load_settings().folder)
    except StackError as error:
        raise KeyFilesError(str(error)) from None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyFilesError as error:
        _err.print(str(error), markup=False, style="red")
        exit_settled(FAILED)
